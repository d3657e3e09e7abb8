//! The developer's tools, run as `cargo xtask <command>`.

mod bench;
mod cargo;
mod chaos;
mod console;
mod deny;
mod engines;
mod fuzz;
mod kubernetes;
mod localstripe;
mod openapi;
mod parts;
mod plans;
mod program;
mod programs;
mod rustdoc;
mod servers;
mod sim;
mod test;
mod tidy;
mod unpack;

use console::Missing;
use program::Program;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

const USAGE: &str = "\
usage: cargo xtask <command>

  bench [args…]   how fast the service is, in release on private servers: [workload …] [--seconds N] [--rounds N]
                  [--clients N] [--quick] [--instructions] [--write] [--baseline FILE] [--log FILE]; `growth [--rows N]`: among
                  ten thousand orders and among N
  chaos [args…]   servers and instances that are killed, hung, emptied and cut off under load, in release: [--minutes N]
                  [--seed S] [--clients N] [--longest MS]
  clients         generates the client libraries in crates/client from docs/openapi.json; with `--check`, compares them
                  with it and tries them
  console         the operators' console: builds it, compares it with the committed files, tests it in Chromium
  check           formatting, lints, docs, denied crates, tidy: everything short of running the code
  engines galera  the record on a Galera cluster of your own: contract, and races over several nodes, or with `--short`
                  only the races; `group-replication` instead: on MySQL itself, also when the primary is killed;
                  `redis-cluster`, `sentinel`: the shared cache, locks and counters there, also when a master is killed;
                  `valkey`: the same and one server, with Valkey instead of Redis
  fuzz [args…]    hostile input for every parser, in release: [--minutes N] [--seed S]
  openapi         tries the service and its description with tools from npm and PyPI; with `--write`, renews the
                  description in docs/openapi.json
  plans           the plans of every statement on both databases, among two million rows of each kind: [--rows N]
  servers         a MariaDB, a Redis and a memcached of your own, until Ctrl-C
  sim [args…]     histories of simulated faults: [--seed N] [--histories N] [--from N] [--minutes M] [--steps N] [--mutants]
  test [args…]    every test; the arguments go to the test runner; with `--busy` before them, on a machine that has
                  two idle loops to run on each processor besides
  tidy            the rules of the house that no compiler knows; with `--list`, the places that they count
";

/// The option that names a service to try, as `cargo xtask test` does. A tool that is not available is no fault then.
const PROGRAM: &str = "--program";

fn main() -> ExitCode {
    let outcome = match rustdoc::find_replaced() {
        Some(rustdoc) => replace_rustdoc(&rustdoc),
        None => run(&env::args().skip(1).collect::<Vec<_>>()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn replace_rustdoc(rustdoc: &OsStr) -> io::Result<bool> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    rustdoc::run(rustdoc, &args, &bench::target_folder()?.join("doc"))
}

/// Runs one command. False if it found a fault, which it has printed.
fn run(args: &[String]) -> io::Result<bool> {
    let root = workspace_root()?;
    match args.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("bench", extra)) => Ok(programs::ensure_programs()? && bench::run(&root, extra)?),
        Some(("chaos", extra)) => Ok(programs::ensure_programs()? && chaos::run(&root, extra)?),
        Some(("check", [])) => Ok(cargo::run(&root, &["fmt", "--all", "--check"])?
            && tidy::run(&root)?
            && deny::run(&root)?
            && cargo::run(&root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?
            && cargo::document(&root)?),
        Some(("clients", [])) => openapi::write_generated(&root),
        Some(("clients", [check])) if check == "--check" => {
            with_program(&root, |it| openapi::check_clients(&root, it))
        }
        Some(("console", [])) => with_program(&root, |it| console::run(&root, Missing::Fault, it)),
        Some(("console", [option, path])) if option == PROGRAM => {
            console::run(&root, Missing::from_environment(), &Program::at(path))
        }
        Some(("engines", [engine])) if engine == "galera" => engines::run_galera(&root, false),
        Some(("engines", [engine, short])) if engine == "galera" && short == "--short" => {
            engines::run_galera(&root, true)
        }
        Some(("engines", [engine])) if engine == "group-replication" => engines::run_group(&root),
        Some(("engines", [engine])) if engine == "redis-cluster" => {
            engines::run_redis(&root, &engines::REDIS_CLUSTER)
        }
        Some(("engines", [engine])) if engine == "sentinel" => {
            engines::run_redis(&root, &engines::REDIS_SENTINEL)
        }
        Some(("engines", [engine])) if engine == "valkey" => engines::run_valkey(&root),
        Some(("fuzz", extra)) => fuzz::run(&root, extra),
        Some(("openapi", [])) => with_program(&root, |it| openapi::run(&root, it)),
        Some(("openapi", [option, path])) if option == PROGRAM => openapi::run(&root, &Program::at(path)),
        Some(("openapi", [write])) if write == "--write" => openapi::write_document(&root),
        Some(("plans", [])) => plans::run(&root, None),
        Some(("plans", [name, rows])) if name == "--rows" => plans::run(&root, Some(rows)),
        Some(("servers", [])) => servers::run(),
        Some(("sim", extra)) => sim::run(&root, extra),
        Some(("test", extra)) => {
            Ok(programs::ensure_programs()? && try_install(&root)? && test::run(&root, extra)?)
        }
        Some(("tidy", [])) => tidy::run(&root),
        Some(("tidy", [list])) if list == "--list" => tidy::list(&root),
        _ => {
            write!(io::stderr(), "{USAGE}")?;
            Ok(false)
        }
    }
}

/// Installs what some tests need and are skipped without.
fn try_install(root: &Path) -> io::Result<bool> {
    Ok(localstripe::try_install(root)? && kubernetes::try_install(root)?)
}

/// Builds the service and runs a tool that needs it. False if it does not compile.
fn with_program(root: &Path, tool: impl FnOnce(&Program) -> io::Result<bool>) -> io::Result<bool> {
    Program::build(root)?.map_or(Ok(false), |it| tool(&it))
}

/// The workspace's folder, found from the variable by which `cargo run` names this crate's folder.
fn workspace_root() -> io::Result<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|crate_folder| PathBuf::from(crate_folder).ancestors().nth(2).map(PathBuf::from))
        .ok_or_else(|| io::Error::other("run me as `cargo xtask`"))
}
