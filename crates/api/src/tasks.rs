//! The only place that starts tasks, so that a shutdown can wait for every one of them.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// How many writes run at once; one more is turned away before it begins.
const WRITES_MAX: usize = 2048;
/// Most writes that may be at the hasher, at work or waiting: they are at most so many of those that run, and orders and
/// notices have the others.
pub const HASHING_MAX: usize = 512;
const _: () = assert!(HASHING_MAX <= WRITES_MAX / 4, "a crowd that logs in leaves room for orders");

/// Why a write did not run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Too many are running; this one was not begun.
    #[error("too many writes are running")]
    Overloaded,
    /// The runtime ended it while it stopped: how far it came is not known.
    #[error("the write was ended while it ran")]
    Cancelled,
}

/// Everything that runs beside the requests.
#[derive(Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    room: Arc<Semaphore>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::with_room(WRITES_MAX)
    }
}

impl Tasks {
    fn with_room(writes_max: usize) -> Self {
        Self { tracker: TaskTracker::new(), room: Arc::new(Semaphore::new(writes_max)) }
    }

    /// Runs a write to its end, even when its caller no longer waits for it: a client that goes away, or a deadline, must not
    /// cut it in half between two commits.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn run_to_end<T>(&self, write: impl Future<Output = T> + Send + 'static) -> Result<T, RunError>
    where
        T: Send + 'static,
    {
        let permit = Arc::clone(&self.room).try_acquire_owned().map_err(|_| RunError::Overloaded)?;
        let write = async move {
            let outcome = write.await;
            drop(permit);
            outcome
        };
        match self.tracker.spawn(write.in_current_span()).await {
            Ok(outcome) => Ok(outcome),
            // The frame catches it, like one of the handler's own.
            Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
            Err(_) => Err(RunError::Cancelled),
        }
    }

    /// Runs something beside the requests, until it ends by itself.
    pub fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Waits until nothing runs any more.
    pub async fn finished(&self) {
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
        tasks.finished().await;
    }

    #[tokio::test]
    async fn what_finds_no_room_is_not_begun() {
        let tasks = Tasks::with_room(0);
        let refused = tasks.run_to_end(async { panic!("it was begun") }).await;
        assert_eq!(refused, Err::<(), _>(RunError::Overloaded));
    }

    #[tokio::test]
    #[should_panic(expected = "a fault")]
    async fn a_panic_reaches_whoever_waits() {
        let _ = Tasks::default().run_to_end(async { panic!("a fault") }).await;
    }
}
