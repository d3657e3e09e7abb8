//! Payments and refunds without a result from their gateway.

use async_trait::async_trait;
use domain::{GatewayName, Timestamp, TransactionId};
use ports::{Batch, PortError};

use super::batch_loop::{Sweep, for_each_due};
use super::names;
use crate::{App, payments::reconcile_payment};

/// How many payments of one gateway are looked up at once. Their reads and commits are grouped.
const LOOKUPS_AT_ONCE: usize = 8;
/// The largest number of gateways that one pass of [`postpone_removed_gateways`] visits.
const STRAY_GATEWAYS_MAX: u32 = 100;

/// Looks up the due payments and refunds of one gateway; `true` when there may be more. Each gateway has a
/// sweep of its own, so one that hangs does not delay the others.
///
/// # Errors
/// [`PortError`]; `Unavailable` also while the gateway's circuit breaker is open or it has no free permit.
pub async fn reconcile_gateway(app: &App, gateway: &GatewayName) -> Result<bool, PortError> {
    let open = OpenPayments { gateway: gateway.clone(), now: app.clock.now() };
    for_each_due(app, names::RECONCILE, &open).await
}

/// Visits the due payments and refunds of gateways that are not configured any more; `true` when there may be
/// more. They cannot be looked up, so they are only postponed, and after several visits a finding is created.
///
/// # Errors
/// [`PortError`].
pub async fn postpone_removed_gateways(app: &App) -> Result<bool, PortError> {
    let (mut after, mut more) = (None, false);
    for _ in 0..STRAY_GATEWAYS_MAX {
        let Some(gateway) = app.payments.next_gateway(after).await? else { break };
        if app.find_gateway(&gateway).is_none() {
            more |= reconcile_gateway(app, &gateway).await?;
        }
        after = Some(gateway);
    }
    Ok(more)
}

/// The transactions of a gateway that have a check due at `now`.
struct OpenPayments {
    gateway: GatewayName,
    now: Timestamp,
}

#[async_trait]
impl Sweep for OpenPayments {
    type Item = TransactionId;

    const CONCURRENCY: usize = LOOKUPS_AT_ONCE;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<TransactionId>, PortError> {
        app.payments.list_due_transactions(&self.gateway, self.now, batch).await
    }

    async fn process_item(&self, app: &App, id: &TransactionId) -> Result<bool, PortError> {
        // The lookup brought a result, or the check was postponed. Either way the transaction is no longer
        // due, so it counts as done.
        reconcile_payment(app, id).await.map(|()| true)
    }
}
