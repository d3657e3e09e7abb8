//! How long a reader may take.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use crate::stopwatch::Stopwatch;

/// A reader may take nothing for this long.
pub(super) const AT_ONCE: Duration = Duration::from_secs(10);
/// A reader may let the service wait for this long in all.
const IN_ALL: Duration = Duration::from_secs(30);
/// For each of these bytes that it takes, it has let the service wait for a second less.
const BYTES_A_SECOND: u64 = 16 * 1024;

/// How long the reader of a connection has let the service wait.
#[derive(Default)]
pub(super) struct Patience {
    waiting: Option<(Stopwatch, Pin<Box<Sleep>>)>,
    waited: Duration,
}

impl Patience {
    /// The reader has taken so many bytes.
    pub(super) fn note_taken(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        if !self.waited.is_zero() {
            let micros = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(1_000_000) / BYTES_A_SECOND;
            self.waited = self.waited.saturating_sub(Duration::from_micros(micros));
        }
    }

    /// The reader takes nothing at present: ready when that has been so for too long.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = || AT_ONCE.min(IN_ALL.saturating_sub(self.waited));
        let (_, end) = self.waiting.get_or_insert_with(|| (Stopwatch::start(), Box::pin(sleep(left()))));
        end.as_mut().poll(context)
    }
}
