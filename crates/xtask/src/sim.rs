//! `cargo xtask sim`: builds the simulator in release, and runs it.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use crate::{bench::target_folder, cargo};

/// The simulator, relative to cargo's target folder.
const PROGRAM: &str = "release/simulator";

/// Builds and runs; the arguments go to the simulator. False if something happened that must never happen.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    if !cargo::run(root, &["build", "--release", "--package", "simulator"])? {
        return Ok(false);
    }
    writeln!(io::stdout(), "$ simulator {}", extra.join(" "))?;
    Ok(Command::new(target_folder()?.join(PROGRAM)).args(extra).current_dir(root).status()?.success())
}
