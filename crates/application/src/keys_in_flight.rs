//! Idempotency keys that this process is handling.
//!
//! A second request with such a key waits here for its turn, at no cost for the lock service and the database. Other
//! processes know nothing of it: between them the lock and the unique key of the claim stand, as ever.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ports::IdempotencyKey;
use tokio::{
    sync::{Mutex as Turns, OwnedMutexGuard},
    time::timeout,
};

type Table = Mutex<HashMap<IdempotencyKey, Arc<Turns<()>>>>;

/// The keys of the requests that are under way. Each key has at most one request at a time; the others wait in the
/// order in which they came.
#[derive(Debug, Default)]
pub struct KeysInFlight(Arc<Table>);

impl KeysInFlight {
    /// Waits until no other request of this process has the key; `None` if that takes longer than `wait`.
    pub(crate) async fn wait_for_turn(&self, key: &IdempotencyKey, wait: Duration) -> Option<KeyTurn> {
        let turns = Arc::clone(lock_table(&self.0).entry(key.clone()).or_default());
        let place = Place { table: Arc::clone(&self.0), key: key.clone(), turns: Some(Arc::clone(&turns)) };
        if let Ok(turn) = Arc::clone(&turns).try_lock_owned() {
            return Some(KeyTurn { _turn: turn, has_waited: false, _place: place });
        }
        let turn = timeout(wait, turns.lock_owned()).await.ok()?;
        Some(KeyTurn { _turn: turn, has_waited: true, _place: place })
    }
}

fn lock_table(table: &Table) -> MutexGuard<'_, HashMap<IdempotencyKey, Arc<Turns<()>>>> {
    // A panic cannot leave the map half changed, so a poisoned lock is used as it is.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn of one request with its key, until it is dropped.
#[derive(Debug)]
pub(crate) struct KeyTurn {
    // Dropped first, so that the place sees whether the key has other requests.
    _turn: OwnedMutexGuard<()>,
    has_waited: bool,
    _place: Place,
}

impl KeyTurn {
    /// Whether another request had the key when this one came, so that there may be a reply by now.
    pub(crate) const fn has_waited(&self) -> bool {
        self.has_waited
    }
}

/// A request that has a key or waits for it.
#[derive(Debug)]
struct Place {
    table: Arc<Table>,
    key: IdempotencyKey,
    /// `None` only while it is dropped.
    turns: Option<Arc<Turns<()>>>,
}

impl Drop for Place {
    /// Removes the key with its last request: keys come from clients, so an entry that stayed would be a leak.
    fn drop(&mut self) {
        let mut table = lock_table(&self.table);
        // Under the lock of the table, so that of two requests that leave at once the second one sees no other.
        drop(self.turns.take());
        if table.get(&self.key).is_some_and(|it| Arc::strong_count(it) == 1) {
            table.remove(&self.key);
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
