//! A limit on the passwords that are hashed at once, with a fair queue for those that wait.
//!
//! A permit is handed over, not put back: work that ends passes it to the next waiter, so that a newcomer
//! cannot take it in between and no waiter is starved.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ports::{HashQueueKey, HasherBusy};
use tokio::{sync::oneshot, task, time::timeout};

use super::fair_queue::{FairQueue, QueueLimits};

/// Lets a few hashes run at a time and a few more wait, in the order of a [`FairQueue`].
#[derive(Debug, Clone)]
pub(super) struct HashLimiter {
    state: Arc<Mutex<LimiterState>>,
    queue_timeout: Duration,
}

/// Longest wait for a permit, unless another limit is set.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct LimiterState {
    /// Permits that are free; zero while anything waits.
    free_permits: usize,
    queue: FairQueue<oneshot::Sender<Permit>>,
}

impl HashLimiter {
    /// At most `waiting_max` wait for each purpose, three quarters of them from one network.
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        let quarter = waiting_max.div_euclid(4);
        let places =
            QueueLimits { per_purpose: waiting_max, per_network: waiting_max.saturating_sub(quarter) };
        let inside = LimiterState { free_permits: at_once.max(1), queue: FairQueue::new(places) };
        Self { state: Arc::new(Mutex::new(inside)), queue_timeout: QUEUE_TIMEOUT }
    }

    /// Replaces the longest wait for a permit.
    pub(super) fn with_queue_timeout(self, patience: Duration) -> Self {
        Self { queue_timeout: patience, ..self }
    }

    /// Runs the work on a thread for blocking work, as soon as it gets a permit.
    ///
    /// Work that has begun runs to its end even when the caller stops waiting, and holds its permit until
    /// then.
    ///
    /// # Errors
    /// [`HasherBusy`] at once when the queue is full; also when a network with fewer waiters needs this place
    /// in the queue, when no permit comes in time, when the work panics, and when the runtime shuts down.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        share: HashQueueKey,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let turn = self.acquire_permit(share).await?;
        // The permit goes to the thread: a blocking thread cannot be cancelled, and if the permit were free
        // as soon as the caller leaves, more threads would hash than there are permits.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        task::spawn_blocking(work).await.map_err(|_| HasherBusy)
    }

    /// Waits for a permit, within the time limit.
    async fn acquire_permit(&self, share: HashQueueKey) -> Result<Permit, HasherBusy> {
        let mut waiting = match self.try_acquire(share) {
            AcquireOutcome::Acquired(turn) => return Ok(turn),
            AcquireOutcome::Queued(waiting) => waiting,
            AcquireOutcome::Full => return Err(HasherBusy),
        };
        let called = timeout(self.queue_timeout, &mut waiting.permit).await;
        called.map_err(|_| HasherBusy)?.map_err(|_| HasherBusy)
    }

    fn try_acquire(&self, share: HashQueueKey) -> AcquireOutcome {
        // Both steps under one lock: between a look at the permits and a place in the queue the last permit
        // could be given back, and the waiter would wait for a hand-over that never comes.
        self.with_state(|inside| {
            if let Some(left) = inside.free_permits.checked_sub(1) {
                inside.free_permits = left;
                return AcquireOutcome::Acquired(Permit(self.clone()));
            }
            let (call, called) = oneshot::channel();
            match inside.queue.add_waiter(share, call) {
                Some(ticket) => AcquireOutcome::Queued(QueuedRequest {
                    limiter: self.clone(),
                    share,
                    ticket,
                    permit: called,
                }),
                None => AcquireOutcome::Full,
            }
        })
    }

    fn with_state<T>(&self, change: impl FnOnce(&mut LimiterState) -> T) -> T {
        // Never held across an await, and nothing under it panics half-way, so a poisoned lock is used on.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The outcome of a request for a permit.
enum AcquireOutcome {
    Acquired(Permit),
    Queued(QueuedRequest),
    Full,
}

/// A place in the queue, given back when it is dropped: the caller may stop waiting at any time.
struct QueuedRequest {
    limiter: HashLimiter,
    share: HashQueueKey,
    ticket: u64,
    permit: oneshot::Receiver<Permit>,
}

impl Drop for QueuedRequest {
    fn drop(&mut self) {
        self.limiter.with_state(|inside| inside.queue.remove_waiter(self.share, self.ticket));
    }
}

/// The right to hash. When it is dropped, it passes to the next waiter.
#[derive(Debug)]
struct Permit(HashLimiter);

impl Drop for Permit {
    fn drop(&mut self) {
        let next = self.0.with_state(|inside| {
            let next = inside.queue.next();
            if next.is_none() {
                inside.free_permits = inside.free_permits.saturating_add(1);
            }
            next
        });
        // Outside the lock: a receiver that has just gone away drops this permit at once, which takes the
        // lock again and passes the permit on to the waiter behind it.
        if let Some(call) = next {
            let _ = call.send(Permit(self.0.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv4Addr},
        pin::Pin,
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        task::{Context, Poll, Waker},
        thread,
        time::Duration,
    };

    use domain::Network;
    use ports::HashPurpose;
    use tokio::{
        runtime::{self, Runtime},
        task::JoinSet,
        time,
    };

    use super::*;

    fn share_of(purpose: HashPurpose, network: u8) -> HashQueueKey {
        HashQueueKey {
            purpose,
            network: Network::from_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, network))),
        }
    }

    fn login() -> HashQueueKey {
        share_of(HashPurpose::Login, 1)
    }

    /// Longer than any test takes; how long a failing one hangs.
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn in_a_storm_only_so_many_work_at_a_time() {
        for at_once in [1, 3] {
            let gate = HashLimiter::new(at_once, 200);
            let (working, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let mut tasks = JoinSet::new();
            for _ in 0..at_once + 100 {
                let (gate, working, most) = (gate.clone(), Arc::clone(&working), Arc::clone(&most));
                tasks.spawn(async move {
                    let work = move || {
                        most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(1));
                        working.fetch_sub(1, Ordering::SeqCst);
                    };
                    gate.run_blocking(login(), work).await
                });
            }
            assert!(tasks.join_all().await.iter().all(Result::is_ok), "everybody had a place");
            assert!(most.load(Ordering::SeqCst) <= at_once);
        }
    }

    #[tokio::test]
    async fn beyond_the_bound_it_is_busy_at_once_and_not_for_ever() {
        let gate = HashLimiter::new(1, 2);
        let (finish, finished) = mpsc::channel::<()>();
        let long = gate.run_blocking(login(), move || finished.recv_timeout(LONG).is_ok());
        let [one, two] = [(); 2].map(|()| gate.run_blocking(login(), || true));
        let refused = async {
            let refused = gate.run_blocking(login(), || true).await;
            finish.send(()).unwrap();
            refused
        };
        let (long, one, two, refused) = tokio::join!(long, one, two, refused);
        assert_eq!((long, one, two), (Ok(true), Ok(true), Ok(true)));
        assert_eq!(refused, Err(HasherBusy));
        assert_eq!(gate.run_blocking(login(), || true).await, Ok(true));
    }

    #[tokio::test]
    async fn a_caller_that_stops_waiting_gives_the_place_back() {
        let gate = HashLimiter::new(1, 1);
        let (finish, finished) = mpsc::channel::<()>();
        let mut long = Box::pin(gate.run_blocking(login(), move || finished.recv_timeout(LONG).is_ok()));
        assert!(time::timeout(Duration::from_millis(5), &mut long).await.is_err());
        assert!(
            time::timeout(Duration::from_millis(5), gate.run_blocking(login(), || true)).await.is_err(),
            "it waits"
        );
        let (long, next, ()) =
            tokio::join!(long, gate.run_blocking(login(), || true), async { finish.send(()).unwrap() });
        assert_eq!((long, next), (Ok(true), Ok(true)));
    }

    #[tokio::test]
    async fn work_whose_caller_has_gone_keeps_its_turn() {
        let gate = HashLimiter::new(1, 1);
        let (finish, finished) = mpsc::channel::<()>();
        let left = time::timeout(
            Duration::from_millis(5),
            gate.run_blocking(login(), move || finished.recv_timeout(LONG).is_ok()),
        );
        assert!(left.await.is_err());
        assert!(
            time::timeout(Duration::from_millis(5), gate.run_blocking(login(), || ())).await.is_err(),
            "the turn is taken"
        );
        finish.send(()).unwrap();
        assert_eq!(gate.run_blocking(login(), || ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_turn_that_does_not_come_in_time_is_waited_for_no_longer() {
        let gate = HashLimiter::new(1, 1).with_queue_timeout(Duration::from_millis(5));
        let (finish, finished) = mpsc::channel::<()>();
        let long = gate.run_blocking(login(), move || finished.recv_timeout(LONG).is_ok());
        let (long, busy) = tokio::join!(long, async {
            let busy = gate.run_blocking(login(), || panic!("it is not its turn")).await;
            finish.send(()).unwrap();
            busy
        });
        assert_eq!((long, busy), (Ok(true), Err::<(), _>(HasherBusy)));
        assert_eq!(gate.run_blocking(login(), || ()).await, Ok(()), "and its place is free");
    }

    #[test]
    fn one_that_loses_its_place_to_a_third_network_is_busy() {
        let timers = timer_runtime();
        let _timers = timers.enter();
        let gate = HashLimiter::new(1, 4);
        let mut at_work = start_waiting(&gate, login());
        let Poll::Ready(Ok(_turn)) = poll(&mut at_work) else { panic!("it is free") };
        let mut waiting: Vec<Wait<'_>> =
            [1, 1, 1, 2].map(|network| start_waiting(&gate, share_of(HashPurpose::Login, network))).into();
        assert!(waiting.iter_mut().all(|it| poll(it).is_pending()));
        let mut third = start_waiting(&gate, share_of(HashPurpose::Login, 3));
        assert!(poll(&mut third).is_pending(), "it has a place");
        let lost: Vec<_> = waiting.iter_mut().map(|it| poll(it).is_ready()).collect();
        assert_eq!(lost, [false, false, true, false]);
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let gate = HashLimiter::new(1, 0);
        assert_eq!(
            gate.run_blocking(login(), || assert!(thread::panicking(), "on purpose")).await,
            Err(HasherBusy)
        );
        assert_eq!(gate.run_blocking(login(), || ()).await, Ok(()));
    }

    /// What waits needs a timer, though nothing here lets time pass; as no task, so that it may be polled at will.
    fn timer_runtime() -> Runtime {
        runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    /// A turn that waits.
    type Wait<'g> = Pin<Box<dyn Future<Output = Result<Permit, HasherBusy>> + 'g>>;

    fn start_waiting(gate: &HashLimiter, share: HashQueueKey) -> Wait<'_> {
        Box::pin(gate.acquire_permit(share))
    }

    fn poll(wait: &mut Wait<'_>) -> Poll<Result<Permit, HasherBusy>> {
        wait.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// How many others have their turn before `last`, which comes when 70 `first` wait already.
    fn turns_before(first: HashQueueKey, last: HashQueueKey) -> usize {
        let timers = timer_runtime();
        let _timers = timers.enter();
        let gate = HashLimiter::new(1, 96);
        let mut at_work = start_waiting(&gate, first);
        let Poll::Ready(Ok(mut turn)) = poll(&mut at_work) else { panic!("it is free") };
        let mut waiting: Vec<Wait<'_>> = (0..70).map(|_| start_waiting(&gate, first)).collect();
        assert!(waiting.iter_mut().all(|it| poll(it).is_pending()));
        let mut last = start_waiting(&gate, last);
        assert!(poll(&mut last).is_pending());
        for before in 0..=waiting.len() {
            drop(turn);
            if poll(&mut last).is_ready() {
                return before;
            }
            let called = waiting.iter_mut().enumerate().find_map(|(at, it)| match poll(it) {
                Poll::Ready(called) => Some((at, called.unwrap())),
                Poll::Pending => None,
            });
            let (at, next) = called.expect("a turn is never lost");
            turn = next;
            drop(waiting.remove(at));
        }
        panic!("it never comes")
    }

    #[test]
    fn a_login_waits_for_two_hashes_at_most_while_seventy_register() {
        let register = share_of(HashPurpose::Register, 1);
        assert!(turns_before(register, login()) <= 1, "and the one that is at work");
    }

    #[test]
    fn a_network_waits_for_two_hashes_at_most_while_another_one_floods_logins() {
        assert!(turns_before(login(), share_of(HashPurpose::Login, 2)) <= 1, "and the one that is at work");
    }

    #[test]
    fn one_that_logged_in_before_waits_for_two_hashes_at_most_while_a_hundred_networks_log_in() {
        let timers = timer_runtime();
        let _timers = timers.enter();
        let gate = HashLimiter::new(1, 96);
        let mut at_work = start_waiting(&gate, login());
        let Poll::Ready(Ok(turn)) = poll(&mut at_work) else { panic!("it is free") };
        let mut crowd: Vec<Wait<'_>> =
            (0..100).map(|network| start_waiting(&gate, share_of(HashPurpose::Login, network))).collect();
        let refused = crowd.iter_mut().map(poll).filter(Poll::is_ready).count();
        assert_eq!(refused, 4, "there are no more places");
        let mut known = start_waiting(&gate, share_of(HashPurpose::KnownLogin, 200));
        assert!(poll(&mut known).is_pending(), "it has one");
        drop(turn);
        let first = crowd[..96].iter_mut().filter_map(|it| match poll(it) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        });
        let turns: Vec<_> = first.collect();
        assert!(turns.len() <= 1, "{} were called before", turns.len());
        drop(turns);
        assert!(poll(&mut known).is_ready());
    }

    #[test]
    fn a_turn_that_is_given_to_one_that_leaves_goes_on() {
        let timers = timer_runtime();
        let _timers = timers.enter();
        let gate = HashLimiter::new(1, 4);
        let mut at_work = start_waiting(&gate, login());
        let Poll::Ready(Ok(turn)) = poll(&mut at_work) else { panic!("it is free") };
        let mut waiting: [Wait<'_>; 3] = std::array::from_fn(|_| start_waiting(&gate, login()));
        assert!(waiting.iter_mut().all(|it| poll(it).is_pending()));
        drop(turn);
        let [called, queued, mut last] = waiting;
        drop((called, queued));
        assert!(poll(&mut last).is_ready(), "one had left with the turn, one from the line");
    }
}
