//! Payments that wait for the gateway's word.

use async_trait::async_trait;
use domain::{Timestamp, TransactionId};
use ports::{Batch, PortError};

use super::due::{Sweep, each_due};
use crate::{App, payments::reconcile};

/// Asks the gateways about what is open; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_open(app: &App) -> Result<bool, PortError> {
    each_due(app, "reconcile", &Open(app.clock.now())).await
}

/// Transactions that are due to be asked about at that moment.
struct Open(Timestamp);

#[async_trait]
impl Sweep for Open {
    type Thing = TransactionId;

    async fn read(&self, app: &App, batch: Batch) -> Result<Vec<TransactionId>, PortError> {
        app.payments.to_check(self.0, batch).await
    }

    async fn act(&self, app: &App, id: &TransactionId) -> Result<bool, PortError> {
        // What was asked about is put off, or is over: either way it is due no more.
        reconcile(app, id).await.map(|()| true)
    }
}
