//! Paths, other programs, hashes, and stamps that tell what is done.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// The repository's root: the parent of this package.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A path below the root.
pub fn path(below: impl AsRef<Path>) -> PathBuf {
    root().join(below)
}

/// Says what is being done.
pub fn say(what: impl AsRef<str>) {
    // Nobody may be reading any more (`cargo xtask build | head`); the work goes on.
    let _ = writeln!(std::io::stdout(), "[xtask] {}", what.as_ref());
}

/// A program to run in the root, with our own tools first in its PATH.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let tools = path("target/tools/bin");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tools).chain(std::env::split_paths(&paths));
    command.current_dir(root());
    if let Ok(paths) = std::env::join_paths(paths) {
        command.env("PATH", paths);
    }
    command
}

/// Runs a program to its end, its output passed through.
///
/// # Errors
/// Names the command line where it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{line}` cannot be started; is the program installed?"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// What a program prints, trimmed; `None` where it cannot be started or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command line, for messages.
fn line(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program.to_string_lossy().into_owned())
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where a program stands in PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A hash over files and, for folders, all files below them, by name and contents.
///
/// # Errors
/// Names the file that cannot be read.
pub fn hash(paths: &[&str]) -> Result<String> {
    let mut hasher = Sha256::new();
    for below in paths {
        for file in files_below(&path(below))? {
            let bytes =
                fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            hasher.update(file.to_string_lossy().as_bytes());
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// All files at or below a path, in order; none where there is nothing.
pub fn files_below(start: &Path) -> Result<Vec<PathBuf>> {
    if start.is_file() {
        return Ok(vec![start.to_owned()]);
    }
    let mut files = Vec::new();
    if start.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(start)
            .and_then(Iterator::collect::<std::io::Result<_>>)
            .with_context(|| format!("{} cannot be read", start.display()))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            files.extend(files_below(&entry.path())?);
        }
    }
    Ok(files)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The smallest gzip of some bytes.
///
/// # Errors
/// Only those of writing to memory.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Whether a step was done for this state of its inputs.
pub fn is_done(step: &str, state: &str) -> bool {
    fs::read_to_string(stamp(step)).is_ok_and(|done| done == state)
}

/// Notes that a step is done for this state of its inputs.
pub fn done(step: &str, state: &str) -> Result<()> {
    let stamp = stamp(step);
    fs::create_dir_all(path("target/xtask"))?;
    fs::write(&stamp, state).with_context(|| format!("{} cannot be written", stamp.display()))
}

fn stamp(step: &str) -> PathBuf {
    path("target/xtask").join(format!("{step}.stamp"))
}
