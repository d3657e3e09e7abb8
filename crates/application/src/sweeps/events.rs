//! Events that arrived before their transaction was known.

use async_trait::async_trait;
use domain::{
    FindingKind, Timestamp,
    payment::{EventDisposition, EventTarget, StoredEvent},
};
use ports::{Batch, CommitError, PortError, UnitOfWork, UnreadableRow, Write};

use super::batch_loop::{Sweep, for_each_due};
use super::names;
use crate::{
    App,
    findings::{FindingContext, new_finding},
    payments::{GatewayReport, assess, resolve_target},
    retry::{Attempt, retry_stale},
};

/// Applies events whose transaction has become known; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn apply_parked_events(app: &App) -> Result<bool, PortError> {
    for_each_due(app, names::APPLY_PARKED, &ParkedEvents).await
}

/// The parked events whose transaction is known now.
struct ParkedEvents;

#[async_trait]
impl Sweep for ParkedEvents {
    type Item = Result<StoredEvent, UnreadableRow>;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Self::Item>, PortError> {
        app.events.list_applicable_events(batch).await
    }

    async fn process_item(&self, app: &App, event: &Self::Item) -> Result<bool, PortError> {
        let event = event.as_ref().map_err(Clone::clone)?;
        retry_stale!(app, apply_once(app, event).await)
    }
}

/// Assesses everything that waits for the event's transaction.
async fn apply_once(app: &App, event: &StoredEvent) -> Result<bool, Attempt<PortError>> {
    let Some(target) = &event.target else { return Ok(false) };
    let Some(id) = resolve_target(app, &event.gateway, target).await? else { return Ok(false) };
    // All waiting events are read together with the transaction, so an earlier item of this batch, or another
    // instance, may have applied this one already. Then nothing is to be done.
    let assessment = assess(app, &id, &GatewayReport::default()).await?.filter(|it| !it.is_idle());
    let Some(assessment) = assessment else { return Ok(false) };
    app.store.commit(assessment.into_work(app)).await.map_err(Attempt::<PortError>::from_commit_error)?;
    Ok(true)
}

/// Reports events whose transaction did not appear in time to operators; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn report_overdue_events(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.parked_max);
    for_each_due(app, names::REPORT_OVERDUE, &OverdueEvents(before)).await
}

/// Events that arrived at or before that time and have no transaction.
struct OverdueEvents(Timestamp);

#[async_trait]
impl Sweep for OverdueEvents {
    type Item = Result<StoredEvent, UnreadableRow>;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Self::Item>, PortError> {
        app.events.list_overdue_events(self.0, batch).await
    }

    async fn process_item(&self, app: &App, event: &Self::Item) -> Result<bool, PortError> {
        report_event(app, event.as_ref().map_err(Clone::clone)?).await
    }
}

async fn report_event(app: &App, event: &StoredEvent) -> Result<bool, PortError> {
    let about = FindingContext { gateway: Some(&event.gateway), event: Some(&event.id), transaction: None };
    let detail = "The notice names a transaction, or a reference of the gateway, that is not known. It is \
                  applied when that becomes known.";
    let mut finding = new_finding(app, FindingKind::UnknownTransaction, detail, &about);
    finding.transaction = match &event.target {
        Some(EventTarget::Transaction(id)) => Some(id.clone()),
        Some(EventTarget::Reference(_)) | None => None,
    };
    // The event and its finding change in one commit, and the guard on the disposition makes the finding
    // unique: without it, each instance would report each event.
    let moved =
        Write::MoveEvent { key: event.key, from: EventDisposition::Parked, to: EventDisposition::Overdue };
    match app
        .store
        .commit(UnitOfWork::new().with_write(moved).with_write(Write::InsertFinding(finding)))
        .await
    {
        Ok(()) => Ok(true),
        // Another instance was faster, or the transaction has appeared. Reading again would find nothing to
        // do.
        Err(CommitError::Stale) => Ok(false),
        Err(other) => Err(other.into_port_error()),
    }
}

#[cfg(test)]
mod tests;
