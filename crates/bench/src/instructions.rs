//! Counting the instructions of hot paths with callgrind.
//!
//! ```text
//! valgrind bench hot-path NAME 100     start + 100 times ┐
//! valgrind bench hot-path NAME 200     start + 200 times ┴─► difference / 100 = instructions of one time
//! ```

use std::{
    env,
    process::{Command, Stdio},
};

use crate::{
    error::BenchResult,
    hot_path::{self, HotPath},
    process_stats::to_float,
    service::print_line,
};

/// The times of the shorter run.
const TIMES: u32 = 100;

/// The instructions of a hot path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InstructionCount {
    /// The name of the hot path.
    pub(crate) name: &'static str,
    /// The instructions of one time.
    pub(crate) count: f64,
}

/// Counts the instructions of every hot path. Nothing, with a line that says so, where valgrind is missing.
pub(crate) fn count_instructions() -> BenchResult<Vec<InstructionCount>> {
    if !has_valgrind() {
        print_line("SKIPPED: instructions are not counted, because valgrind is not installed")?;
        return Ok(Vec::new());
    }
    let mut counts = Vec::with_capacity(HotPath::ALL.len());
    for path in HotPath::ALL {
        let name = path.as_str();
        let (once, twice) = (run_counted(name, TIMES)?, run_counted(name, TIMES.saturating_mul(2))?);
        // What both runs do before and after is in neither.
        counts
            .push(InstructionCount { name, count: to_float(twice.saturating_sub(once)) / f64::from(TIMES) });
        print_line(&format!("counted {name}"))?;
    }
    Ok(counts)
}

fn has_valgrind() -> bool {
    let mut version = Command::new("valgrind");
    let version = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|it| it.success())
}

/// The instructions of this program while it runs a hot path that many times.
fn run_counted(name: &str, times: u32) -> BenchResult<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([hot_path::COMMAND, name, &times.to_string()])
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind {name}: {}", text.trim()).into());
    }
    Ok(parse_count(&text).ok_or("callgrind does not say what it has counted")?)
}

/// The number behind `Collected :`.
fn parse_count(text: &str) -> Option<u64> {
    let (_, count) = text.lines().find_map(|it| it.split_once("Collected :"))?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_prints() {
        let text = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
        assert_eq!(parse_count(text), Some(1_234_567));
        assert_eq!(parse_count("==7== Events : Ir\n"), None);
    }
}
