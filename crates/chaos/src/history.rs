//! What clients were answered.

use std::sync::{Arc, Mutex, PoisonError};

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An account with that name.
    Register(String),
    /// An order of the customer with that name.
    Place(String),
    /// A payment of the order with that number.
    Pay(String),
    /// The capture of the authorised payment with that id.
    Capture(String),
    /// A refund of the payment with that id.
    Refund(String),
    /// The cancellation of the order with that number.
    Cancel(String),
    /// The event with that id, delivered as the gateway does.
    Deliver(String),
}

/// One answer: a request has as many as it was sent successfully.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked.
    pub operation: Operation,
    /// The idempotency key; for an event its id, and empty for a cancellation.
    pub key: String,
    /// The status of the answer, which is never one that asks to come again later.
    pub status: u16,
    /// The body of the answer.
    pub body: String,
    /// The public id that the answer names: of the order, payment or refund. Empty if it names none.
    pub id: String,
    /// The status of what the answer shows, such as `CAPTURED`. Empty if it shows none.
    pub state: String,
}

/// Every answer of a run, shared by all clients.
#[derive(Debug, Clone, Default)]
pub struct History {
    entries: Arc<Mutex<Vec<Entry>>>,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl History {
    /// Writes an answer down.
    pub fn note(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Writes down an answer that the contract does not allow.
    pub fn note_wrong(&self, what: String) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// All answers so far, in the order in which they were written down.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All answers so far that the contract does not allow.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
