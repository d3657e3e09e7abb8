//! Payments that wait for the gateway's word.

use domain::TransactionId;
use ports::PortError;

use super::due::each_due;
use crate::{App, payments::reconcile};

/// Asks the gateways about what is open; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_open(app: &App) -> Result<bool, PortError> {
    let now = app.clock.now();
    let read = async |batch| app.payments.to_check(now, batch).await;
    // What was asked about is put off, or is over: either way it is due no more.
    let one = async |id: &TransactionId| reconcile(app, id).await.map(|()| true);
    each_due(app, "reconcile", read, one).await
}
