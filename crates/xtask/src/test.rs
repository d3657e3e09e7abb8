//! `cargo xtask test`: runs the tests of the workspace, all of them or those that are named.

mod executables;

use std::env;
use std::hint;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cargo;
use crate::parts::{Part, Parts};
use crate::program::Program;
use crate::rustdoc;
use executables::{TestProgram, build_tests};

/// The first argument that asks for a machine with other load.
const BUSY: &str = "--busy";
/// The variable that says how many tests of a binary run at a time.
const THREADS: &str = "RUST_TEST_THREADS";
/// How many tests of one program run at a time, for each processor: they also wait for servers and pauses.
const TESTS_PER_PROCESSOR: usize = 3;
/// How many parts run at a time. Half of the time of a whole run is pauses: of servers that start, of browsers, and of the last
/// test of a program, which waits alone. A second part uses them.
const LANES: usize = 2;
/// The number of idle loops on each processor under that load.
const LOOPS: usize = 2;
/// The parts that take longest, in their order. They begin first, so that a fault in them is known early. A part that is
/// missing here begins after them.
const LONGEST: &[&str] = &[
    "api tests/servers",
    CONSOLE,
    OPENAPI,
    "api tests/embedded",
    "api tests/chaos",
    "adapters-mysql tests/contract",
    DOC_TESTS,
    "adapters-mysql tests/plans",
    "simulator lib",
];
/// The parts that are no test programs.
const OPENAPI: &str = "xtask openapi";
const CONSOLE: &str = "xtask console";
const DOC_TESTS: &str = "doc tests";
const GALERA: &str = "xtask engines galera --short";

/// Runs tests; the arguments go to the test runner. It is cargo's, because that runs all tests of a
/// binary in one process, where they can share servers that take longer to start than a test takes. Without arguments
/// everything is run, also the tools from outside.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    let (busy, extra) = match extra.split_first() {
        Some((first, rest)) if first == BUSY => (true, rest),
        _ => (false, extra),
    };
    let _load = busy.then(BackgroundLoad::new);
    if extra.is_empty() {
        return run_everything(root);
    }
    let arguments = test_arguments(extra);
    writeln!(io::stdout(), "$ cargo {}", arguments.join(" "))?;
    let mut command = cargo::cargo_command(root);
    set_threads(&mut command);
    Ok(command.args(arguments).status()?.success())
}

/// Builds everything once, then runs every test program and the tools.
fn run_everything(root: &Path) -> io::Result<bool> {
    let (mut parts, mut built) = (Parts::default(), None);
    let is_built = parts.run_step("build", || {
        built = build_tests(root)?;
        Ok(built.is_some())
    })?;
    let all = list_parts(root, built.unwrap_or_default())?;
    let has_passed = is_built && parts.run_all(all, LANES)?;
    parts.print_summary(&mut io::stdout())?;
    Ok(has_passed)
}

fn list_parts(root: &Path, programs: Vec<TestProgram>) -> io::Result<Vec<Part>> {
    let tool = |name: &str| -> io::Result<Command> {
        let mut command = Command::new(env::current_exe()?);
        command.args([name, "--program"]).arg(Program::beside_this()?.path());
        Ok(command)
    };
    // It prints a line where Galera is not installed: on Debian it comes with MariaDB.
    let mut galera = Command::new(env::current_exe()?);
    galera.args(["engines", "galera", "--short"]);
    let mut doc_tests = cargo::cargo_command(root);
    doc_tests.args(["test", "--workspace", "--doc", "--no-fail-fast"]);
    rustdoc::add_documentation(&mut doc_tests)?;
    let mut parts: Vec<_> = programs
        .into_iter()
        .map(|it| {
            let mut command = it.command();
            set_threads(&mut command);
            Part::new(it.name, command)
        })
        .collect();
    parts.extend([
        Part::new(OPENAPI, tool("openapi")?),
        Part::new(CONSOLE, tool("console")?),
        Part::new(GALERA, galera),
        Part::new(DOC_TESTS, doc_tests),
    ]);
    parts.sort_by_key(|it| LONGEST.iter().position(|name| *name == it.name()).unwrap_or(LONGEST.len()));
    Ok(parts)
}

fn set_threads(command: &mut Command) {
    if env::var_os(THREADS).is_none() {
        command.env(THREADS, (processors() * TESTS_PER_PROCESSOR).to_string());
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn test_arguments(extra: &[String]) -> Vec<&str> {
    let mut step = vec!["test", "--no-fail-fast"];
    if !extra.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        step.push("--workspace");
    }
    step.extend(extra.iter().map(String::as_str));
    step
}

/// Threads that run idle loops as long as this value lives.
struct BackgroundLoad {
    stopped: Arc<AtomicBool>,
}

impl BackgroundLoad {
    fn new() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..processors() * LOOPS {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        Self { stopped: over }
    }
}

impl Drop for BackgroundLoad {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(extra: &[&str]) -> String {
        test_arguments(&extra.iter().map(ToString::to_string).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn everything_is_tested_unless_arguments_select_less() {
        assert_eq!(command(&[]), "test --no-fail-fast --workspace");
        assert_eq!(command(&["stale"]), "test --no-fail-fast --workspace stale");
        assert_eq!(command(&["-p", "domain"]), "test --no-fail-fast -p domain");
    }

    #[test]
    fn the_loops_end_with_what_they_are_for() {
        let load = BackgroundLoad::new();
        let over = Arc::clone(&load.stopped);
        drop(load);
        assert!(over.load(Ordering::Relaxed));
    }
}
