//! Payments that wait for the gateway's word.

use async_trait::async_trait;
use domain::{GatewayName, Timestamp, TransactionId};
use ports::{Batch, PortError};

use super::due::{Sweep, each_due};
use crate::{App, payments::reconcile};

/// How many gateways that the service does not have are looked for at once.
const STRAY_GATEWAYS_MAX: u32 = 100;

/// Asks one gateway about its open payments; `true` when there may be more. Each gateway is swept by itself: one that
/// hangs keeps none of the others waiting.
///
/// # Errors
/// [`PortError`]; away, too, when the gateway is left alone at this moment.
pub async fn reconcile_gateway(app: &App, gateway: &GatewayName) -> Result<bool, PortError> {
    let open = OpenPayments { gateway: gateway.clone(), now: app.clock.now() };
    each_due(app, "reconcile", &open).await
}

/// Looks after open payments of gateways that the service does not have (any more): nothing can be asked, so an operator
/// hears of it in the end. `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_strays(app: &App) -> Result<bool, PortError> {
    let (mut after, mut more) = (None, false);
    for _ in 0..STRAY_GATEWAYS_MAX {
        let Some(gateway) = app.payments.next_gateway(after).await? else { break };
        if app.gateway(&gateway).is_none() {
            more |= reconcile_gateway(app, &gateway).await?;
        }
        after = Some(gateway);
    }
    Ok(more)
}

/// Transactions of a gateway that are due to be asked about at that moment.
struct OpenPayments {
    gateway: GatewayName,
    now: Timestamp,
}

#[async_trait]
impl Sweep for OpenPayments {
    type Thing = TransactionId;

    async fn read(&self, app: &App, batch: Batch) -> Result<Vec<TransactionId>, PortError> {
        app.payments.to_check(&self.gateway, self.now, batch).await
    }

    async fn act(&self, app: &App, id: &TransactionId) -> Result<bool, PortError> {
        // What was asked about is put off, or is over: either way it is due no more.
        reconcile(app, id).await.map(|()| true)
    }
}
