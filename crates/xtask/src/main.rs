//! The developer's tools, run as `cargo xtask <command>`.

mod bench;
mod cargo;
mod deny;
mod localstripe;
mod programs;
mod servers;
mod test;
mod tidy;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, io};

const USAGE: &str = "\
usage: cargo xtask <command>

  bench [args…]   how fast the service is, in release on private servers: [workload …] [--seconds N] [--rounds N]
                  [--clients N] [--quick] [--write] [--baseline FILE] [--log FILE]
  check           formatting, lints, docs, denied crates, tidy: everything short of running the code
  servers         a MariaDB, a Redis and a memcached of your own, until Ctrl-C
  test [args…]    every test; the arguments go to the test runner; with `--busy` before them, on a machine that has
                  two idle loops to run on each processor besides
  tidy            the rules of the house that no compiler knows; with `--list`, the places that they count
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command. False if it found a fault, which it has printed.
fn run(args: &[String]) -> io::Result<bool> {
    let root = workspace_root()?;
    match args.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("bench", extra)) => Ok(programs::ensure_programs()? && bench::run(&root, extra)?),
        Some(("check", [])) => Ok(cargo::run(&root, &["fmt", "--all", "--check"])?
            && cargo::run(&root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?
            && cargo::document(&root)?
            && deny::run(&root)?
            && tidy::run(&root)?),
        Some(("servers", [])) => servers::run(),
        Some(("test", extra)) => {
            Ok(programs::ensure_programs()? && localstripe::try_install(&root)? && test::run(&root, extra)?)
        }
        Some(("tidy", [])) => tidy::run(&root),
        Some(("tidy", [list])) if list == "--list" => tidy::list(&root),
        _ => {
            write!(io::stderr(), "{USAGE}")?;
            Ok(false)
        }
    }
}

/// The workspace's folder, found from the variable by which `cargo run` names this crate's folder.
fn workspace_root() -> io::Result<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|crate_folder| PathBuf::from(crate_folder).ancestors().nth(2).map(PathBuf::from))
        .ok_or_else(|| io::Error::other("run me as `cargo xtask`"))
}
