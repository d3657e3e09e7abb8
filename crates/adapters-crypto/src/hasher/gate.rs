//! Letting only so much work in.

use std::sync::Arc;

use ports::HasherBusy;
use tokio::{sync::Semaphore, task};

/// Lets a few work at a time, and a few more wait.
#[derive(Debug)]
pub(super) struct Gate {
    /// One place for everybody inside, at work or waiting.
    places: Arc<Semaphore>,
    /// One turn for everybody at work.
    turns: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        let inside = at_once.saturating_add(waiting_max).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(inside)), turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Does the work on a thread for blocking work, as soon as it is its turn.
    ///
    /// Work that was begun is finished although nobody waits for it any more, and keeps its turn until then.
    ///
    /// # Errors
    /// [`HasherBusy`] at once when there is no place; also when the work panics or the runtime shuts down.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HasherBusy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| HasherBusy)?;
        let work = move || {
            let done = work();
            drop((turn, place));
            done
        };
        task::spawn_blocking(work).await.map_err(|_| HasherBusy)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        thread,
        time::Duration,
    };

    use tokio::{task::JoinSet, time};

    use super::*;

    /// Longer than any test takes; how long a failing one hangs.
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn in_a_storm_only_so_many_work_at_a_time() {
        for at_once in [1, 3] {
            let gate = Arc::new(Gate::new(at_once, 100));
            let (working, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let mut tasks = JoinSet::new();
            for _ in 0..at_once + 100 {
                let (gate, working, most) = (Arc::clone(&gate), Arc::clone(&working), Arc::clone(&most));
                tasks.spawn(async move {
                    let work = move || {
                        most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(1));
                        working.fetch_sub(1, Ordering::SeqCst);
                    };
                    gate.run(work).await
                });
            }
            assert!(tasks.join_all().await.iter().all(Result::is_ok), "everybody had a place");
            assert!(most.load(Ordering::SeqCst) <= at_once);
        }
    }

    #[tokio::test]
    async fn beyond_the_bound_it_is_busy_at_once_and_not_for_ever() {
        let gate = Gate::new(1, 2);
        let (finish, finished) = mpsc::channel::<()>();
        let long = gate.run(move || finished.recv_timeout(LONG).is_ok());
        let [one, two] = [(); 2].map(|()| gate.run(|| true));
        let refused = async {
            let refused = gate.run(|| true).await;
            finish.send(()).unwrap();
            refused
        };
        let (long, one, two, refused) = tokio::join!(long, one, two, refused);
        assert_eq!((long, one, two), (Ok(true), Ok(true), Ok(true)));
        assert_eq!(refused, Err(HasherBusy));
        assert_eq!(gate.run(|| true).await, Ok(true));
    }

    #[tokio::test]
    async fn whoever_stops_waiting_gives_the_place_back() {
        let gate = Gate::new(1, 1);
        let (finish, finished) = mpsc::channel::<()>();
        let mut long = Box::pin(gate.run(move || finished.recv_timeout(LONG).is_ok()));
        assert!(time::timeout(Duration::from_millis(5), &mut long).await.is_err());
        assert!(time::timeout(Duration::from_millis(5), gate.run(|| true)).await.is_err(), "it waits");
        let (long, next, ()) = tokio::join!(long, gate.run(|| true), async { finish.send(()).unwrap() });
        assert_eq!((long, next), (Ok(true), Ok(true)));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_turn() {
        let gate = Gate::new(1, 1);
        let (finish, finished) = mpsc::channel::<()>();
        let left =
            time::timeout(Duration::from_millis(5), gate.run(move || finished.recv_timeout(LONG).is_ok()));
        assert!(left.await.is_err());
        assert!(time::timeout(Duration::from_millis(5), gate.run(|| ())).await.is_err(), "the turn is taken");
        finish.send(()).unwrap();
        assert_eq!(gate.run(|| ()).await, Ok(()));
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let gate = Gate::new(1, 0);
        assert_eq!(gate.run(|| assert!(thread::panicking(), "on purpose")).await, Err(HasherBusy));
        assert_eq!(gate.run(|| ()).await, Ok(()));
    }
}
