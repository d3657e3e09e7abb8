//! What the program says on its standard streams.

use std::{
    io::{self, Write},
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

/// The end of the program waits no longer than this for its last words to be read.
const ERROR_OUTPUT_TIMEOUT: Duration = Duration::from_secs(1);

/// Prints lines; that nobody reads them to their end is no fault.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print_lines(lines: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{lines}") {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Prints lines if there is a reader, and waits for none.
pub(crate) fn spawn_print(lines: String) {
    // Without a thread there is no greeting either.
    let _ = thread::Builder::new().name("greeting".into()).spawn(move || print_lines(&lines));
}

/// Prints the reason of a failure, or what else is no result, on standard error, and waits a moment for its reader.
pub(crate) fn print_error(reason: String) {
    let (done, finished) = sync_channel(1);
    let write = move || {
        // Nobody is left to tell if this fails too.
        let _ = writeln!(io::stderr(), "{reason}");
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = finished.recv_timeout(ERROR_OUTPUT_TIMEOUT);
    }
}
