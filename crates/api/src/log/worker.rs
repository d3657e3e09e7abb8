//! The thread that writes the log.
//!
//! A line of an idle service is written at once. Under load the lines of [`PAUSE`] are written together.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::Receiver,
    },
    thread,
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;

use super::style::format_bytes;

/// Pause before the next attempt to write to an output that is full and does not block.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// Most bytes that are written at once: what a pipe takes in one piece (`PIPE_BUF`), so that no line of another process
/// ends up within one of ours.
const CHUNK_BYTES_MAX: usize = 4 * 1024;
/// How long the worker sleeps after it has written everything. A thread that waits for lines has to be woken by each
/// line, which costs the code that logs more than the line itself; one that sleeps finds many.
const PAUSE: Duration = Duration::from_millis(5);

/// Writes lines in chunks. A line that cannot be written is dropped, and the next one is tried as if nothing had
/// failed: a disk may have room again, a pipe a new reader.
pub(super) struct Worker<W> {
    output: W,
    /// Shared with the queue: bytes of the lines that are not written yet.
    pending_bytes: Arc<AtomicUsize>,
    dropped_lines: Counter,
    /// How many dropped lines the log has reported so far.
    reported: u64,
    /// Whether the output ends in the middle of a line.
    has_partial_line: bool,
}

impl<W: Write> Worker<W> {
    pub(super) const fn new(output: W, waiting: Arc<AtomicUsize>, lost: Counter) -> Self {
        Self { output, pending_bytes: waiting, dropped_lines: lost, reported: 0, has_partial_line: false }
    }

    /// Writes lines until every sender is gone.
    pub(super) fn run(mut self, lines: &Receiver<Vec<u8>>) {
        while let Ok(first) = lines.recv() {
            let mut next = Some(first);
            while let Some(line) = next {
                let chunk;
                (chunk, next) = fill_chunk(line, lines);
                self.write_chunk(&chunk);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Writes the lines of a chunk, and reports dropped ones if no line waits any more.
    fn write_chunk(&mut self, lines: &[Vec<u8>]) {
        let bytes = lines.iter().map(Vec::len).sum();
        let works = self.write_lines(lines);
        // Report only once the queue is empty: earlier, the report would take room from lines that wait.
        if works && self.pending_bytes.load(SeqCst) == bytes {
            self.report_drops();
        }
        // Only after the write: a flush that reads zero relies on every line being written.
        self.pending_bytes.fetch_sub(bytes, SeqCst);
    }

    /// Writes lines. Returns `false` when the last one is dropped.
    fn write_lines(&mut self, lines: &[Vec<u8>]) -> bool {
        let mut rest = lines;
        while !rest.is_empty() {
            // End a half-written line first, so that this object starts on a line of its own. If even that fails,
            // the flag stays set for the next line.
            if self.has_partial_line && write_all(&mut self.output, b"\n").1.is_ok() {
                self.has_partial_line = false;
            }
            let (mut written, outcome) = write_all(&mut self.output, &rest.concat());
            if outcome.is_ok() {
                return true;
            }
            // The line in which it failed is dropped, and those behind it are tried.
            while let Some((line, others)) = rest.split_first() {
                rest = others;
                if written < line.len() {
                    break;
                }
                written -= line.len();
            }
            self.dropped_lines.inc();
            self.has_partial_line |= written > 0;
        }
        false
    }

    /// Logs how many lines were dropped since the last report.
    fn report_drops(&mut self) {
        let lost = self.dropped_lines.get();
        // A report that is dropped itself changes nothing: the next one covers the same lines, and this one.
        let lines = lost.saturating_sub(self.reported);
        let report = || format_bytes("WARN", "lines of the log were dropped", &[("lines", lines.into())]);
        if lines > 0 && self.write_lines(&[report()]) {
            self.reported = lost;
        }
    }
}

/// The line and those that wait behind it, as long as they fit into a chunk; and the first that does not.
fn fill_chunk(first: Vec<u8>, lines: &Receiver<Vec<u8>>) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
    let mut bytes = first.len();
    let mut chunk = vec![first];
    while let Ok(line) = lines.try_recv() {
        bytes = bytes.saturating_add(line.len());
        if bytes > CHUNK_BYTES_MAX {
            return (chunk, Some(line));
        }
        chunk.push(line);
    }
    (chunk, None)
}

/// Writes all bytes, or returns how many were written before the failure.
fn write_all(output: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    // Not `Write::write_all`: it does not return how much was written before it failed.
    let mut rest = bytes;
    while !rest.is_empty() {
        let failed = match output.write(rest) {
            Ok(0) => Some(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                rest = rest.get(written..).unwrap_or_default();
                None
            }
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => None,
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                // A terminal is shared: another process may have made the same open file non-blocking.
                thread::sleep(RETRY_AFTER);
                None
            }
            Err(fault) => Some(fault),
        };
        if let Some(fault) = failed {
            return (bytes.len() - rest.len(), Err(fault));
        }
    }
    (bytes.len(), Ok(()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Has room for some bytes, then fails once, then has room again.
    struct Disk {
        room: Vec<usize>,
        written: Vec<u8>,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let Some(room) = self.room.first_mut() else {
                self.written.extend(bytes);
                return Ok(bytes.len());
            };
            if *room == 0 {
                self.room.remove(0);
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(*room);
            *room -= taken;
            self.written.extend(bytes.iter().take(taken));
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write_lines(room: &[usize], lines: &[&str]) -> (String, u64) {
        let mut disk = Disk { room: room.to_vec(), written: Vec::new() };
        let (lost, waiting) = (Counter::default(), Arc::new(AtomicUsize::new(0)));
        let (sender, receiver) = sync_channel(lines.len());
        for line in lines {
            waiting.fetch_add(line.len(), SeqCst);
            sender.send(line.as_bytes().to_vec()).unwrap();
        }
        drop(sender);
        Worker::new(&mut disk, waiting.clone(), lost.clone()).run(&receiver);
        assert_eq!(waiting.load(SeqCst), 0);
        (String::from_utf8(disk.written).unwrap(), lost.get())
    }

    #[test]
    fn lines_are_written_in_their_order() {
        assert_eq!(write_lines(&[], &["a\n", "b\n"]), ("a\nb\n".into(), 0));
    }

    #[test]
    fn lines_that_wait_are_written_together_and_no_chunk_is_larger_than_a_pipe_takes() {
        struct Chunks(Vec<usize>);
        impl Write for &mut Chunks {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.len());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (sender, receiver) = sync_channel(100);
        for length in [3_000, 1_096, 1, 5_000, 10, 20] {
            sender.send(vec![b'a'; length]).unwrap();
        }
        drop(sender);
        let mut output = Chunks(Vec::new());
        let waiting = Arc::new(AtomicUsize::new(9_127));
        Worker::new(&mut output, waiting.clone(), Counter::default()).run(&receiver);
        assert_eq!(output.0, [4_096, 1, 5_000, 30]);
        assert_eq!(waiting.load(SeqCst), 0);
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_reported_once() {
        let (text, lost) = write_lines(&[0, 0], &["a\n", "b\n", "c\n", "d\n"]);
        assert_eq!(lost, 2);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((&lines[..2], lines.len()), (&["c", "d"][..], 3));
        let report: serde_json::Value = serde_json::from_str(lines[2]).unwrap();
        assert_eq!((&report["lines"], &report["level"]), (&2.into(), &"WARN".into()), "{report}");
    }

    #[test]
    fn what_follows_half_a_line_has_a_line_of_its_own() {
        let (text, lost) = write_lines(&[3], &["torn\n", "whole\n"]);
        assert_eq!((text.lines().take(2).collect::<Vec<_>>(), lost), (vec!["tor", "whole"], 1));
    }
}
