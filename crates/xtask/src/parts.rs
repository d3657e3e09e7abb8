//! Runs the parts of a long command, some of them at the same time, and says how long each took.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use test_servers::LoadStopwatch;

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
        self.0.push(Ended { name: name.to_owned(), time: watch.elapsed(), has_passed });
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

    /// Prints how long each part took, the longest first, and which have failed.
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
    let ended = Ended { name: part.name, time: watch.elapsed(), has_passed: status.success() };
    print_output(&ended, &mut output)?;
    Ok(ended)
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
            shell("broken", "exit 3"),
            shell("fine", "true"),
            shell("last", &format!("touch {}", last.display())),
        ];
        assert!(!parts.run_all(all, 2).unwrap());
        assert!(last.exists());
        assert!(summary(&parts).ends_with("FAILED: broken\n"), "{}", summary(&parts));
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
        };
        let text = summary(&Parts(vec![ended("short", 1), ended("long", 20)]));
        assert!(text.find("20.0  long").unwrap() < text.find("1.0  short").unwrap(), "{text}");
    }
}
