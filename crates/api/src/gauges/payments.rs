//! How long payments have waited for a result of their gateway.

use std::time::Duration;

use application::App;
use domain::{GatewayName, Timestamp, Transaction};
use ports::{Batch, PortError};

use crate::metrics::PrometheusMetrics;

/// Most payments of one gateway that are looked at, those that are checked next.
const PAYMENTS_MAX: u32 = 50;
/// Longer than every pause between two checks, so that all payments with a check are found.
const ALL_CHECKS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Finds the oldest payment or refund of each gateway whose lookups returned no result, and sets its gauge.
pub(super) async fn report_unreconciled(app: &App, metrics: &PrometheusMetrics) -> Result<(), PortError> {
    for gateway in &app.gateways {
        let name = gateway.name();
        let age = find_oldest(app, &name)
            .await?
            .map_or(Duration::ZERO, |it| app.clock.now().saturating_duration_since(it));
        metrics.state().set_unreconciled(&name, age);
    }
    Ok(())
}

async fn find_oldest(app: &App, gateway: &GatewayName) -> Result<Option<Timestamp>, PortError> {
    let batch = Batch { skip: 0, limit: PAYMENTS_MAX };
    let until = app.clock.now().saturating_add(ALL_CHECKS);
    let mut oldest = None;
    for id in app.payments.list_due_transactions(gateway, until, batch).await? {
        // One that cannot be read has a finding of its own, and hides no other.
        let Ok(Some(transaction)) = app.payments.find_transaction(&id).await else { continue };
        oldest = oldest.into_iter().chain(unreconciled_since(&transaction)).min();
    }
    Ok(oldest)
}

/// When the oldest operation of a payment was requested that a check has found without a result. One that is on its way
/// to the gateway for the first time does not count.
fn unreconciled_since(transaction: &Transaction) -> Option<Timestamp> {
    let is_open = |check_at: Option<Timestamp>, checks: u32| check_at.is_some() && checks > 0;
    // A capture and a void change the payment when they are requested, and nothing else does until they have a result.
    let requested =
        if transaction.pending_operation.is_some() { transaction.updated_at } else { transaction.created_at };
    let own = is_open(transaction.check_at, transaction.checks).then_some(requested);
    let refunds = transaction.refunds.iter().filter(|it| is_open(it.check_at, it.checks));
    own.into_iter().chain(refunds.map(|it| it.created_at)).min()
}
