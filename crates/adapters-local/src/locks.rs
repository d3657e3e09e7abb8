//! Locks within this process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use ports::{LockGuard, LockManager, PortError};
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use crate::DURATION_MAX;

/// Locks in memory, granted in the order of requests. A name that is neither held nor waited for takes no
/// memory.
///
/// One mutex guards all names: it is held for a few map operations and never across an await, so a table of
/// locks per name would gain nothing.
#[derive(Clone, Default)]
pub struct LocalLocks {
    table: Arc<Mutex<LockTable>>,
}

#[derive(Default)]
struct LockTable {
    queues: HashMap<String, LockQueue>,
    tickets: u64,
}

/// The holder of a name, and the requests that wait for it, by ticket.
#[derive(Default)]
struct LockQueue {
    holder: Option<Holder>,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

struct Holder {
    ticket: u64,
    lease_ends: Instant,
}

impl LockQueue {
    /// Wakes the next request: it may take the name now, or has a new lease to wait for.
    fn wake_next(&self) {
        if let Some((_, next)) = self.waiting.first_key_value() {
            next.notify_one();
        }
    }
}

#[async_trait]
impl LockManager for LocalLocks {
    async fn acquire_lock(
        &self,
        name: &str,
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError> {
        let deadline = instant_now() + wait.min(DURATION_MAX);
        let guest = LockRequest::join_queue(&self.table, name);
        loop {
            // Tried before the deadline is checked, so that a wait of zero still takes a lock that is free.
            let until = match guest.try_acquire(lease.min(DURATION_MAX)) {
                LockProgress::Acquired => return Ok(Some(LockGuard::new(guest.ticket, move || drop(guest)))),
                LockProgress::First { lease_ends } => lease_ends.min(deadline),
                LockProgress::Waiting => deadline,
            };
            if deadline <= instant_now() {
                return Ok(None);
            }
            // A wake-up, the end of a lease and the deadline all end here; the next attempt finds out which
            // it was. A notification that comes before the wait is stored, so none is missed.
            let _ended = time::timeout_at(until, guest.wakeup.notified()).await;
        }
    }
}

/// How far a request has come.
enum LockProgress {
    /// The request holds the lock now.
    Acquired,
    /// It is the next one: it gets the lock when the holder's lease ends, if not before.
    First { lease_ends: Instant },
    /// Other requests are before it in the queue.
    Waiting,
}

/// A request that waits for a name or holds it, until it is dropped: a caller that stops waiting leaves the
/// queue.
struct LockRequest {
    table: Arc<Mutex<LockTable>>,
    name: String,
    /// Place in the queue. Tickets are granted in rising order, so it is the fencing token as well.
    ticket: u64,
    wakeup: Arc<Notify>,
}

impl LockRequest {
    /// Adds a request at the end of the queue of this name.
    fn join_queue(table: &Arc<Mutex<LockTable>>, name: &str) -> Self {
        let woken = Arc::new(Notify::new());
        let mut locked = lock_table(table);
        // Does not wrap: no process lives long enough for 2^64 tickets.
        locked.tickets = locked.tickets.wrapping_add(1);
        let ticket = locked.tickets;
        locked.queues.entry(name.to_owned()).or_default().waiting.insert(ticket, Arc::clone(&woken));
        drop(locked);
        Self { table: Arc::clone(table), name: name.to_owned(), ticket, wakeup: woken }
    }

    /// Takes the lock if this request is the next one and the lock is free or its lease has ended.
    fn try_acquire(&self, lease: Duration) -> LockProgress {
        let mut table = lock_table(&self.table);
        let Some(line) = table.queues.get_mut(&self.name) else { return LockProgress::Waiting };
        if line.waiting.first_key_value().is_none_or(|(first, _)| *first != self.ticket) {
            return LockProgress::Waiting;
        }
        let now = instant_now();
        if let Some(holder) = &line.holder
            && now < holder.lease_ends
        {
            return LockProgress::First { lease_ends: holder.lease_ends };
        }
        line.waiting.remove(&self.ticket);
        line.holder = Some(Holder { ticket: self.ticket, lease_ends: now + lease });
        // The next request is the first in the queue now, and has to learn when this lease ends.
        line.wake_next();
        LockProgress::Acquired
    }
}

impl Drop for LockRequest {
    fn drop(&mut self) {
        let mut table = lock_table(&self.table);
        let Some(line) = table.queues.get_mut(&self.name) else { return };
        line.waiting.remove(&self.ticket);
        // After the end of the lease another request may hold the lock, and must keep it.
        line.holder.take_if(|holder| holder.ticket == self.ticket);
        line.wake_next();
        // Names come from clients' requests: an entry that stayed would be a leak.
        if line.holder.is_none() && line.waiting.is_empty() {
            table.queues.remove(&self.name);
        }
    }
}

/// Locks the table, also when it is poisoned: nothing under this lock can panic half-way through a change.
fn lock_table(table: &Mutex<LockTable>) -> MutexGuard<'_, LockTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a lease is a length of time: it does not follow the clock on the wall"
)]
fn instant_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn name_count(locks: &LocalLocks) -> usize {
        lock_table(&locks.table).queues.len()
    }

    #[tokio::test]
    async fn an_unused_name_takes_no_room() {
        let locks = LocalLocks::default();
        let held = locks.acquire_lock("name", LONG, LONG).await.unwrap();
        assert!(locks.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().is_none());
        let dropped = time::timeout(Duration::from_millis(5), locks.acquire_lock("name", LONG, LONG)).await;
        assert!(dropped.is_err());
        assert_eq!(name_count(&locks), 1);
        drop(held);
        assert_eq!(name_count(&locks), 0);
    }

    #[tokio::test]
    async fn a_name_that_was_overstayed_takes_no_room_either() {
        let locks = LocalLocks::default();
        let late = locks.acquire_lock("name", Duration::ZERO, LONG).await.unwrap();
        let new = locks.acquire_lock("name", LONG, LONG).await.unwrap();
        drop(new);
        assert_eq!(name_count(&locks), 0);
        drop(late);
        assert_eq!(name_count(&locks), 0);
    }

    #[tokio::test]
    async fn the_caller_that_waits_longest_is_next() {
        let locks = LocalLocks::default();
        let held = locks.acquire_lock("name", LONG, LONG).await.unwrap();
        let turns = Mutex::new(Vec::new());
        let turn = async |number: u8| {
            let _held = locks.acquire_lock("name", LONG, LONG).await.unwrap().unwrap();
            turns.lock().unwrap().push(number);
        };
        tokio::join!(turn(1), turn(2), turn(3), async { drop(held) });
        assert_eq!(turns.into_inner().unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_late_caller_does_not_overtake_a_waiting_one() {
        let locks = LocalLocks::default();
        let held = locks.acquire_lock("name", LONG, LONG).await.unwrap();
        let mut first = locks.acquire_lock("name", LONG, LONG);
        assert!(time::timeout(Duration::from_millis(5), &mut first).await.is_err(), "it waits");
        drop(held);
        assert!(locks.acquire_lock("name", LONG, Duration::ZERO).await.unwrap().is_none());
        assert!(first.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn thousands_may_wait() {
        let locks = LocalLocks::default();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..5_000 {
            let locks = locks.clone();
            tasks.spawn(async move { locks.acquire_lock("name", LONG, LONG).await.unwrap().is_some() });
        }
        assert!(tasks.join_all().await.into_iter().all(|it| it));
        assert_eq!(name_count(&locks), 0);
    }
}
