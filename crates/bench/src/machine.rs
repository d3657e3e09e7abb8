//! What the report says about the machine and the program.

use std::{process::Command, thread};

use crate::{clock, process_stats};

/// The circumstances of a run, without any name of the machine.
#[derive(Debug, Clone)]
pub(crate) struct Circumstances {
    /// The number of processors.
    pub(crate) cores: usize,
    /// The memory of the machine, in GiB, rounded.
    pub(crate) memory_gib: u64,
    /// The commit that was measured, and whether there were changes on top of it.
    pub(crate) commit: String,
    /// The day of the run, in UTC: `2026-01-31`.
    pub(crate) date: String,
}

impl Circumstances {
    /// Those of this run. The working folder is the repository.
    pub(crate) fn gather() -> Self {
        const KIB_PER_GIB: u64 = 1024 * 1024;
        Self {
            cores: core_count(),
            memory_gib: process_stats::machine_memory_kib().saturating_add(KIB_PER_GIB / 2) / KIB_PER_GIB,
            commit: describe_commit(),
            date: clock::now().to_string().chars().take_while(|it| *it != 'T').collect(),
        }
    }
}

/// The threads of the load generator: a quarter of the processors, so that it does not take those of the service.
pub(crate) fn load_threads() -> usize {
    (core_count() / 4).max(1)
}

fn core_count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn describe_commit() -> String {
    let commit = run_git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    match run_git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        Some(_) | None => format!("{commit} with changes"),
    }
}

fn run_git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|it| it.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
