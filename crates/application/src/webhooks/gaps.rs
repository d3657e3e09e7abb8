//! Events that an endpoint will never get.

use std::collections::BTreeMap;

use domain::{EndpointId, FindingKind, MessageId, Timestamp};
use ports::{OldDelivery, PortError, UnitOfWork, WebhookWrite, Write};

use crate::{
    App,
    findings::{FindingContext, new_finding},
    retry::commit_unless_stale,
};

/// One finding for all events that an endpoint did not get, of which the message is an example.
pub(super) fn gap_finding(app: &App, endpoint: &EndpointId, events: &str, message: &MessageId) -> Write {
    let detail = format!("the webhook endpoint {endpoint} did not get {events}, such as {message}");
    let finding = new_finding(app, FindingKind::WebhookGap, &detail, &FindingContext::default());
    Write::InsertFindingOnce(finding, format!("{}:{endpoint}", FindingKind::WebhookGap.as_str()))
}

/// Deletes pending deliveries that were made before that time, oldest first and at most `limit`, with a finding for each
/// endpoint that still exists; `false` if there were none.
///
/// # Errors
/// [`PortError`].
pub(crate) async fn drop_old_deliveries(app: &App, before: Timestamp, limit: u32) -> Result<bool, PortError> {
    let mut of_endpoint: BTreeMap<_, Vec<OldDelivery>> = BTreeMap::new();
    for old in app.webhooks.list_old_pending(before, limit).await? {
        of_endpoint.entry(old.endpoint).or_default().push(old);
    }
    let mut work = UnitOfWork::new();
    for (endpoint, all) in of_endpoint {
        let gap = all.first().and_then(|it| {
            let id = it.endpoint_id.as_ref()?;
            Some(gap_finding(app, id, "events that waited for too long", &it.message))
        });
        let deliveries = all.into_iter().map(|it| it.key).collect();
        work = work
            .with_write(Write::Webhook(WebhookWrite::DropDeliveries { endpoint, deliveries }))
            .with_writes(gap);
    }
    if work.writes().is_empty() {
        return Ok(false);
    }
    // Stale if one of them has ended meanwhile. The next pass reads again.
    commit_unless_stale(app, work).await?;
    Ok(true)
}
