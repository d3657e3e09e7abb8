//! The only place of this crate that starts tasks, so that a shutdown can wait for every one of them.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracer::keep_trace;
use tracing::Instrument;

/// Most writes that run at once. One more is refused before it begins, so that nothing of it is done.
const WRITES_MAX: usize = 2048;
/// Most passwords that are hashed or wait for it at once: a quarter of all writes, so that a flood of logins
/// leaves the rest to orders and notices.
pub const HASHING_MAX: usize = 512;
const _: () = assert!(HASHING_MAX <= WRITES_MAX / 4, "a crowd that logs in leaves permits for orders");

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

/// The tasks of this process: writes that must end, and background loops.
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

    /// Runs a write to its end, even when the caller stops waiting: a client that disconnects, or a deadline,
    /// must not cut it between two commits.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn run_to_end<T>(&self, write: impl Future<Output = T> + Send + 'static) -> Result<T, RunError>
    where
        T: Send + 'static,
    {
        // No queue for permits: it would hide the overload from clients, and a write that waits may begin
        // after its client has given up.
        let permit = Arc::clone(&self.write_permits).try_acquire_owned().map_err(|_| RunError::Overloaded)?;
        // The task owns the permit: it is free when the write ends, not when the caller stops waiting.
        let write = async move {
            let outcome = write.await;
            drop(permit);
            outcome
        };
        match self.tracker.spawn(keep_trace(write.in_current_span())).await {
            Ok(outcome) => Ok(outcome),
            // Raised again here, so that the middleware answers it like a panic of the handler itself.
            Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
            // The runtime is shutting down and has cancelled the task.
            Err(_) => Err(RunError::Cancelled),
        }
    }

    /// Starts background work. It must end by itself, because a shutdown waits for it.
    pub fn spawn_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Waits until all tasks have ended.
    pub async fn wait_all(&self) {
        // Waiting ends only on a closed tracker. Closing refuses nothing: the last requests may still start
        // writes.
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
    async fn a_write_ends_although_its_caller_has_gone() {
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
        assert_eq!(refused, Err::<(), _>(RunError::Overloaded));
    }

    #[tokio::test]
    #[should_panic(expected = "a fault")]
    async fn a_panic_reaches_the_caller() {
        let _ = Tasks::default().run_to_end(async { panic!("a fault") }).await;
    }
}
