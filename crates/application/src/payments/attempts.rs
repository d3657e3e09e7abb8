//! The record of what was sent to a gateway, and what came back (ADR 0022).
//!
//! The attempts of a report are stored in the commit of the answer that they brought. If there is nothing else to
//! commit they are a commit of their own, without the guard of the order: an attempt changes nothing.

use domain::{AttemptId, AttemptKey, RefundId, TransactionId, TransactionKey};
use ports::{AttemptOperation, GatewayAttempt, Page, PortError, StoredAttempt, Write};

use crate::{App, Staff};

/// The attempts of one report, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Vec<(AttemptOperation, Option<RefundId>, GatewayAttempt)>);

impl Attempts {
    /// Adds the attempts of one call, which was about that refund or about the payment itself.
    pub(crate) fn add(
        &mut self,
        operation: AttemptOperation,
        refund: Option<RefundId>,
        attempts: Vec<GatewayAttempt>,
    ) {
        self.0.extend(attempts.into_iter().map(|it| (operation, refund.clone(), it)));
    }

    /// Returns the write that stores them for a transaction; `None` if there are none. Each call draws new ids, so
    /// that a unit which was stale because of an id is not stale again.
    pub(crate) fn to_write(&self, app: &App, transaction: TransactionKey) -> Option<Write> {
        let stored = |(operation, refund, attempt): &(AttemptOperation, Option<RefundId>, GatewayAttempt)| {
            StoredAttempt {
                key: AttemptKey::new(app.ids.next_key()),
                id: AttemptId::new(app.ids.next_id()),
                transaction,
                refund: refund.clone(),
                operation: *operation,
                attempt: attempt.clone(),
            }
        };
        (!self.0.is_empty()).then(|| Write::InsertAttempts(self.0.iter().map(stored).collect()))
    }
}

/// Lists what was asked of the gateway about a transaction, and what it answered, oldest first: a page that begins
/// after `after`. `None` if there is no such transaction.
///
/// # Errors
/// [`PortError`] if the database could not be read.
pub async fn list_attempts(
    app: &App,
    _by: &Staff,
    id: &TransactionId,
    after: Option<AttemptId>,
    limit: u32,
) -> Result<Option<Page<StoredAttempt>>, PortError> {
    app.payments.list_attempts(id, after, limit).await
}

#[cfg(test)]
mod tests;
