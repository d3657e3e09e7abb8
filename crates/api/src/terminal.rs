//! Output of the commands on the standard streams, none of which may hang or fail the program.

use std::{
    io::{self, Write},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use indicatif::ProgressBar;

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

/// A line on standard error that shows how far a command is. Without a terminal there is none.
#[derive(Debug)]
pub(crate) struct ProgressLine(ProgressBar);

impl ProgressLine {
    /// A line that shows nothing yet.
    pub(crate) fn new() -> Self {
        // The library hides it without a terminal; it is drawn at most 20 times a second.
        Self(ProgressBar::new_spinner())
    }

    /// Replaces the text of the line.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.set_message(text());
            self.0.tick();
        }
    }

    /// Prints a line of the result above this one.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn print_above(&self, line: &str) -> io::Result<()> {
        self.0.suspend(|| print_lines(line))
    }
}

impl Drop for ProgressLine {
    /// Removes the line: whatever is printed next begins at the start of one, also after a failure.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
