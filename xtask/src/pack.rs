//! The npm package: the built site as others install it, and a test that does.

use anyhow::Result;

use crate::shell::{self, command, path};
use crate::{build, setup};

/// Builds, and makes the package and its tarball; prints the tarball's size.
pub fn run() -> Result<()> {
    build::run()?;
    shell::run(
        command("node").arg("www/package.mjs").arg(path("www/dist")).arg(path("target/package")),
    )
}

/// Makes a Vite project and a plain page of the tarball, and trains on MNIST in both.
pub fn test() -> Result<()> {
    run()?;
    let browser = setup::browser()?;
    shell::run(command("node").arg("www/package-test.mjs").env("CNN_LAB_CHROME", &browser.chrome))
}
