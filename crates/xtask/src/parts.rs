//! Runs the parts of a long command, some of them at the same time, and says how long each took.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use test_servers::LoadStopwatch;

/// How the line of a test ends that failed.
const FAILED_TEST: &str = "... FAILED";
/// What the first line of a panic contains.
const PANIC: &str = "panicked at ";
/// How many lines of a panic are repeated, the first included.
const LINES_OF_A_PANIC: usize = 4;
/// Most lines of one part that are repeated at the end.
const REASONS_MAX: usize = 40;

/// One command of several, with a name to print.
#[derive(Debug)]
pub(crate) struct Part {
    name: String,
    command: Command,
}

/// How one part ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    name: String,
    time: Duration,
    has_passed: bool,
    /// The lines of its output that say why it failed; empty if it has passed.
    reasons: Vec<String>,
}

impl Part {
    /// A part that reads no input.
    pub(crate) fn new(name: impl Into<String>, mut command: Command) -> Self {
        command.stdin(Stdio::null());
        Self { name: name.into(), command }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The parts that have ended, for the summary.
#[derive(Debug, Default)]
pub(crate) struct Parts(Vec<Ended>);

impl Parts {
    /// Runs a step that prints as it goes. True if it has passed.
    ///
    /// # Errors
    /// The step's.
    pub(crate) fn run_step(
        &mut self,
        name: &str,
        step: impl FnOnce() -> io::Result<bool>,
    ) -> io::Result<bool> {
        let watch = LoadStopwatch::start();
        let has_passed = step()?;
        self.0.push(Ended { name: name.to_owned(), time: watch.elapsed(), has_passed, reasons: Vec::new() });
        Ok(has_passed)
    }

    /// Runs all of them, in this order, `lanes` at a time, also after one has failed. The output of each is printed as a
    /// whole when it ends. True if all have passed.
    ///
    /// # Errors
    /// When a command cannot be started, or its output cannot be kept.
    pub(crate) fn run_all(&mut self, parts: Vec<Part>, lanes: usize) -> io::Result<bool> {
        let (waiting, before) = (Mutex::new(parts.into_iter()), self.0.len());
        let run_lane = || -> io::Result<Vec<Ended>> {
            let mut ended = Vec::new();
            // A statement of its own, because the lock is held to the end of the statement.
            let take_next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(part) = take_next() {
                ended.push(run_part(part)?);
            }
            Ok(ended)
        };
        let results = thread::scope(|scope| {
            let running: Vec<_> = (0..lanes).map(|_| scope.spawn(run_lane)).collect();
            running
                .into_iter()
                .map(|it| it.join().unwrap_or_else(|_| Err(io::Error::other("a lane failed"))))
                .collect::<Vec<_>>()
        });
        for lane in results {
            self.0.extend(lane?);
        }
        Ok(self.0.iter().skip(before).all(|it| it.has_passed))
    }

    /// Prints how long each part took, the longest first, and which have failed for what reasons.
    ///
    /// # Errors
    /// That of the output.
    pub(crate) fn print_summary(&self, out: &mut impl Write) -> io::Result<()> {
        let mut ended = self.0.clone();
        ended.sort_by_key(|it| Reverse(it.time));
        writeln!(out, "\nTime of each part, in seconds; some ran at the same time:")?;
        for part in &ended {
            writeln!(out, "{:>7.1}  {}", part.time.as_secs_f64(), part.name)?;
        }
        for part in ended.iter().filter(|it| !it.reasons.is_empty()) {
            writeln!(out, "\n{} failed:\n{}", part.name, part.reasons.join("\n"))?;
        }
        let failed: Vec<_> = ended.iter().filter(|it| !it.has_passed).map(|it| it.name.as_str()).collect();
        match failed.as_slice() {
            [] => writeln!(out, "All {} parts have passed.", ended.len()),
            failed => writeln!(out, "FAILED: {}", failed.join(", ")),
        }
    }
}

fn run_part(mut part: Part) -> io::Result<Ended> {
    let mut output = tempfile::tempfile()?;
    let watch = LoadStopwatch::start();
    let status = part.command.stdout(output.try_clone()?).stderr(output.try_clone()?).status()?;
    let (time, has_passed) = (watch.elapsed(), status.success());
    let mut ended = Ended { name: part.name, time, has_passed, reasons: Vec::new() };
    print_output(&ended, &mut output)?;
    if !has_passed {
        output.rewind()?;
        ended.reasons = find_reasons(&mut output)?;
    }
    Ok(ended)
}

/// The lines of an output that say why its part failed: the tests that failed and their panics, or else the last lines.
fn find_reasons(output: &mut File) -> io::Result<Vec<String>> {
    let mut text = Vec::new();
    output.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let is_near_panic = |index: usize| {
        let first = index.saturating_sub(LINES_OF_A_PANIC - 1);
        lines.iter().take(index + 1).skip(first).any(|it| it.contains(PANIC))
    };
    let named =
        lines.iter().enumerate().filter(|(index, it)| it.ends_with(FAILED_TEST) || is_near_panic(*index));
    let mut reasons: Vec<_> = named.take(REASONS_MAX).map(|(_, it)| (*it).to_owned()).collect();
    if reasons.is_empty() {
        let last = lines.iter().skip(lines.len().saturating_sub(REASONS_MAX));
        reasons.extend(last.map(|it| (*it).to_owned()));
    }
    Ok(reasons)
}

fn print_output(ended: &Ended, output: &mut File) -> io::Result<()> {
    // Locked, so that no other part's output comes in between.
    let mut out = io::stdout().lock();
    writeln!(out, "$ {} ({:.1} s)", ended.name, ended.time.as_secs_f64())?;
    output.rewind()?;
    io::copy(output, &mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> Part {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Part::new(name, command)
    }

    fn summary(parts: &Parts) -> String {
        let mut text = Vec::new();
        parts.print_summary(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_part_that_fails_stops_no_other_and_is_named_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let last = folder.path().join("last");
        let mut parts = Parts::default();
        let all = vec![
            shell("broken", "echo quiet; exit 3"),
            shell("fine", "true"),
            shell("last", &format!("touch {}", last.display())),
        ];
        assert!(!parts.run_all(all, 2).unwrap());
        assert!(last.exists());
        let end = "broken failed:\nquiet\nFAILED: broken\n";
        assert!(summary(&parts).ends_with(end), "{}", summary(&parts));
    }

    #[test]
    fn the_tests_that_failed_and_their_panics_are_repeated_at_the_end() {
        let script = "for it in 'test a ... ok' 'test b ... FAILED' \
                      'thread b panicked at b.rs:1:' said 2 3 4; do echo \"$it\"; done; exit 1";
        let mut parts = Parts::default();
        assert!(!parts.run_all(vec![shell("tests", script)], 1).unwrap());
        let end =
            "tests failed:\ntest b ... FAILED\nthread b panicked at b.rs:1:\nsaid\n2\n3\nFAILED: tests\n";
        assert!(summary(&parts).ends_with(end), "{}", summary(&parts));
    }

    #[test]
    fn parts_of_two_lanes_run_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let pipes = Command::new("mkfifo").args([&one, &other]).status().unwrap();
        assert!(pipes.success());
        // Each waits until the other one writes.
        let meet = |mine: &std::path::Path, yours: &std::path::Path| {
            format!("echo > {} & cat {}; wait", mine.display(), yours.display())
        };
        let mut parts = Parts::default();
        let all = vec![shell("one", &meet(&one, &other)), shell("other", &meet(&other, &one))];
        assert!(parts.run_all(all, 2).unwrap());
        assert!(summary(&parts).ends_with("All 2 parts have passed.\n"));
    }

    #[test]
    fn the_longest_part_is_the_first_line() {
        let ended = |name: &str, seconds| Ended {
            name: name.into(),
            time: Duration::from_secs(seconds),
            has_passed: true,
            reasons: Vec::new(),
        };
        let text = summary(&Parts(vec![ended("short", 1), ended("long", 20)]));
        assert!(text.find("20.0  long").unwrap() < text.find("1.0  short").unwrap(), "{text}");
    }
}
