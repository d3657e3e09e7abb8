//! The only place that starts tasks, so that a shutdown can wait for every one of them.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::http::problem::{Kind, Problem, RETRY_UNAVAILABLE};

/// How many writes run at once; one more is turned away before it begins.
const WRITES_MAX: usize = 2048;
/// Most writes that may be at the hasher, at work or waiting: they are at most so many of those that run, and orders and
/// notices have the others.
pub const HASHING_MAX: usize = 512;
const _: () = assert!(HASHING_MAX <= WRITES_MAX / 4, "a crowd that logs in leaves room for orders");

/// Everything that runs beside the requests.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    write_permits: Arc<Semaphore>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::with_writes_max(WRITES_MAX)
    }
}

impl Tasks {
    fn with_writes_max(writes_max: usize) -> Self {
        Self { tracker: TaskTracker::new(), write_permits: Arc::new(Semaphore::new(writes_max)) }
    }

    /// Runs a write to its end, even when whoever waits for it does not: a client that goes away, or a deadline, must not
    /// cut it in half between two commits.
    ///
    /// # Errors
    /// `overloaded` when too many are running; this one was not begun.
    pub async fn run_to_end<T>(&self, write: impl Future<Output = T> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
    {
        let full = |_| Problem::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE);
        let turn = Arc::clone(&self.write_permits).try_acquire_owned().map_err(full)?;
        let write = async move {
            let outcome = write.await;
            drop(turn);
            outcome
        };
        match self.tracker.spawn(write.in_current_span()).await {
            Ok(outcome) => Ok(outcome),
            // The frame catches it, like one of the handler's own.
            Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
            Err(_) => Err(Kind::InternalError.into()),
        }
    }

    /// Runs something beside the requests, until it ends by itself.
    pub fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Waits until nothing runs any more.
    pub async fn wait_all(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_write_ends_though_nobody_waits_for_it() {
        let tasks = Tasks::default();
        let (go, told) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let write = async move {
            told.await.unwrap();
            done.send("written").unwrap();
        };
        let waited = tokio::time::timeout(Duration::from_millis(10), tasks.run_to_end(write)).await;
        assert!(waited.is_err(), "the deadline came first");
        go.send(()).unwrap();
        assert_eq!(is_done.await, Ok("written"));
        tasks.wait_all().await;
    }

    #[tokio::test]
    async fn what_finds_no_room_is_not_begun() {
        let tasks = Tasks::with_writes_max(0);
        let refused = tasks.run_to_end(async { panic!("it was begun") }).await;
        assert_eq!(refused.map_err(|it| it.kind()), Err::<(), _>(Kind::Overloaded));
    }

    #[tokio::test]
    #[should_panic(expected = "a fault")]
    async fn a_panic_reaches_whoever_waits() {
        let _ = Tasks::default().run_to_end(async { panic!("a fault") }).await;
    }
}
