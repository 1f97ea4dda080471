//! The only entry point of this repository: sets up what is missing, builds, serves, tests.
//!
//! Every step prints a line of what it does and is skipped when it is done already. Tools go
//! to `target/tools`, downloads to `target/cache`, data to `target/data`.

mod against;
mod build;
mod data;
mod dist;
mod fuzz;
mod pack;
mod plain;
mod serve;
mod setup;
mod shell;
mod suites;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Sets up, builds, serves and tests the lab.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up everything, build, and serve the lab on http://localhost:8080
    Serve {
        /// The port to serve on
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Open the page in the browser
        #[arg(long)]
        open: bool,
        /// Rebuild when a source file changes; reload the page by hand
        #[arg(long)]
        watch: bool,
    },
    /// Set up everything and pass every test, or only the suites named
    #[command(after_help = suites::help())]
    Test {
        /// Suites to run; all but those that take long when none is named
        suites: Vec<String>,
    },
    /// Fetch the bundled data sets, cut them into shards, and fetch the pretrained networks
    Data {
        /// Make them again, even where they are there
        #[arg(long)]
        force: bool,
        /// CIFAR-10 from its authors' cifar-10-binary.tar.gz
        #[arg(long, value_name = "FILE")]
        cifar: Option<PathBuf>,
    },
    /// Measure speed in headless Chrome: `reading` pictures with both decoders, training with
    /// and without `augmentation`, looking `inside` while training and evaluation, `training` the
    /// lessons' networks, its `cost` by size, `webgpu`, or other trainers, the `peers`
    Bench {
        /// What to measure
        #[arg(value_parser = ["reading", "augmentation", "inside", "training", "cost", "webgpu", "peers"])]
        what: String,
        /// Zips of pictures, train/CLASS and so on; those beside the repository by default
        files: Vec<PathBuf>,
        /// `training`: the same for another revision, in turn, and the ratios
        #[arg(long, value_name = "REV")]
        against: Option<String>,
        /// `training`: the functions that took the most time
        #[arg(long)]
        profile: bool,
    },
    /// Feed the readers of dropped files with damaged ones
    Fuzz {
        /// Targets to run; all when none is named
        targets: Vec<String>,
        /// Seconds for each
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Build the WebAssembly modules and the site into www/dist
    Build,
    /// Build, add compressed copies, and print what a visitor downloads
    Dist,
    /// Build, and make the npm package in target/package and its tarball in target
    Pack,
}

fn main() -> ExitCode {
    if let Some(code) = build::as_compiler() {
        return code;
    }
    let result = match Arguments::parse().command {
        Command::Serve { port, open, watch } => serve::run(port, open, watch),
        Command::Test { suites } => match suites::run(&suites) {
            // The table has said it all; its closing line stays the last.
            Ok(false) => return ExitCode::FAILURE,
            other => other.map(|_| ()),
        },
        Command::Data { force, cifar } => data::run(force, cifar.as_deref()),
        Command::Bench { what, files, against, profile } => {
            suites::bench(&what, &files, against.as_deref(), profile)
        }
        Command::Fuzz { targets, seconds } => fuzz::run(&targets, Duration::from_secs(seconds)),
        Command::Build => build::run(),
        Command::Dist => dist::run(),
        Command::Pack => pack::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
