//! How long a reader may take.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use crate::metrics::Stopwatch;

/// A reader may take nothing for this long.
pub(super) const STALL_MAX: Duration = Duration::from_secs(10);
/// A reader may let the service wait for this long in all.
const TOTAL_WAIT_MAX: Duration = Duration::from_secs(30);
/// For each of these bytes that it takes, it has let the service wait for a second less.
const BYTES_PER_SECOND: u64 = 16 * 1024;

/// How long the reader of a connection has let the service wait.
#[derive(Default)]
pub(super) struct WriteTimeout {
    waiting: Option<(Stopwatch, Pin<Box<Sleep>>)>,
    waited: Duration,
}

impl WriteTimeout {
    /// The reader has taken so many bytes.
    pub(super) fn credit_bytes(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        if !self.waited.is_zero() {
            let micros =
                u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000) / BYTES_PER_SECOND;
            self.waited = self.waited.saturating_sub(Duration::from_micros(micros));
        }
    }

    /// The reader takes nothing at present: ready when that has been so for too long.
    pub(super) fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = || STALL_MAX.min(TOTAL_WAIT_MAX.saturating_sub(self.waited));
        let (_, end) = self.waiting.get_or_insert_with(|| (Stopwatch::start(), Box::pin(sleep(left()))));
        end.as_mut().poll(context)
    }
}
