//! Output of the commands on the standard streams, none of which may hang or fail the program.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use crate::stopwatch::Stopwatch;

/// How long the end of the program waits for a reader of standard error.
const ERROR_OUTPUT_TIMEOUT: Duration = Duration::from_secs(1);

/// Prints lines on standard output. A reader that closes its end early, such as `head`, is no failure.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print_lines(lines: &str) -> io::Result<()> {
    // Not `println!`, which panics when the pipe is closed.
    match writeln!(io::stdout(), "{lines}") {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Prints lines without waiting for a reader.
pub(crate) fn spawn_print(lines: String) {
    // On a thread, because standard output may be a pipe that is full and never read: the service must start
    // all the same. Without a thread the greeting is missing and nothing else.
    let _ = thread::Builder::new().name("greeting".into()).spawn(move || print_lines(&lines));
}

/// Prints the reason of a failure, or a line that is not a result, on standard error, and waits up to a
/// second until it is written.
pub(crate) fn print_error(reason: String) {
    let (done, finished) = sync_channel(1);
    let write = move || {
        // If this fails too, there is no other place to report it.
        let _ = writeln!(io::stderr(), "{reason}");
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = finished.recv_timeout(ERROR_OUTPUT_TIMEOUT);
    }
}

/// How often the line of progress changes at most.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A line on standard error that shows how far a command is. Without a terminal there is none.
#[derive(Debug, Default)]
pub(crate) struct ProgressLine {
    shown_at: Option<Stopwatch>,
}

impl ProgressLine {
    /// Replaces the line, unless it has just changed.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let is_due = self.shown_at.is_none_or(|at| at.elapsed() >= PROGRESS_INTERVAL);
        if is_due && io::stderr().is_terminal() {
            self.shown_at = Some(Stopwatch::start());
            // It may fail: the line is a help and no result.
            let _ = write!(io::stderr(), "\r\x1b[K{}", text());
            let _ = io::stderr().flush();
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&mut self) {
        if self.shown_at.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for ProgressLine {
    /// Whatever is printed next begins at the start of a line, also after a failure.
    fn drop(&mut self) {
        self.clear();
    }
}
