//! The time limit for a client that reads its answers slowly.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use crate::stopwatch::Stopwatch;

/// Longest time in which a reader takes not a single byte.
pub(super) const STALL_MAX: Duration = Duration::from_secs(10);
/// Longest time in all that a reader may make the service wait, less what it has earned by reading.
const TOTAL_WAIT_MAX: Duration = Duration::from_secs(30);
/// Bytes that a reader must take to earn back one second: the slowest steady reader of a long answer.
const BYTES_PER_SECOND: u64 = 16 * 1024;

/// How long the reader of one connection has made the service wait.
///
/// A limit on the pause alone would let a client read one byte every nine seconds forever. So waiting adds
/// up, and reading pays it back at 16 KiB a second.
#[derive(Default)]
pub(super) struct WriteTimeout {
    waiting: Option<(Stopwatch, Pin<Box<Sleep>>)>,
    waited: Duration,
}

impl WriteTimeout {
    /// Ends the wait, if there was one, and credits the bytes that the reader has taken.
    pub(super) fn credit_bytes(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        // Nothing is saved up: credit only pays back time that was waited before.
        if !self.waited.is_zero() {
            let micros =
                u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000) / BYTES_PER_SECOND;
            self.waited = self.waited.saturating_sub(Duration::from_micros(micros));
        }
    }

    /// Called while the reader takes nothing; ready when it has made the service wait for too long.
    pub(super) fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = || STALL_MAX.min(TOTAL_WAIT_MAX.saturating_sub(self.waited));
        // The timer starts with the first pending write and is kept for those that follow: a poll without
        // progress must not extend the limit.
        let (_, end) = self.waiting.get_or_insert_with(|| (Stopwatch::start(), Box::pin(sleep(left()))));
        end.as_mut().poll(context)
    }
}
