//! Builds the WebAssembly modules and the site, and puts them together in `www/dist`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context, Result};

use crate::shell::{self, command, done, files_below, hash, is_done, path, say};
use crate::{data, plain, setup};

/// A WebAssembly module: the folder in `pkg` and the features it is built with.
pub struct Module {
    /// `pkg/NAME`.
    pub name: &'static str,
    /// Cargo's options.
    pub features: &'static [&'static str],
    /// With the instructions of relaxed SIMD, in our own packages.
    pub relaxed: bool,
    /// Without those of SIMD, in every package.
    pub plain: bool,
}

impl Module {
    const fn new(name: &'static str, features: &'static [&'static str]) -> Self {
        Self { name, features, relaxed: false, plain: false }
    }

    const fn plain(name: &'static str, features: &'static [&'static str]) -> Self {
        Self { name, features, relaxed: false, plain: true }
    }
}

/// Of the first two one loads at once, as the browser has relaxed SIMD or not; the third only when
/// an adapter exists or ndarray is chosen; the fourth, without tensors, in the workers that read
/// dropped files; the fifth, without pictures too, when a model's text is pasted; the sixth, as
/// small, when curves or the map of all pictures are opened; the seventh when a network is exported.
/// The others take the places of those of their names in browsers without SIMD; `text` and `formats`
/// have none, for vectors would make them neither quicker nor, by more than a hundredth, smaller.
pub const MODULES: [Module; 10] = [
    Module::new("cpu", &[]),
    Module { name: "cpu-relaxed", features: &[], relaxed: true, plain: false },
    Module::new("full", &["--no-default-features", "--features", "webgpu,ndarray"]),
    Module::new("data", &["--no-default-features", "--features", "reading", "--config", FAST]),
    Module::plain("text", &["--no-default-features", "--features", "text", "--config", SMALL]),
    Module::new("analysis", &["--no-default-features", "--features", "analysis", "--config", FAST]),
    Module::plain(
        "formats",
        &["--no-default-features", "--features", "formats", "--config", SMALL],
    ),
    Module::plain("cpu-plain", &["--no-default-features", "--features", "cpu", "--config", SLIM]),
    Module::plain(
        "data-plain",
        &["--no-default-features", "--features", "reading", "--config", FAST],
    ),
    Module::plain(
        "analysis-plain",
        &["--no-default-features", "--features", "analysis", "--config", FAST],
    ),
];

/// Set where xtask stands in for the compiler.
const AS_COMPILER: &str = "CNN_LAB_AS_COMPILER";

/// Built for size, as the others are, photos are read at 0.58 of the speed and augmented at 0.41,
/// and this one is 8 % smaller.
const FAST: &str = "profile.release.package.cnn-lab.opt-level=3";

/// What only reads and writes text or files has no loop worth unrolling: a tenth and a twentieth smaller
/// than built as the rest.
const SMALL: &str = "profile.release.package.cnn-lab.opt-level='z'";

/// More than half of what is compiled for `cpu-plain`, and a step without vectors spends its time
/// elsewhere: in a little more than half the time, a sixth smaller, and trained with no slower.
const SLIM: &str = "profile.release.package.burn-flex.opt-level='s'";

/// After the flags in .cargo/config.toml, which it takes one back of.
const NO_SIMD: &[&str] =
    &["--config", "target.wasm32-unknown-unknown.rustflags=['-Ctarget-feature=-simd128']"];

/// What the modules are made of.
const SOURCES: &[&str] = &[
    "src",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    // How they are made.
    "xtask/src/build.rs",
    "xtask/src/plain.rs",
];
/// What the site is made of.
const SITE: &[&str] = &[
    "www/index.html",
    "www/src",
    "www/public",
    "www/vite.config.ts",
    "www/tsconfig.json",
    "www/package-lock.json",
];

/// Builds everything that changed.
pub fn run() -> Result<()> {
    setup::tools()?;
    setup::npm()?;
    data::ensure()?;
    wasm()?;
    site()
}

/// Builds the modules into `pkg`.
pub fn wasm() -> Result<()> {
    beside_plain(|| MODULES.iter().filter(|module| !module.plain).try_for_each(one))
}

/// Builds the modules without SIMD while something else is done. They share nothing with the others,
/// and to compile this crate takes a minute of a single core each time.
pub fn beside_plain(other: impl FnOnce() -> Result<()>) -> Result<()> {
    thread::scope(|scope| {
        let plain = scope.spawn(|| MODULES.iter().filter(|module| module.plain).try_for_each(one));
        let other = other();
        let plain = plain.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        other.and(plain)
    })
}

/// Builds a module into `pkg`, if it changed.
pub fn one(module: &Module) -> Result<()> {
    let state = hash(SOURCES)?;
    let name = module.name;
    let folder = path("pkg").join(name);
    let stamp = format!("wasm-{name}");
    if is_done(&stamp, &state) && folder.join("cnn_lab_bg.wasm").is_file() {
        say(format!("pkg/{name} is up to date"));
        return Ok(());
    }
    say(format!("building pkg/{name} (from clean: 3 minutes for cpu, 8 for full, 1 for others)"));
    let _ = fs::remove_dir_all(&folder);
    build(&folder, module, &[])
        .with_context(|| format!("the WebAssembly module {name} could not be built"))?;
    done(&stamp, &state)
}

/// The site beside the built one with the names of the functions in the module for the CPU that
/// Chrome takes, for a profile to tell them; gives its folder.
pub fn with_names() -> Result<PathBuf> {
    let (site, module) = (path("target/named"), path("target/named-cpu"));
    let named = ["--config", "profile.release.package.cnn-lab.strip=false"];
    build(&module, &MODULES[1], &named)?;
    let dist = path("www/dist");
    for file in files_below(&dist)? {
        if let Ok(below) = file.strip_prefix(&dist) {
            place(&file, &site.join(below))?;
        }
    }
    for file in ["cnn_lab.js", "cnn_lab_bg.wasm"] {
        place(&module.join(file), &site.join("pkg").join(MODULES[1].name).join(file))?;
    }
    Ok(site)
}

fn build(folder: &Path, module: &Module, more: &[&str]) -> Result<()> {
    shell::run(
        wasm_pack(module)?
            .args(["--log-level", "warn", "build", "--release", "--target", "web"])
            .args(["--out-name", "cnn_lab", "--out-dir"])
            .arg(folder)
            .arg(".")
            .args(module.features)
            .args(if module.plain { NO_SIMD } else { &[] })
            .args(more),
    )?;
    if module.plain {
        let gone = plain::rewrite(&folder.join("cnn_lab_bg.wasm"))?;
        if gone > 0 {
            say(format!("{gone} functions with vectors, which nobody calls, are out of it"));
        }
    }
    Ok(())
}

/// wasm-pack, with which our own packages are compiled as a module asks for. Flags for all would
/// make every dependency be built anew, so this program puts them in before it calls the compiler.
pub fn wasm_pack(module: &Module) -> Result<Command> {
    let mut command = command("wasm-pack");
    if module.relaxed {
        command.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(AS_COMPILER, "1");
    }
    if module.plain {
        // Of two builds in one folder the second would wait for the first.
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| path("target"), PathBuf::from);
        command.env("CARGO_TARGET_DIR", target.join("plain"));
    }
    Ok(command)
}

/// The compiler's exit code, where Cargo called this program in its place.
pub fn as_compiler() -> Option<ExitCode> {
    env::var_os(AS_COMPILER)?;
    let mut given = env::args_os().skip(1);
    let mut compiler = Command::new(given.next()?);
    let given: Vec<_> = given.collect();
    compiler.args(&given);
    if compiles_wasm(&given) {
        compiler.args(["-C", "target-feature=+relaxed-simd"]);
    }
    let done = compiler.status().ok()?.success();
    Some(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether Cargo called the compiler to compile for the browser. Before that it asks what the target
/// can do, and tells every dependency's build script: the answer must be the one without the wrapper.
fn compiles_wasm(given: &[OsString]) -> bool {
    let has = |word: &str| given.iter().any(|argument| argument == word);
    let asks = given.iter().any(|argument| argument.to_string_lossy().starts_with("--print"));
    has("wasm32-unknown-unknown") && !asks
}

/// Bundles the TypeScript into `www/dist`, and puts modules and data beside it.
pub fn site() -> Result<()> {
    let dist = path("www/dist");
    let state = hash(SITE)?;
    if is_done("site", &state) && dist.join("index.html").is_file() {
        say("www/dist is up to date");
    } else {
        say("bundling www into www/dist");
        shell::run(command("npm").args(["run", "--silent", "build"]).current_dir(path("www")))?;
        done("site", &state)?;
    }
    for Module { name, .. } in MODULES {
        for file in ["cnn_lab.js", "cnn_lab_bg.wasm"] {
            place(&path("pkg").join(name).join(file), &dist.join("pkg").join(name).join(file))?;
        }
    }
    let _ = fs::remove_dir_all(dist.join("data"));
    let data = path("target/data");
    for file in files_below(&data)? {
        if let Ok(below) = file.strip_prefix(&data) {
            place(&file, &dist.join("data").join(below))?;
        }
    }
    shell::run(command("node").arg("www/site-files.mjs").arg(&dist))?;
    // Compressed copies of an earlier `dist` would be served in place of what changed since.
    for file in files_below(&dist)? {
        let is_copy = file.extension().is_some_and(|ending| ending == "br" || ending == "gz");
        if is_copy && !is_fresh(&file, &file.with_extension("")) {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// Whether a copy is newer than what it was made from.
pub fn is_fresh(copy: &Path, original: &Path) -> bool {
    let modified = |file: &Path| file.metadata().and_then(|metadata| metadata.modified());
    matches!((modified(copy), modified(original)), (Ok(copy), Ok(original)) if copy > original)
}

/// Puts a file in place without copying it, where the file system can.
fn place(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let _ = fs::remove_file(to);
    fs::hard_link(from, to)
        .or_else(|_| fs::copy(from, to).map(|_| ()))
        .with_context(|| format!("{} could not be put into the site", from.display()))
}

#[cfg(test)]
mod tests {
    use super::compiles_wasm;

    #[test]
    fn only_what_is_compiled_for_the_browser_gets_relaxed_simd() {
        let is = |line: &str| compiles_wasm(&line.split(' ').map(Into::into).collect::<Vec<_>>());
        assert!(is("--crate-name cnn_lab src/lib.rs --target wasm32-unknown-unknown"));
        assert!(!is("--crate-name build_script_build build.rs"));
        assert!(!is(
            "- --crate-name ___ --print=file-names --target wasm32-unknown-unknown --print=cfg"
        ));
    }
}
