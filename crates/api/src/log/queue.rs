//! The bounded queue between the code that logs and the thread that writes.

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;

use super::{style::format_bytes, worker::Worker};
use crate::stopwatch::Stopwatch;

/// Most lines that wait to be written. The channel allocates a slot for each at its start.
const LINES_MAX: usize = 16_384;
/// Most bytes of the lines that wait: the memory that a reader that hangs may cost.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest line that is written unchanged, in bytes.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// How much of a longer line is kept, in bytes.
const BEGINNING_BYTES: usize = 4 * 1024;
/// How often a flush checks whether everything is written.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Holds lines until the worker writes them. A line that does not fit is dropped and counted; no caller ever
/// waits.
pub(super) struct LineQueue {
    lines: SyncSender<Vec<u8>>,
    /// Taken by the worker when it starts, `None` afterwards.
    receiver: Mutex<Option<Receiver<Vec<u8>>>>,
    /// Bytes of the lines in the queue and of the one that is being written.
    pending_bytes: Arc<AtomicUsize>,
    dropped_lines: Counter,
}

impl LineQueue {
    /// An empty queue without a worker; lines wait in it until one starts.
    pub(super) fn new(lost: Counter) -> Self {
        let (lines, unread) = sync_channel(LINES_MAX);
        Self { lines, receiver: Mutex::new(Some(unread)), pending_bytes: Arc::default(), dropped_lines: lost }
    }

    /// Starts the thread that writes the lines. Returns `false` when there is one already.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start_worker(&self, output: impl Write + Send + 'static) -> io::Result<bool> {
        let Some(lines) = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(false);
        };
        // If the thread cannot start, the receiver is dropped with the closure: later lines are dropped and
        // counted, as if the reader had gone away.
        let worker = Worker::new(output, self.pending_bytes.clone(), self.dropped_lines.clone());
        thread::Builder::new().name("log".into()).spawn(move || worker.run(&lines))?;
        Ok(true)
    }

    /// Queues a line, or drops it when there is no room.
    pub(super) fn push(&self, line: Vec<u8>) {
        let line = if line.len() > LINE_BYTES_MAX { truncate_line(&line) } else { line };
        let size = line.len();
        // Reserve first and give back on failure: two callers that both checked first could pass the limit
        // together.
        let fits = self.pending_bytes.fetch_add(size, SeqCst).saturating_add(size) <= BYTES_MAX;
        // `try_send` never blocks. It fails when all slots are taken, and when the worker is gone.
        if !fits || self.lines.try_send(line).is_err() {
            self.pending_bytes.fetch_sub(size, SeqCst);
            self.dropped_lines.inc();
        }
    }

    /// Waits until every line is written or dropped, for at most `within`.
    pub(super) fn wait_until_empty(&self, within: Duration) {
        // Polls, so that the writing side needs no notification for each line. It blocks its thread, which is
        // the last thing that a process does.
        let watch = Stopwatch::start();
        while self.pending_bytes.load(SeqCst) > 0 && watch.elapsed() < within {
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// A shorter line that reports one that is too long.
fn truncate_line(long: &[u8]) -> Vec<u8> {
    // Cutting the line itself would leave half an object, which breaks every reader of JSON lines. The cut
    // may be in the middle of a character, hence the lossy conversion.
    let beginning = String::from_utf8_lossy(long.get(..BEGINNING_BYTES).unwrap_or_default());
    format_bytes("WARN", "log line too long, only its beginning is kept", &[("beginning", beginning.into())])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_waits_is_bounded_and_the_rest_is_counted() {
        for size in [0, 200, LINE_BYTES_MAX] {
            let queue = LineQueue::new(Counter::default());
            for _ in 0..2 * LINES_MAX {
                queue.push(vec![b'a'; size]);
            }
            let waiting = queue.pending_bytes.load(SeqCst);
            assert!(waiting <= BYTES_MAX, "{waiting}");
            let lines = queue.receiver.lock().unwrap().as_ref().unwrap().try_iter().count();
            assert_eq!(u64::try_from(2 * LINES_MAX - lines).unwrap(), queue.dropped_lines.get());
            assert_eq!(lines, (BYTES_MAX / size.max(1)).min(LINES_MAX), "{size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_still_one_object_on_one_line() {
        let queue = LineQueue::new(Counter::default());
        queue.push(format!("{{\"message\":\"\\\"{}\"}}\n", "é".repeat(LINE_BYTES_MAX)).into_bytes());
        let line = queue.receiver.lock().unwrap().as_ref().unwrap().recv().unwrap();
        assert!(line.len() < LINE_BYTES_MAX);
        let text = String::from_utf8(line).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert!(line["beginning"].as_str().unwrap().starts_with("{\"message\":\"\\\"é"), "{line}");
    }

    #[test]
    fn nothing_waits_for_long_for_what_is_never_written() {
        let queue = LineQueue::new(Counter::default());
        queue.push(b"line\n".to_vec());
        queue.wait_until_empty(Duration::from_millis(20));
        assert_eq!(queue.pending_bytes.load(SeqCst), 5);
    }
}
