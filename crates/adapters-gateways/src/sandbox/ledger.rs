//! What one instance of the sandbox was asked to do, as long as it remembers.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{RefundId, TransactionId, payment::Event};

/// How many things of a kind are remembered; of more, the oldest are forgotten.
const ENTRIES_MAX: usize = 10_000;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// The capture or the void of a payment: the last one counts.
    Operation(TransactionId),
    /// A refund of a payment.
    Refund(TransactionId, RefundId),
}

/// What was done, and which charges have tried to reach the gateway.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    done: HashMap<Entry, Event>,
    done_in_order: VecDeque<Entry>,
    /// Charges whose first attempt was lost on its way here.
    lost: HashSet<TransactionId>,
    lost_in_order: VecDeque<TransactionId>,
    /// Those of them that came again.
    arrived: HashSet<TransactionId>,
}

impl Ledger {
    /// Remembers what was done.
    pub(super) fn record(&self, entry: Entry, event: Event) {
        let mut memory = self.lock();
        if memory.done.insert(entry.clone(), event).is_none()
            && let Some(forgotten) = push_bounded(&mut memory.done_in_order, entry)
        {
            memory.done.remove(&forgotten);
        }
    }

    /// What was done, if it is remembered.
    pub(super) fn find(&self, entry: &Entry) -> Option<Event> {
        self.lock().done.get(entry).cloned()
    }

    /// Whether the charge comes for the first time. It counts as lost then; the next one arrives.
    pub(super) fn is_first_attempt(&self, transaction: &TransactionId) -> bool {
        let mut memory = self.lock();
        if !memory.lost.insert(transaction.clone()) {
            memory.arrived.insert(transaction.clone());
            return false;
        }
        if let Some(forgotten) = push_bounded(&mut memory.lost_in_order, transaction.clone()) {
            memory.lost.remove(&forgotten);
            memory.arrived.remove(&forgotten);
        }
        true
    }

    /// Whether such a charge has arrived at last.
    pub(super) fn has_arrived(&self, transaction: &TransactionId) -> bool {
        self.lock().arrived.contains(transaction)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to a queue, and gives the entry that has no room in it any more.
fn push_bounded<T: Eq + Hash>(queue: &mut VecDeque<T>, new: T) -> Option<T> {
    queue.push_back(new);
    if queue.len() > ENTRIES_MAX { queue.pop_front() } else { None }
}
