//! Payments whose gateway owes an answer.

use async_trait::async_trait;
use domain::{Timestamp, TransactionId};
use ports::{Batch, PortError};

use super::batch_loop::{Sweep, for_each_due};
use crate::{App, payments::reconcile_payment};

/// Asks the gateways about open payments and refunds; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_open_payments(app: &App) -> Result<bool, PortError> {
    for_each_due(app, "reconcile", &OpenPayments(app.clock.now())).await
}

/// The transactions whose next question is due at that time.
struct OpenPayments(Timestamp);

#[async_trait]
impl Sweep for OpenPayments {
    type Item = TransactionId;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<TransactionId>, PortError> {
        app.payments.list_due_transactions(self.0, batch).await
    }

    async fn process_item(&self, app: &App, id: &TransactionId) -> Result<bool, PortError> {
        // The question was answered, or put off with a growing delay. Either way the transaction is no longer
        // due, so it counts as done.
        reconcile_payment(app, id).await.map(|()| true)
    }
}
