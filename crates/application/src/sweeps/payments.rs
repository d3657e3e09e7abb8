//! Payments that wait for the gateway's word.

use ports::PortError;

use super::{BATCH, swept};
use crate::{App, payments::reconcile};

/// Asks the gateways about what is open; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn reconcile_open(app: &App) -> Result<bool, PortError> {
    let ids = app.payments.to_check(app.clock.now(), BATCH).await?;
    for id in &ids {
        reconcile(app, id).await?;
    }
    let done = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    Ok(swept(app, "reconcile", ids.len(), done))
}
