//! A changed transaction, together with what it was.

use std::ops::Deref;

use domain::{Transaction, payment::TransactionChange};

/// A transaction to write, and the same as it was read. Only the new one is written; what it was says which events of
/// the feed its change makes.
// Together in one type, so that no use case can write a change of money that the feed cannot see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionUpdate {
    read: Box<Transaction>,
    next: Box<Transaction>,
}

impl TransactionUpdate {
    /// The change from `read`, as it is stored, to `next`.
    #[must_use]
    pub fn new(read: Transaction, next: Transaction) -> Self {
        Self { read: Box::new(read), next: Box::new(next) }
    }

    /// The transaction as it was read.
    #[must_use]
    pub fn read(&self) -> &Transaction {
        &self.read
    }

    /// The transaction as it will be stored.
    #[must_use]
    pub fn next(&self) -> &Transaction {
        &self.next
    }

    /// Takes the transaction to write.
    #[must_use]
    pub fn into_next(self) -> Transaction {
        *self.next
    }
}

impl From<&TransactionChange> for TransactionUpdate {
    fn from(change: &TransactionChange) -> Self {
        Self::new(change.transaction_read().clone(), change.transaction.clone())
    }
}

impl Deref for TransactionUpdate {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.next
    }
}
