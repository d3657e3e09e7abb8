//! Notices that wait for their transaction.

use async_trait::async_trait;
use domain::{
    FindingKind, Timestamp,
    payment::{Disposition, EventTarget, StoredEvent},
};
use ports::{Batch, CommitError, PortError, UnitOfWork, Unreadable, Write};

use super::due::{Sweep, each_due};
use crate::{
    App,
    findings::{About, note},
    payments::{Heard, resolve_target, weigh},
    retry::{Tried, until_settled},
};

/// Applies notices whose transaction has become known; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn apply_parked(app: &App) -> Result<bool, PortError> {
    each_due(app, "apply-parked", &Parked).await
}

/// Notices whose transaction is known.
struct Parked;

#[async_trait]
impl Sweep for Parked {
    type Thing = Result<StoredEvent, Unreadable>;

    async fn read(&self, app: &App, batch: Batch) -> Result<Vec<Self::Thing>, PortError> {
        app.events.applicable(batch).await
    }

    async fn act(&self, app: &App, event: &Self::Thing) -> Result<bool, PortError> {
        let event = event.as_ref().map_err(Clone::clone)?;
        until_settled!(app, apply_once(app, event).await)
    }
}

/// Weighs everything that waits for the event's transaction.
async fn apply_once(app: &App, event: &StoredEvent) -> Result<bool, Tried<PortError>> {
    let Some(target) = &event.target else { return Ok(false) };
    let Some(id) = resolve_target(app, &event.gateway, target).await? else { return Ok(false) };
    // What waits is read with the transaction; a round earlier in the batch may have applied this one already.
    let Some(weighed) = weigh(app, &id, &Heard::default()).await?.filter(|it| !it.is_idle()) else {
        return Ok(false);
    };
    app.store.commit(weighed.work(app)).await.map_err(Tried::<PortError>::commit)?;
    Ok(true)
}

/// Tells an operator of notices whose transaction did not turn up in time; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn report_overdue(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().minus(app.policy.parked_max);
    each_due(app, "report-overdue", &Overdue(before)).await
}

/// Notices that arrived at or before that moment and have no transaction.
struct Overdue(Timestamp);

#[async_trait]
impl Sweep for Overdue {
    type Thing = Result<StoredEvent, Unreadable>;

    async fn read(&self, app: &App, batch: Batch) -> Result<Vec<Self::Thing>, PortError> {
        app.events.overdue(self.0, batch).await
    }

    async fn act(&self, app: &App, event: &Self::Thing) -> Result<bool, PortError> {
        report(app, event.as_ref().map_err(Clone::clone)?).await
    }
}

async fn report(app: &App, event: &StoredEvent) -> Result<bool, PortError> {
    let about = About { gateway: Some(&event.gateway), event: Some(&event.id), transaction: None };
    let detail = "A genuine notice about a transaction that is not known. It is applied when that turns up.";
    let mut finding = note(app, FindingKind::UnknownTransaction, detail, &about);
    finding.transaction = match &event.target {
        Some(EventTarget::Transaction(id)) => Some(id.clone()),
        Some(EventTarget::Reference(_)) | None => None,
    };
    let moved = Write::MoveEvent { key: event.key, from: Disposition::Parked, to: Disposition::Overdue };
    match app.store.commit(UnitOfWork::new().with(moved).with(Write::InsertFinding(finding))).await {
        Ok(()) => Ok(true),
        // Another instance was faster, or the transaction has turned up.
        Err(CommitError::Stale) => Ok(false),
        Err(CommitError::Failed(fault)) => Err(fault),
        Err(other) => Err(PortError::bug(other)),
    }
}

#[cfg(test)]
mod tests;
