//! Idempotency keys and orders that this process is handling.
//!
//! A second request with such a key, or a notice about such an order, waits here for its turn, at no cost for the lock
//! service and the database. Other processes know nothing of it: between them the lock, the unique key of the claim and
//! the revision of the order stand, as ever.

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::OrderNumber;
use ports::IdempotencyKey;
use tokio::{
    sync::{Mutex as Turns, OwnedMutexGuard},
    time::timeout,
};

/// The longest time that a notice, or the answer of a gateway, waits for its turn in this process, and a notice again for
/// the lock among all processes; after it both go on without them.
pub(crate) const NOTICE_WAIT: Duration = Duration::from_secs(2);

type Table<K> = Mutex<HashMap<K, Arc<Turns<()>>>>;

/// The idempotency keys of the requests that are under way.
pub type KeysInFlight = InFlight<IdempotencyKey>;
/// What notices and answers of gateways that are being committed are about, by the name of its lock.
pub type NoticesInFlight = InFlight<String>;

/// Names of what is under way. Each has at most one holder at a time; the others wait in the order in which they came.
#[derive(Debug)]
pub struct InFlight<K>(Arc<Table<K>>);

/// The name under which notices about an order take turns, in this process and among all.
pub(crate) fn order_lock_name(order: &OrderNumber) -> String {
    format!("order:{order}")
}

impl<K> Default for InFlight<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

// By hand: the names need not be cloned.
impl<K> Clone for InFlight<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Debug + Eq + Hash> InFlight<K> {
    /// Waits until nothing else of this process has the name; `None` if that takes longer than `wait`.
    pub(crate) async fn wait_for_turn(&self, name: &K, wait: Duration) -> Option<Turn<K>> {
        let turns = Arc::clone(lock_table(&self.0).entry(name.clone()).or_default());
        let place = Place { table: Arc::clone(&self.0), name: name.clone(), turns: Some(Arc::clone(&turns)) };
        if let Ok(turn) = Arc::clone(&turns).try_lock_owned() {
            return Some(Turn { _turn: turn, has_waited: false, _place: place });
        }
        let turn = timeout(wait, turns.lock_owned()).await.ok()?;
        Some(Turn { _turn: turn, has_waited: true, _place: place })
    }
}

fn lock_table<K>(table: &Table<K>) -> MutexGuard<'_, HashMap<K, Arc<Turns<()>>>> {
    // A panic cannot leave the map half changed, so a poisoned lock is used as it is.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn of one holder of a name, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<K: Eq + Hash> {
    // Dropped first, so that the place sees whether others wait for the name.
    _turn: OwnedMutexGuard<()>,
    has_waited: bool,
    _place: Place<K>,
}

impl<K: Eq + Hash> Turn<K> {
    /// Whether another one had the name when this one came, so that what it did may be known by now.
    pub(crate) const fn has_waited(&self) -> bool {
        self.has_waited
    }
}

/// A holder of a name, or one that waits for it.
#[derive(Debug)]
struct Place<K: Eq + Hash> {
    table: Arc<Table<K>>,
    name: K,
    /// `None` only while it is dropped.
    turns: Option<Arc<Turns<()>>>,
}

impl<K: Eq + Hash> Drop for Place<K> {
    /// Removes the name with its last holder: names come from clients, so an entry that stayed would be a leak.
    fn drop(&mut self) {
        let mut table = lock_table(&self.table);
        // Under the lock of the table, so that of two that leave at once the second one sees no other.
        drop(self.turns.take());
        if table.get(&self.name).is_some_and(|it| Arc::strong_count(it) == 1) {
            table.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(2);

    fn key(name: &str) -> IdempotencyKey {
        IdempotencyKey { owner: None, route: "POST /somewhere", key: name.to_owned() }
    }

    fn count_keys(keys: &KeysInFlight) -> usize {
        lock_table(&keys.0).len()
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_has_one_request_at_a_time_and_others_do_not_wait() {
        let keys = KeysInFlight::default();
        let first = keys.wait_for_turn(&key("a"), WAIT).await.unwrap();
        assert!(!first.has_waited());
        let other = keys.wait_for_turn(&key("b"), Duration::ZERO).await.unwrap();
        assert!(!other.has_waited(), "another key is free");
        assert!(keys.wait_for_turn(&key("a"), WAIT).await.is_none(), "the first one is not done");
        let release = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        let same = key("a");
        let (second, ()) = tokio::join!(keys.wait_for_turn(&same, WAIT), release);
        assert!(second.unwrap().has_waited());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_whose_requests_have_ended_or_given_up_takes_no_memory() {
        let keys = KeysInFlight::default();
        let first = keys.wait_for_turn(&key("a"), WAIT).await.unwrap();
        assert!(keys.wait_for_turn(&key("a"), WAIT).await.is_none());
        assert!(timeout(WAIT / 2, keys.wait_for_turn(&key("a"), WAIT)).await.is_err(), "a dropped caller");
        assert_eq!(count_keys(&keys), 1, "the first one has it");
        drop(first);
        assert_eq!(count_keys(&keys), 0);
        let (first, second) =
            (keys.wait_for_turn(&key("a"), WAIT).await, keys.wait_for_turn(&key("b"), WAIT).await);
        assert_eq!(count_keys(&keys), 2);
        drop((first, second));
        assert_eq!(count_keys(&keys), 0);
    }
}
