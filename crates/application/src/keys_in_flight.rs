//! Idempotency keys and orders that this process is handling.
//!
//! A second request with such a key, or a notice about such an order, waits here for its turn, at no cost for the lock
//! service and the database. This applies within one process. Between processes the lock, the unique key of the claim and
//! the revision of the order decide.

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AuthorKey, OrderNumber};
use ports::IdempotencyKey;
use tokio::{
    sync::{Mutex as Turns, OwnedMutexGuard},
    time::timeout,
};

/// The longest time that a notice, or the answer of a gateway, waits for its turn in this process, and a notice again for
/// the lock among all processes; after it both go on without them.
pub(crate) const NOTICE_WAIT: Duration = Duration::from_secs(2);

type Table<K> = HashMap<K, Arc<Turns<()>>>;

/// The most requests of one caller that wait for a turn at once, in one process. Each of them is a write under way, and all
/// callers together may have four times as many: copies of one slow request must not keep others out.
const WAITING_MAX: u32 = 512;

type Waiting = Mutex<HashMap<Option<AuthorKey>, u32>>;

/// The idempotency keys of the requests that are under way.
#[derive(Debug, Default)]
pub struct KeysInFlight {
    turns: InFlight<IdempotencyKey>,
    waiting: Arc<Waiting>,
}

impl KeysInFlight {
    /// Waits until no other request of this process has the key; `None` if that takes longer than `wait`, or at once if too
    /// many requests of its owner wait.
    pub(crate) async fn wait_for_turn(
        &self,
        key: &IdempotencyKey,
        wait: Duration,
    ) -> Option<Turn<IdempotencyKey>> {
        if let Some(turn) = self.turns.try_turn(key) {
            return Some(turn);
        }
        let _waiter = Waiter::begin_waiting(&self.waiting, key.owner)?;
        self.turns.wait_for_turn(key, wait).await
    }
}

/// One of the requests of an owner that wait.
struct Waiter {
    waiting: Arc<Waiting>,
    owner: Option<AuthorKey>,
}

impl Waiter {
    /// `None` if there are as many as there may be.
    fn begin_waiting(waiting: &Arc<Waiting>, owner: Option<AuthorKey>) -> Option<Self> {
        let mut counts = lock_table(waiting);
        let count = counts.entry(owner).or_default();
        if *count >= WAITING_MAX {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Self { waiting: Arc::clone(waiting), owner })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut counts = lock_table(&self.waiting);
        let left = counts.get(&self.owner).map_or(0, |it| it.saturating_sub(1));
        if left == 0 {
            counts.remove(&self.owner);
        } else {
            counts.insert(self.owner, left);
        }
    }
}

/// What notices and answers of gateways that are being committed are about, by the name of its lock.
pub type NoticesInFlight = InFlight<String>;

/// Names of what is under way. Each has at most one holder at a time; the others wait in the order in which they came.
#[derive(Debug)]
pub struct InFlight<K>(Arc<Mutex<Table<K>>>);

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
        if let Some(turn) = self.try_turn(name) {
            return Some(turn);
        }
        let (turns, place) = self.take_place(name);
        let turn = timeout(wait, turns.lock_owned()).await.ok()?;
        Some(Turn { _turn: turn, has_waited: true, _place: place })
    }

    /// The turn, if nothing else of this process has the name.
    fn try_turn(&self, name: &K) -> Option<Turn<K>> {
        let (turns, place) = self.take_place(name);
        let turn = turns.try_lock_owned().ok()?;
        Some(Turn { _turn: turn, has_waited: false, _place: place })
    }

    fn take_place(&self, name: &K) -> (Arc<Turns<()>>, Place<K>) {
        let turns = Arc::clone(lock_table(&self.0).entry(name.clone()).or_default());
        let place = Place { table: Arc::clone(&self.0), name: name.clone(), turns: Some(Arc::clone(&turns)) };
        (turns, place)
    }
}

fn lock_table<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic cannot leave a map half changed, so a poisoned lock is used as it is.
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
    table: Arc<Mutex<Table<K>>>,
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
    use std::{
        pin::{Pin, pin},
        task::{Context, Waker},
    };

    use domain::UserKey;

    use super::*;

    const WAIT: Duration = Duration::from_secs(2);

    fn key(name: &str) -> IdempotencyKey {
        IdempotencyKey { owner: None, route: "POST /somewhere", key: name.to_owned() }
    }

    fn is_waiting(turn: Pin<&mut impl Future>) -> bool {
        turn.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    fn count_keys(keys: &KeysInFlight) -> usize {
        lock_table(&keys.turns.0).len()
    }

    #[tokio::test(start_paused = true)]
    async fn copies_of_one_caller_wait_only_in_bounded_number_and_others_wait_as_ever() {
        let keys = KeysInFlight::default();
        let of =
            |owner: i64| IdempotencyKey { owner: Some(AuthorKey::User(UserKey::new(owner))), ..key("a") };
        let (mine, theirs) = (of(1), of(2));
        let firsts = [keys.wait_for_turn(&mine, WAIT).await, keys.wait_for_turn(&theirs, WAIT).await];
        let mut waiting: Vec<_> =
            (0..WAITING_MAX).map(|_| Box::pin(keys.wait_for_turn(&mine, WAIT))).collect();
        for it in &mut waiting {
            assert!(is_waiting(it.as_mut()));
        }
        assert!(!is_waiting(pin!(keys.wait_for_turn(&mine, WAIT))), "one too many is refused at once");
        let another = IdempotencyKey { key: "b".to_owned(), ..mine.clone() };
        assert!(keys.wait_for_turn(&another, WAIT).await.is_some(), "a key that is free needs no wait");
        assert!(is_waiting(pin!(keys.wait_for_turn(&theirs, WAIT))), "of another caller");
        drop(waiting.pop());
        assert!(is_waiting(pin!(keys.wait_for_turn(&mine, WAIT))), "one has gone");
        drop((waiting, firsts));
        assert_eq!((count_keys(&keys), lock_table(&keys.waiting).len()), (0, 0));
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
