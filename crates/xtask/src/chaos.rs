//! `cargo xtask chaos`: builds the service and the chaos run in release, and runs it.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use crate::{bench::target_folder, cargo};

/// The program, relative to cargo's target folder. It finds the service beside itself.
const PROGRAM: &str = "release/chaos";

/// Builds and runs; the arguments go to the program. False if something happened that must never happen.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    // Two builds, as for `bench`: features of shared dependencies are those of a service that is shipped.
    for package in ["api", "chaos"] {
        if !cargo::run(root, &["build", "--release", "--package", package])? {
            return Ok(false);
        }
    }
    writeln!(io::stdout(), "$ chaos {}", extra.join(" "))?;
    Ok(Command::new(target_folder()?.join(PROGRAM)).args(extra).current_dir(root).status()?.success())
}
