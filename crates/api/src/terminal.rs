//! What is told to whoever started the program.

use std::io::{self, Write};

/// Prints lines; that nobody reads them to their end is no fault.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print(lines: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{lines}") {
        Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
