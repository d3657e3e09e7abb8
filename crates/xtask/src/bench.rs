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
    let packages: &[&str] = if needs_service(extra) { &["api", "bench"] } else { &["bench"] };
    for package in packages {
        if !cargo::run(root, &["build", "--release", "--package", package])? {
            return Ok(false);
        }
    }
    let program = target_folder()?.join(PROGRAM);
    writeln!(io::stdout(), "$ bench {}", extra.join(" "))?;
    Ok(Command::new(program).args(extra).current_dir(root).status()?.success())
}

/// Whether anything but instructions is measured: workloads are named, or all are run.
fn needs_service(extra: &[String]) -> bool {
    /// The options that are followed by a value.
    const VALUED: &[&str] = &["--seconds", "--rounds", "--clients", "--rows", "--baseline", "--log"];
    let mut arguments = extra.iter().map(String::as_str);
    let mut counts_alone = false;
    while let Some(argument) = arguments.next() {
        if VALUED.contains(&argument) {
            // The value may be dropped: it is not the name of a workload.
            let _ = arguments.next();
        } else if argument == "--instructions" {
            counts_alone = true;
        } else if !argument.starts_with("--") {
            return true;
        }
    }
    !counts_alone
}

/// Cargo's target folder, which has its cache mark and contains this program.
pub(crate) fn target_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map(Path::to_owned).ok_or_else(|| io::Error::other("run me as `cargo xtask`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_alone_need_no_service() {
        for (line, expected) in [
            ("", true),
            ("--quick", true),
            ("--instructions", false),
            ("--instructions --baseline docs/benchmarks.json --write", false),
            ("place --instructions", true),
        ] {
            let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(needs_service(&arguments), expected, "{line}");
        }
    }
}
