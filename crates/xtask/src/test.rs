//! `cargo xtask test`: runs every test of the workspace.

use std::env;
use std::hint;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cargo;

/// The first argument that asks for a machine with other load.
const BUSY: &str = "--busy";
/// The variable that says how many tests of a binary run at a time.
const THREADS: &str = "RUST_TEST_THREADS";
/// The tests wait for servers and pauses more than they compute.
const TESTS_PER_PROCESSOR: usize = 3;
/// The number of idle loops on each processor under that load.
const LOOPS: usize = 2;

/// Runs the tests; the arguments go to the test runner. It is cargo's, because that runs all tests of a
/// binary in one process, where they can share servers that take longer to start than a test takes.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    let (busy, extra) = match extra.split_first() {
        Some((first, rest)) if first == BUSY => (true, rest),
        _ => (false, extra),
    };
    let _load = busy.then(BackgroundLoad::new);
    let arguments = test_arguments(extra);
    writeln!(io::stdout(), "$ cargo {}", arguments.join(" "))?;
    let mut command = cargo::cargo_command(root);
    if env::var_os(THREADS).is_none() {
        command.env(THREADS, (processors() * TESTS_PER_PROCESSOR).to_string());
    }
    Ok(command.args(arguments).status()?.success())
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
    fn everything_is_tested_unless_somebody_asks_for_less() {
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
