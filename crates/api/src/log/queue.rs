//! Lines on their way to the log.

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

use super::{line, worker::Worker};
use crate::stopwatch::Stopwatch;

/// Most lines that wait to be written.
const LINES_MAX: usize = 16_384;
/// Most bytes that wait to be written.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest line that is written as it is.
const LINE_MAX: usize = 16 * 1024;
/// What is kept of a longer one.
const BEGINNING: usize = 4 * 1024;
/// How often it is looked whether everything is written.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A line that waits has a place here; one that finds none is lost, and counted. Nothing ever waits for a place.
pub(super) struct Queue {
    lines: SyncSender<Vec<u8>>,
    /// Until there is a worker.
    unread: Mutex<Option<Receiver<Vec<u8>>>>,
    /// The bytes of the lines that are not written yet.
    waiting: Arc<AtomicUsize>,
    lost: Counter,
}

impl Queue {
    /// An empty one without a worker.
    pub(super) fn new(lost: Counter) -> Self {
        let (lines, unread) = sync_channel(LINES_MAX);
        Self { lines, unread: Mutex::new(Some(unread)), waiting: Arc::default(), lost }
    }

    /// Starts the thread that writes the lines: whether there was none.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn work(&self, output: impl Write + Send + 'static) -> io::Result<bool> {
        let Some(lines) = self.unread.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(false);
        };
        let worker = Worker::new(output, self.waiting.clone(), self.lost.clone());
        thread::Builder::new().name("log".into()).spawn(move || worker.run(&lines))?;
        Ok(true)
    }

    /// Takes a line if there is room for it.
    pub(super) fn push(&self, line: Vec<u8>) {
        let line = if line.len() > LINE_MAX { shortened(&line) } else { line };
        let size = line.len();
        let fits = self.waiting.fetch_add(size, SeqCst).saturating_add(size) <= BYTES_MAX;
        if !fits || self.lines.try_send(line).is_err() {
            self.waiting.fetch_sub(size, SeqCst);
            self.lost.inc();
        }
    }

    /// Waits until every line is written or lost, but no longer than that.
    pub(super) fn finish(&self, within: Duration) {
        let watch = Stopwatch::start();
        while self.waiting.load(SeqCst) > 0 && watch.elapsed() < within {
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// A line about a line that is too long.
fn shortened(long: &[u8]) -> Vec<u8> {
    let beginning = String::from_utf8_lossy(long.get(..BEGINNING).unwrap_or_default());
    line("WARN", "a line of the log was too long", ("beginning", beginning.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_waits_is_bounded_and_the_rest_is_counted() {
        for size in [0, 200, LINE_MAX] {
            let queue = Queue::new(Counter::default());
            for _ in 0..2 * LINES_MAX {
                queue.push(vec![b'a'; size]);
            }
            let waiting = queue.waiting.load(SeqCst);
            assert!(waiting <= BYTES_MAX, "{waiting}");
            let lines = queue.unread.lock().unwrap().as_ref().unwrap().try_iter().count();
            assert_eq!(u64::try_from(2 * LINES_MAX - lines).unwrap(), queue.lost.get());
            assert_eq!(lines, (BYTES_MAX / size.max(1)).min(LINES_MAX), "{size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_still_one_object_on_one_line() {
        let queue = Queue::new(Counter::default());
        queue.push(format!("{{\"message\":\"\\\"{}\"}}\n", "é".repeat(LINE_MAX)).into_bytes());
        let line = queue.unread.lock().unwrap().as_ref().unwrap().recv().unwrap();
        assert!(line.len() < LINE_MAX);
        let text = String::from_utf8(line).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert!(line["beginning"].as_str().unwrap().starts_with("{\"message\":\"\\\"é"), "{line}");
    }

    #[test]
    fn nothing_waits_for_long_for_what_is_never_written() {
        let queue = Queue::new(Counter::default());
        queue.push(b"line\n".to_vec());
        queue.finish(Duration::from_millis(20));
        assert_eq!(queue.waiting.load(SeqCst), 5);
    }
}
