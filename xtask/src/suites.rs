//! The test suites: every one runs, even when an earlier one failed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::{MODULES, Module};
use crate::shell::{command, path, run as run_command, say};
use crate::{against, build, data, pack, serve, setup};

/// A suite and what it needs first.
struct Suite {
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    /// Whether it runs when no suite is named.
    usual: bool,
    run: fn() -> Result<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Need {
    WasmTarget,
    Tools,
    Npm,
    Browser,
    Site,
}

const SUITES: &[Suite] = &[
    Suite { name: "fmt", about: "rustfmt", needs: &[], usual: true, run: fmt },
    Suite {
        name: "clippy-wasm",
        about: "clippy, wasm32",
        needs: &[Need::WasmTarget],
        usual: true,
        run: clippy_wasm,
    },
    Suite {
        name: "rust",
        about: "clippy and cargo test, native",
        needs: &[],
        usual: true,
        run: rust,
    },
    Suite {
        name: "wasm-cpu",
        about: "the core in Chrome, cpu",
        needs: &[Need::Tools, Need::Browser],
        usual: true,
        run: wasm_cpu,
    },
    Suite {
        name: "wasm-full",
        about: "the core in Chrome, webgpu and ndarray",
        needs: &[Need::Tools, Need::Browser],
        usual: true,
        run: wasm_full,
    },
    Suite { name: "tsc", about: "TypeScript types", needs: &[Need::Npm], usual: true, run: tsc },
    Suite { name: "eslint", about: "ESLint", needs: &[Need::Npm], usual: true, run: eslint },
    Suite {
        name: "vitest",
        about: "TypeScript logic",
        needs: &[Need::Npm],
        usual: true,
        run: vitest,
    },
    Suite {
        name: "e2e",
        about: "the page, by Playwright, two tests at once",
        needs: &[Need::Site, Need::Browser],
        usual: true,
        run: || e2e("together"),
    },
    Suite {
        name: "e2e-alone",
        about: "the page, where tests need the machine to themselves",
        needs: &[Need::Site, Need::Browser],
        usual: true,
        run: || e2e("alone"),
    },
    Suite {
        name: "package",
        about: "the npm package: typed, in a Vite project and on a plain page",
        needs: &[Need::Site, Need::Browser],
        usual: true,
        run: pack::test,
    },
    Suite {
        name: "keras",
        about: "what is written for Keras and PyTorch, run by them (a large download)",
        needs: &[],
        usual: false,
        run: keras,
    },
    Suite {
        name: "interop",
        about: "exports, opened by Keras, onnxruntime, PyTorch, TensorFlow.js (a large download)",
        needs: &[Need::Npm, Need::Browser],
        usual: false,
        run: interop,
    },
    Suite {
        name: "accuracy",
        about: "MNIST to its end for three seeds (half an hour)",
        needs: &[Need::Site, Need::Browser],
        usual: false,
        run: || accuracy("mnist"),
    },
    Suite {
        name: "accuracy-fashion",
        about: "Fashion-MNIST to its end for two seeds (half an hour)",
        needs: &[Need::Site, Need::Browser],
        usual: false,
        run: || accuracy("fashion"),
    },
    Suite {
        name: "accuracy-cifar10",
        about: "CIFAR-10 to its end for two seeds (an hour)",
        needs: &[Need::Site, Need::Browser],
        usual: false,
        run: || accuracy("cifar10"),
    },
    Suite {
        name: "accuracy-residual",
        about: "CIFAR-10 with a residual net (three quarters of an hour)",
        needs: &[Need::Site, Need::Browser],
        usual: false,
        run: || accuracy("residual"),
    },
    Suite {
        name: "lesson",
        about: "cats and dogs to the end, plain and augmented, natively (hours)",
        needs: &[],
        usual: false,
        run: lesson,
    },
];

/// The suites, for `cargo xtask test --help`.
pub fn help() -> String {
    let lines = SUITES.iter().map(|suite| format!("\n  {:18} {}", suite.name, suite.about));
    format!("Suites:{}", lines.collect::<String>())
}

/// Runs the suites named, or the usual ones, and prints a table of them; says whether all passed.
pub fn run(names: &[String]) -> Result<bool> {
    if let Some(unknown) = names.iter().find(|name| SUITES.iter().all(|suite| suite.name != **name))
    {
        let known: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        bail!("there is no suite {unknown}; known are {}", known.join(", "));
    }
    let chosen = |suite: &&Suite| {
        if names.is_empty() { suite.usual } else { names.iter().any(|name| name == suite.name) }
    };
    let mut results: Vec<(&Suite, Result<()>, Duration)> = Vec::new();
    for suite in SUITES.iter().filter(chosen) {
        let start = Instant::now();
        let result = suite.needs.iter().try_for_each(|need| meet(*need)).and_then(|()| {
            println!();
            say(format!("suite {}: {}", suite.name, suite.about));
            (suite.run)()
        });
        if let Err(error) = &result {
            say(format!("suite {} failed: {error:#}", suite.name));
        }
        results.push((suite, result, start.elapsed()));
    }
    println!("\n{:18}{:72}{:10}{:>8}", "suite", "what", "result", "seconds");
    for (suite, result, time) in &results {
        let word = if result.is_ok() { "passed" } else { "FAILED" };
        println!("{:18}{:72}{word:10}{:>8.0}", suite.name, suite.about, time.as_secs_f64());
    }
    let failed = results.iter().filter(|(_, result, _)| result.is_err()).count();
    println!("\n{} passed, {failed} failed", results.len() - failed);
    Ok(failed == 0)
}

fn meet(need: Need) -> Result<()> {
    match need {
        Need::WasmTarget => setup::wasm_target(),
        Need::Tools => setup::tools(),
        Need::Npm => setup::npm(),
        Need::Browser => setup::browser().map(|_| ()),
        Need::Site => build::run(),
    }
}

fn fmt() -> Result<()> {
    run_command(command("cargo").args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all` and look at what it changed")
}

/// Clippy in place of the compiler of our own packages, so that what they depend on is compiled as the
/// tests and the site need it, once: to check it as well takes minutes.
fn linted() -> Command {
    let mut cargo = command("cargo");
    cargo
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        // As cargo-clippy hands over what stands behind its `--`.
        .env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    cargo
}

fn clippy_wasm() -> Result<()> {
    // Each as it is built: more features at once would have a dependency's dependencies compiled in
    // another way, and a module without tensors must not need them.
    let tested = ["webgpu,ndarray", "cpu,simd"].map(|features| (features, "--test=browser"));
    let small = ["reading", "text", "analysis", "formats"].map(|features| (features, "--lib"));
    for (features, target) in tested.into_iter().chain(small) {
        run_command(
            linted()
                .args(["build", "--package", "cnn-lab", "--release"])
                .args(["--target", "wasm32-unknown-unknown", "--no-default-features"])
                .args(["--features", features, target])
                // Nobody runs it.
                .args(["--config", "profile.release.package.cnn-lab.opt-level=0"])
                .args(["--config", "profile.release.package.cnn-lab.codegen-units=16"])
                .args(["--config", "profile.release.package.cnn-lab-kernels.opt-level=0"]),
        )?;
    }
    Ok(())
}

// Where a pretrained network could be had, a test that does not find it fails.
fn rust() -> Result<()> {
    data::ensure()?;
    // By itself, and with it what it is made of, as it is built for `cargo xtask`.
    run_command(linted().args(["test", "--package", "xtask"]))?;
    run_command(
        linted()
            .args(["test", "--workspace", "--exclude", "xtask", "--features", "reading,formats"])
            .env("CNN_LAB_BASES", data::bases().join(",")),
    )
}

// With relaxed SIMD, which Chrome has; without it the page is tested, and compared with this one.
fn wasm_cpu() -> Result<()> {
    wasm(&MODULES[1])
}

// WebGPU in software takes minutes of a single core; the site needs the other modules next.
fn wasm_full() -> Result<()> {
    build::beside_plain(|| wasm(&MODULES[2]))
}

fn wasm(module: &Module) -> Result<()> {
    let browser = setup::browser()?;
    // Of this crate Cargo keeps one build, whatever its features: the site's is made with the tests'.
    build::one(module)?;
    run_command(
        build::wasm_pack(module)?
            .args(["test", "--headless", "--chrome", "--release", "--chromedriver"])
            .arg(browser.driver)
            .arg(".")
            .args(module.features)
            .args(["--test", "browser"])
            // For a browser that hangs: WebGPU in software compiles its shaders for seven minutes, and for
            // more beside another build.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "1200"),
    )
}

fn npm(script: &str) -> Command {
    let mut npm = command("npm");
    npm.args(["run", "--silent", script]).current_dir(path("www"));
    npm
}

fn tsc() -> Result<()> {
    run_command(&mut npm("typecheck"))
}

fn eslint() -> Result<()> {
    run_command(&mut npm("lint"))
}

fn vitest() -> Result<()> {
    run_command(&mut npm("test"))
}

/// The tests of one of the projects in tests/e2e/playwright.config.ts.
fn e2e(project: &str) -> Result<()> {
    in_browser("e2e", |npm| npm.args(["--", "--project", project]))
}

/// Programs that the writers of `src/model/keras/write` wrote, run: those that are kept, which
/// `cargo test` holds up to date and, for Burn, compiles; and those of random nets.
fn keras() -> Result<()> {
    let python = setup::keras()?;
    let folder = path("target/written");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    run_command(
        command("cargo")
            .args(["test", "--no-default-features", "--features", "reading", "--lib"])
            .arg("keras_text_reads_back_the_same")
            .env("CNN_LAB_WRITTEN", &folder),
    )?;
    let run = || {
        let mut run = command(&python);
        run.arg(path("tests/keras_parity/run_written.py"));
        run
    };
    run_command(&mut run())?;
    run_command(run().arg(&folder))
}

/// Networks that `tests/interop.rs` wrote in every format, opened by those who the formats are of.
fn interop() -> Result<()> {
    let python = setup::keras()?;
    setup::packages("tests/interop", "what opens exports in a browser")?;
    let browser = setup::browser()?;
    let folder = path("target/interop");
    let _ = fs::remove_dir_all(&folder);
    run_command(
        command("cargo")
            .args(["test", "--workspace", "--exclude", "xtask", "--features", "reading,formats"])
            .args(["--test", "interop"])
            .env("CNN_LAB_INTEROP", &folder),
    )?;
    run_command(command(python).arg(path("tests/interop/check.py")).arg(&folder))?;
    run_command(
        command("node")
            .arg(path("tests/interop/browser.mjs"))
            .arg(&folder)
            .env("CNN_LAB_CHROME", browser.chrome),
    )
}

fn accuracy(lesson: &str) -> Result<()> {
    in_browser("accuracy", |npm| npm.args(["--", "--lesson", lesson]))
}

fn lesson() -> Result<()> {
    let test = ["test", "--release", "--features", "reading", "--test", "cats_and_dogs"];
    // One run after the other, each line as it comes.
    let how = ["--", "--ignored", "--nocapture", "--test-threads=1"];
    run_command(command("cargo").args(test).args(how))
}

/// Measures speed on pictures of one's own, or on those beside the repository; `training` also
/// against another revision, and by function.
pub fn bench(what: &str, files: &[PathBuf], against: Option<&str>, profile: bool) -> Result<()> {
    if what != "training" && (against.is_some() || profile) {
        bail!("--against and --profile are for `training`");
    }
    build::run()?;
    let other = against.map(against::build).transpose()?;
    let shared = path("../shared/datasets");
    let beside = |names: &[&str]| -> Vec<PathBuf> {
        names.iter().map(|name| shared.join(name)).filter(|file| file.is_file()).collect()
    };
    let given = match (what, files) {
        // On a set that comes with the lab.
        ("inside" | "cost" | "webgpu" | "peers", _) => Vec::new(),
        ("reading", []) => beside(&["cifar10.zip", "cats_dogs_downsampled.zip"]),
        (_, []) => beside(&["cats_dogs_downsampled.zip"]),
        (_, files) => files.to_vec(),
    };
    let needs_files = ["reading", "augmentation"].contains(&what);
    if given.iter().any(|file| !file.is_file()) || (needs_files && given.is_empty()) {
        bail!("name a zip of pictures: cargo xtask bench {what} FILE.zip");
    }
    let given = given.iter().map(fs::canonicalize).collect::<std::io::Result<Vec<_>>>()?;
    let keras = match what {
        "training" => {
            setup::keras().inspect_err(|error| say(format!("Keras is left out: {error:#}"))).ok()
        }
        "peers" => {
            setup::packages("benches/peers", "other trainers")?;
            None
        }
        _ => None,
    };
    let other = other.map(|site| serve::in_background(&site)).transpose()?;
    let address = other.as_ref().map(|(_, address)| ("CNN_LAB_AGAINST", address.as_str()));
    let site = if profile { build::with_names()? } else { path("www/dist") };
    let result = in_browser_on(&site, "bench", |npm| {
        npm.args(["--", what]).args(given);
        npm.envs(keras.map(|python| ("CNN_LAB_PYTHON", python))).envs(address);
        npm.envs(profile.then_some(("CNN_LAB_PROFILE", "1")))
    });
    if let Some((server, _)) = other {
        server.shutdown_background();
    }
    result
}

/// An npm script that visits the built site with a browser.
fn in_browser(script: &str, add: impl FnOnce(&mut Command) -> &mut Command) -> Result<()> {
    in_browser_on(&path("www/dist"), script, add)
}

fn in_browser_on(
    site: &Path,
    script: &str,
    add: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<()> {
    let browser = setup::browser()?;
    let (server, address) = serve::in_background(site)?;
    let mut npm = npm(script);
    add(&mut npm);
    let result =
        run_command(npm.env("CNN_LAB_URL", &address).env("CNN_LAB_CHROME", &browser.chrome));
    server.shutdown_background();
    result
}
