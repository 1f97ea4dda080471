//! Installs what is missing: the wasm target, the pinned tools, npm packages, a browser.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell::{command, done, find, hash, is_done, output, path, run, say};

/// Builds the packages; its version says which test runner wasm-bindgen uses.
const WASM_PACK: &str = "0.15.1";
/// Must be the version of the wasm-bindgen crate to the letter.
const WASM_BINDGEN: &str = "0.2.130";

/// The wasm target of the toolchain in use.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    // Without rustup, a distribution's rustc may bring the target along.
    let sysroot = output(command("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    if PathBuf::from(sysroot).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    say(format!("adding the Rust target {TARGET}"));
    run(command("rustup").args(["target", "add", TARGET]))
        .context("The wasm target is missing; install rustup, or the target by other means")
}

/// wasm-pack and wasm-bindgen, pinned, in `target/tools`.
pub fn tools() -> Result<()> {
    wasm_target()?;
    // wasm-bindgen-cli's own lock file names a release of a dependency that not every registry
    // has, so it is installed without; its own version is pinned all the same.
    // The first only calls other programs, the second reads modules for seconds: optimising them
    // would take minutes.
    install("wasm-pack", "wasm-pack", WASM_PACK, &["--locked", "--debug"])?;
    let little = ["--config", "profile.release.opt-level=1"];
    install("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, &little)
}

fn install(package: &str, binary: &str, version: &str, options: &[&str]) -> Result<()> {
    let file = path("target/tools/bin").join(binary);
    let present = output(command(&file).arg("--version")).unwrap_or_default();
    if present.split_whitespace().any(|word| word == version) {
        say(format!("{package} {version} is there"));
        return Ok(());
    }
    say(format!("installing {package} {version} into target/tools (a few minutes)"));
    // Beside the project's own build folder, so that neither throws the other's work away.
    let build = path("target/tools/build");
    run(command("cargo")
        .args(["install", package, "--version", version, "--quiet", "--root"])
        .arg(path("target/tools"))
        .args(options)
        .env("CARGO_TARGET_DIR", &build))
    .with_context(|| format!("{package} {version} could not be installed"))?;
    // Half a gigabyte that nothing needs again.
    fs::remove_dir_all(&build).with_context(|| format!("{} could not be removed", build.display()))
}

/// The npm packages of `www`, as the lock file has them.
pub fn npm() -> Result<()> {
    let version = output(command("node").arg("--version")).unwrap_or_default();
    if !is_new_enough(&version) {
        let found = if version.is_empty() { "none was found" } else { &version };
        bail!("Node 20.19 or newer with npm is needed ({found}); install it, then run this again");
    }
    let state = hash(&["www/package-lock.json"])?;
    if is_done("npm", &state) && path("www/node_modules").is_dir() {
        say("the npm packages are there");
        return Ok(());
    }
    say(format!("installing the npm packages of www (Node {version})"));
    run(command("npm")
        .args(["ci", "--no-fund", "--no-audit", "--loglevel=error"])
        .current_dir(path("www"))
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
    .context("the npm packages could not be installed")?;
    done("npm", &state)
}

/// Whether `node --version` is at least what Vite needs.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor)))
        if (major, minor) >= (20, 19))
}

/// pip, to download packages that hold data.
pub fn pip() -> Result<()> {
    if output(command("python3").args(["-m", "pip", "--version"])).is_some() {
        return Ok(());
    }
    say("installing python3-pip by apt");
    apt_install(&["python3-pip"]).context("Python 3 with pip is needed")
}

/// What programs and files that the lab writes are run and opened with; NumPy is the last that all
/// agree on, and SciPy turns the pictures of Keras's generator.
const KERAS: [&str; 6] = [
    "tensorflow-cpu==2.21.0",
    "numpy==1.26.4",
    "scipy==1.13.1",
    "onnx==1.23.2",
    "onnxruntime==1.31.1",
    "safetensors==0.8.0",
];

/// A Python with Keras, in `target/tools/keras`, and with Debian's PyTorch where that can be
/// had: the one of the package index is four gigabytes.
pub fn keras() -> Result<PathBuf> {
    // Debian's own Python, which its packages are for, even where another comes first.
    let debian = PathBuf::from("/usr/bin/python3");
    let python = if debian.is_file() { debian } else { PathBuf::from("python3") };
    if output(command(&python).args(["-c", "import torch"])).is_none() {
        say("installing python3-torch by apt");
        if let Err(error) = apt_install(&["python3-torch"]) {
            say(format!("what is written for PyTorch is not run: {error:#}"));
        }
    }
    let folder = path("target/tools/keras");
    let ours = folder.join("bin/python");
    let state = KERAS.join(" ");
    if is_done("keras", &state) && ours.is_file() {
        say("Keras is there");
        return Ok(ours);
    }
    say("installing Keras into target/tools/keras (half a gigabyte)");
    let mut make = command(&python);
    make.args(["-m", "venv", "--clear", "--system-site-packages"]).arg(&folder);
    if run(&mut make).is_err() {
        apt_install(&["python3-venv"])?;
        run(&mut make)?;
    }
    run(command(&ours).args(["-m", "pip", "install", "--quiet"]).args(KERAS))
        .context("Keras could not be installed")?;
    done("keras", &state)?;
    Ok(ours)
}

/// The npm packages of a folder of its own.
pub fn packages(folder: &str, what: &str) -> Result<()> {
    let state = hash(&[&format!("{folder}/package-lock.json")])?;
    let stamp = format!("npm-{}", folder.replace('/', "-"));
    if is_done(&stamp, &state) && path(folder).join("node_modules").is_dir() {
        return Ok(());
    }
    say(format!("installing {what} into {folder}"));
    run(command("npm")
        .args(["ci", "--no-fund", "--no-audit", "--loglevel=error"])
        .current_dir(path(folder)))?;
    done(&stamp, &state)
}

/// A browser and its WebDriver.
pub struct Browser {
    /// Chrome or Chromium.
    pub chrome: PathBuf,
    /// The chromedriver of the same version.
    pub driver: PathBuf,
}

/// Finds Chrome or Chromium with its driver, or installs Debian's.
pub fn browser() -> Result<Browser> {
    let search = || {
        let given =
            std::env::var_os("CHROME_PATH").map(PathBuf::from).filter(|file| file.is_file());
        let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
        let chrome = given.or_else(|| names.iter().find_map(|name| find(name)))?;
        Some(Browser { chrome, driver: find("chromedriver")? })
    };
    if let Some(browser) = search() {
        return Ok(browser);
    }
    say("installing chromium and chromium-driver by apt");
    apt_install(&["chromium", "chromium-driver"])?;
    search().context("chromium was installed, but is not in PATH; set CHROME_PATH to it")
}

/// Installs Debian packages, as root or through sudo.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let all = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    apt(&["update", "-qq"], &all)?;
    let options = ["install", "-y", "-qq", "--no-install-recommends"];
    apt(&[&options, packages].concat(), &all)
}

/// Fetches the list of Debian packages.
pub fn apt_update() -> Result<()> {
    apt(&["update", "-qq"], "apt-get update")
}

/// Runs apt-get; `all` is what a person has to run where this program may not or cannot.
fn apt(arguments: &[&str], all: &str) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("`{all}` is needed, and this system has no apt-get; install it by other means");
    }
    let mut apt = if output(command("id").arg("-u")).as_deref() == Some("0") {
        command("apt-get")
    } else if find("sudo").is_some() {
        let mut sudo = command("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    } else {
        bail!("this needs root; run `{all}` as root, then this again");
    };
    run(apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        .with_context(|| format!("run `{all}` as root, then this again"))
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn node_must_be_new_enough() {
        assert!(is_new_enough("v20.19.0") && is_new_enough("v22.1.3"));
        assert!(!is_new_enough("v20.18.9") && !is_new_enough("v18.20.4") && !is_new_enough(""));
    }
}
