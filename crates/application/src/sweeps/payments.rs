//! Payments that wait for the gateway's word.

use async_trait::async_trait;
use domain::{Timestamp, TransactionId};
use ports::{Batch, PortError};

use super::batch_loop::{Sweep, for_each_due};
use crate::{App, payments::reconcile_payment};

/// Asks the gateways about what is open; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_open_payments(app: &App) -> Result<bool, PortError> {
    for_each_due(app, "reconcile", &OpenPayments(app.clock.now())).await
}

/// Transactions that are due to be asked about at that moment.
struct OpenPayments(Timestamp);

#[async_trait]
impl Sweep for OpenPayments {
    type Item = TransactionId;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<TransactionId>, PortError> {
        app.payments.list_due_transactions(self.0, batch).await
    }

    async fn process_item(&self, app: &App, id: &TransactionId) -> Result<bool, PortError> {
        // What was asked about is put off, or is over: either way it is due no more.
        reconcile_payment(app, id).await.map(|()| true)
    }
}
