//! Locks within the process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use ports::{Held, Locks, PortError};
use tokio::{
    sync::Notify,
    time::{self, Instant},
};

use crate::DURATION_MAX;

/// Locks in memory. Whoever waits longest is next; a name that nobody holds or waits for takes no room.
#[derive(Clone, Default)]
pub struct LocalLocks {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    names: HashMap<String, Line>,
    tickets: u64,
}

/// Who holds a name, and who stands in line for it, by ticket.
#[derive(Default)]
struct Line {
    holder: Option<Holder>,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

struct Holder {
    ticket: u64,
    lease_over: Instant,
}

impl Line {
    /// Wakes the next in line: it may hold now, or has a new lease to outwait.
    fn wake_next(&self) {
        if let Some((_, next)) = self.waiting.first_key_value() {
            next.notify_one();
        }
    }
}

#[async_trait]
impl Locks for LocalLocks {
    async fn acquire(&self, name: &str, lease: Duration, wait: Duration) -> Result<Option<Held>, PortError> {
        let deadline = now() + wait.min(DURATION_MAX);
        let guest = Guest::enter(&self.table, name);
        loop {
            // Looking comes before asking for the time, so that a wait of nothing still takes what is free.
            let until = match guest.look(lease.min(DURATION_MAX)) {
                Turn::Now => return Ok(Some(Held::new(guest.ticket, move || drop(guest)))),
                Turn::Next { lease_over } => lease_over.min(deadline),
                Turn::Later => deadline,
            };
            if deadline <= now() {
                return Ok(None);
            }
            // Whatever ends the wait, looking again tells what it means.
            let _ended = time::timeout_at(until, guest.woken.notified()).await;
        }
    }
}

/// How far a guest has come.
enum Turn {
    /// It holds.
    Now,
    /// It is the first in line, and may hold when the lease is over, if not before.
    Next { lease_over: Instant },
    /// Others stand before it.
    Later,
}

/// Somebody who waits for a name or holds it, until dropped.
struct Guest {
    table: Arc<Mutex<Table>>,
    name: String,
    /// Nobody with a smaller one gets the name afterwards, so it fences too.
    ticket: u64,
    woken: Arc<Notify>,
}

impl Guest {
    /// Stands in line.
    fn enter(table: &Arc<Mutex<Table>>, name: &str) -> Self {
        let woken = Arc::new(Notify::new());
        let mut locked = lock(table);
        // No process hands out 2^64 tickets.
        locked.tickets = locked.tickets.wrapping_add(1);
        let ticket = locked.tickets;
        locked.names.entry(name.to_owned()).or_default().waiting.insert(ticket, Arc::clone(&woken));
        drop(locked);
        Self { table: Arc::clone(table), name: name.to_owned(), ticket, woken }
    }

    /// Takes the name if nobody stands before, and it is free or its lease over.
    fn look(&self, lease: Duration) -> Turn {
        let mut table = lock(&self.table);
        let Some(line) = table.names.get_mut(&self.name) else { return Turn::Later };
        if line.waiting.first_key_value().is_none_or(|(first, _)| *first != self.ticket) {
            return Turn::Later;
        }
        let now = now();
        if let Some(holder) = &line.holder
            && now < holder.lease_over
        {
            return Turn::Next { lease_over: holder.lease_over };
        }
        line.waiting.remove(&self.ticket);
        line.holder = Some(Holder { ticket: self.ticket, lease_over: now + lease });
        line.wake_next();
        Turn::Now
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        let Some(line) = table.names.get_mut(&self.name) else { return };
        line.waiting.remove(&self.ticket);
        // After a lease somebody else may be the holder: that is left alone.
        line.holder.take_if(|holder| holder.ticket == self.ticket);
        line.wake_next();
        if line.holder.is_none() && line.waiting.is_empty() {
            table.names.remove(&self.name);
        }
    }
}

/// Nothing that could panic half-way is done under the lock, so that a poisoned one is as good as any.
fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a lease is a length of time: it does not follow the clock on the wall"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn names(locks: &LocalLocks) -> usize {
        lock(&locks.table).names.len()
    }

    #[tokio::test]
    async fn a_name_that_nobody_uses_takes_no_room() {
        let locks = LocalLocks::default();
        let held = locks.acquire("name", LONG, LONG).await.unwrap();
        assert!(locks.acquire("name", LONG, Duration::ZERO).await.unwrap().is_none());
        let dropped = time::timeout(Duration::from_millis(5), locks.acquire("name", LONG, LONG)).await;
        assert!(dropped.is_err());
        assert_eq!(names(&locks), 1);
        drop(held);
        assert_eq!(names(&locks), 0);
    }

    #[tokio::test]
    async fn a_name_that_was_overstayed_takes_no_room_either() {
        let locks = LocalLocks::default();
        let late = locks.acquire("name", Duration::ZERO, LONG).await.unwrap();
        let new = locks.acquire("name", LONG, LONG).await.unwrap();
        drop(new);
        assert_eq!(names(&locks), 0);
        drop(late);
        assert_eq!(names(&locks), 0);
    }

    #[tokio::test]
    async fn whoever_waits_longest_is_next() {
        let locks = LocalLocks::default();
        let held = locks.acquire("name", LONG, LONG).await.unwrap();
        let turns = Mutex::new(Vec::new());
        let turn = async |number: u8| {
            let _held = locks.acquire("name", LONG, LONG).await.unwrap().unwrap();
            turns.lock().unwrap().push(number);
        };
        tokio::join!(turn(1), turn(2), turn(3), async { drop(held) });
        assert_eq!(turns.into_inner().unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_latecomer_does_not_overtake_whoever_waits() {
        let locks = LocalLocks::default();
        let held = locks.acquire("name", LONG, LONG).await.unwrap();
        let mut first = locks.acquire("name", LONG, LONG);
        assert!(time::timeout(Duration::from_millis(5), &mut first).await.is_err(), "it waits");
        drop(held);
        assert!(locks.acquire("name", LONG, Duration::ZERO).await.unwrap().is_none());
        assert!(first.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn thousands_may_wait() {
        let locks = LocalLocks::default();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..5_000 {
            let locks = locks.clone();
            tasks.spawn(async move { locks.acquire("name", LONG, LONG).await.unwrap().is_some() });
        }
        assert!(tasks.join_all().await.into_iter().all(|it| it));
        assert_eq!(names(&locks), 0);
    }
}
