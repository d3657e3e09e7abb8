//! One round of an endpoint's task.

use domain::EndpointId;
use ports::{Observation, PortError};

use super::{ENDPOINTS_MAX, deliver::deliver_due, fan_out::fan_out_events};
use crate::App;

/// The most commits of one round that make deliveries. The rest waits until these are sent.
const FAN_OUTS_MAX: u32 = 10;
/// The largest number of deliveries still to be made that is counted.
pub const BACKLOG_MAX: u32 = 10_000;

/// What a round of an endpoint's task came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointRun {
    /// There may be more to do at once.
    Busy,
    /// Nothing is due now.
    Idle,
    /// The endpoint is deleted or disabled, so its task ends.
    Ended,
}

/// The endpoints that need a task: those that are not disabled.
///
/// # Errors
/// [`PortError`].
pub async fn list_active_endpoints(app: &App) -> Result<Vec<EndpointId>, PortError> {
    // More than may be made, because two that are made at once may exceed the limit.
    let limit = ENDPOINTS_MAX.saturating_mul(2);
    Ok(app.webhooks.list_enabled_endpoints(limit).await?.into_iter().map(|it| it.id).collect())
}

/// One round for an endpoint: makes deliveries of new events, and sends those that are due. Every instance may do so at once.
///
/// Dropping the future cuts it at any point: what was being sent is sent again once its lease is over.
///
/// # Errors
/// [`PortError`].
pub async fn run_endpoint(app: &App, id: &EndpointId) -> Result<EndpointRun, PortError> {
    // Read again in each round, so that a new address, secret or type counts within seconds.
    let found = app.webhooks.find_endpoint(id).await?;
    let Some(mut endpoint) = found.filter(|it| !it.disabled) else { return Ok(EndpointRun::Ended) };
    let mut is_busy = false;
    for _ in 0..FAN_OUTS_MAX {
        match fan_out_events(app, &endpoint).await? {
            Some(moved) => (endpoint, is_busy) = (moved, true),
            None => break,
        }
    }
    let sent = deliver_due(app, &endpoint).await?;
    Ok(if sent || is_busy { EndpointRun::Busy } else { EndpointRun::Idle })
}

/// Reports the number of deliveries that are still to be made to the metrics. `false`: there is nothing more to do.
///
/// # Errors
/// [`PortError`].
pub async fn report_backlog(app: &App) -> Result<bool, PortError> {
    let pending = app.webhooks.count_pending_deliveries(BACKLOG_MAX).await?;
    app.metrics.observe(Observation::WebhookBacklog(pending));
    Ok(false)
}
