//! The memory of one instance of the sandbox: the operations that it has done, up to a limit.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{RefundId, TransactionId, payment::PaymentEvent};

/// The number of operations, and of lost charges, that are remembered. The oldest are forgotten first.
const ENTRIES_MAX: usize = 10_000;

/// The key of an operation that was done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// The last capture or void of a payment.
    Operation(TransactionId),
    /// A refund of a payment.
    Refund(TransactionId, RefundId),
}

/// The operations that were done, and the charges whose first attempt was lost.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    done: HashMap<Entry, PaymentEvent>,
    done_in_order: VecDeque<Entry>,
    /// The charges whose first attempt counts as lost.
    lost: HashSet<TransactionId>,
    lost_in_order: VecDeque<TransactionId>,
    /// Those of them that were sent again.
    arrived: HashSet<TransactionId>,
}

impl Ledger {
    /// Stores the event of an operation that was done.
    pub(super) fn record(&self, entry: Entry, event: PaymentEvent) {
        let mut memory = self.lock_memory();
        if memory.done.insert(entry.clone(), event).is_none()
            && let Some(forgotten) = push_bounded(&mut memory.done_in_order, entry)
        {
            memory.done.remove(&forgotten);
        }
    }

    /// Returns the event of an operation; `None` if it was not done or is forgotten.
    pub(super) fn find(&self, entry: &Entry) -> Option<PaymentEvent> {
        self.lock_memory().done.get(entry).cloned()
    }

    /// Records an attempt of a charge, and returns whether it is the first. The first one counts as lost, and
    /// the next one arrives.
    pub(super) fn is_first_attempt(&self, transaction: &TransactionId) -> bool {
        let mut memory = self.lock_memory();
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

    /// Whether a charge whose first attempt was lost has arrived since.
    pub(super) fn has_arrived(&self, transaction: &TransactionId) -> bool {
        self.lock_memory().arrived.contains(transaction)
    }

    fn lock_memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds an entry to a queue. Returns the oldest entry if the queue is full, after removing it.
fn push_bounded<T: Eq + Hash>(queue: &mut VecDeque<T>, new: T) -> Option<T> {
    queue.push_back(new);
    if queue.len() > ENTRIES_MAX { queue.pop_front() } else { None }
}
