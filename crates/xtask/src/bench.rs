//! `cargo xtask bench`: builds the service and the load generator in release, and runs the load generator.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo;

/// The load generator, relative to cargo's target folder. It finds the service beside itself.
const PROGRAM: &str = "release/bench";

/// Builds and runs; the arguments go to the load generator. False if answers were wrong or a ratio became worse.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    // Two builds: one for both would enable features of shared dependencies that the service does not have.
    for package in ["api", "bench"] {
        if !cargo::run(root, &["build", "--release", "--package", package])? {
            return Ok(false);
        }
    }
    let program = target_folder()?.join(PROGRAM);
    writeln!(io::stdout(), "$ bench {}", extra.join(" "))?;
    Ok(Command::new(program).args(extra).current_dir(root).status()?.success())
}

/// Cargo's target folder, which has its cache mark and contains this program.
pub(crate) fn target_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map(Path::to_owned).ok_or_else(|| io::Error::other("run me as `cargo xtask`"))
}
