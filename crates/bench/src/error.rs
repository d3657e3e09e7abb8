//! Errors of the benchmark. All of them are texts for the one who runs it.

use std::error::Error;

/// Any error; it ends the run, or counts against the workload whose request it is.
pub(crate) type BenchError = Box<dyn Error + Send + Sync>;

/// The outcome of anything here that can fail.
pub(crate) type BenchResult<T> = Result<T, BenchError>;

/// The error that an answer is not what it must be, with the beginning of its body.
pub(crate) fn wrong_answer(what: &str, status: u16, body: &[u8]) -> BenchError {
    /// Most bytes of a body that an error shows.
    const SHOWN_BYTES_MAX: usize = 300;
    let shown = body.get(..SHOWN_BYTES_MAX).unwrap_or(body);
    format!("{what}: {status} {}", String::from_utf8_lossy(shown)).into()
}
