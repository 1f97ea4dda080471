//! Another revision of the repository, built beside this one to be measured in turn with it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell::{self, command, path, run, say};

/// Builds the site of a revision in a work tree of its own, and gives the site's folder. Tools,
/// data and what Cargo built are shared with this one.
///
/// # Errors
/// Where there is no such revision, or it cannot be built.
pub fn build(revision: &str) -> Result<PathBuf> {
    let mut resolve = command("git");
    resolve
        .args(["rev-parse", "--short", "--verify", "--quiet"])
        .arg(format!("{revision}^{{commit}}"));
    let commit =
        shell::output(&mut resolve).with_context(|| format!("there is no revision {revision}"))?;
    let tree = path("target/against").join(&commit);
    if !tree.is_dir() {
        run(command("git")
            .args(["worktree", "add", "--force", "--detach"])
            .arg(&tree)
            .arg(&commit))?;
    }
    let target = tree.join("target");
    fs::create_dir_all(&target)?;
    for shared in ["tools", "cache", "data"] {
        let link = target.join(shared);
        if !link.exists() {
            std::os::unix::fs::symlink(path("target").join(shared), link)?;
        }
    }
    say(format!("building {commit} in target/against"));
    run(command("cargo")
        .args(["xtask", "build"])
        .current_dir(&tree)
        .env("CARGO_TARGET_DIR", path("target")))
    .with_context(|| format!("{commit} could not be built"))?;
    Ok(tree.join("www/dist"))
}
