//! Feeds every reader of dropped files and pasted models with damaged ones, found by libFuzzer.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell::{command, output, path, run as run_command, say};

/// What libFuzzer needs, on stable Rust: an LLVM pass that counts what was reached.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The targets in `fuzz/targets`.
const TARGETS: [&str; 6] = ["idx", "csv", "cifar", "zip", "folder", "keras"];

/// Takes no more memory than this, in MB, and no more than so many seconds for one input.
const MEMORY: usize = 2048;
const SECONDS_AN_INPUT: usize = 10;

/// Runs the named targets, or all, each for a time, and fails on the first finding.
pub fn run(names: &[String], time: Duration) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        bail!("there is no target {unknown}; known are {}", TARGETS.join(", "));
    }
    let host = host()?;
    let target = path("fuzz/target");
    say("building the fuzz targets (a minute the first time)");
    // For a named target, so that build scripts stay as they are.
    run_command(
        command("cargo")
            .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"])
            .args(["--target", &host])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", FLAGS),
    )?;
    for name in TARGETS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        say(format!("fuzzing {name} for {} s", time.as_secs()));
        let corpus = path("fuzz/corpus").join(name);
        let artifacts = path("fuzz/artifacts").join(name);
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        run_command(
            command(target.join(&host).join("release").join(name))
                .arg(&corpus)
                .arg(path("fuzz/seeds").join(name))
                .arg(format!("-artifact_prefix={}/", artifacts.display()))
                .arg(format!("-max_total_time={}", time.as_secs()))
                .arg(format!("-rss_limit_mb={MEMORY}"))
                .arg(format!("-timeout={SECONDS_AN_INPUT}"))
                .arg("-print_final_stats=1"),
        )
        .with_context(|| format!("{name}: the input that did it is in fuzz/artifacts/{name}"))?;
    }
    say("no finding");
    Ok(())
}

/// The target that this machine builds for.
fn host() -> Result<String> {
    let text = output(command("rustc").arg("-vV")).unwrap_or_default();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say which machine it builds for")
}
