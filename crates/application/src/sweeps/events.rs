//! Notices that wait for their transaction.

use domain::{FindingKind, payment::Disposition, payment::StoredEvent};
use ports::{CommitError, PortError, UnitOfWork, Write};

use super::{BATCH, swept};
use crate::{
    App,
    findings::{About, note},
    payments::weigh,
    retry::{Tried, until_settled},
};

/// Applies notices whose transaction has become known; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn apply_parked(app: &App) -> Result<bool, PortError> {
    let events = app.events.applicable(BATCH).await?;
    let mut done = 0;
    for event in &events {
        let applied: Result<bool, PortError> = until_settled!(app, apply_once(app, event).await);
        done += u64::from(applied?);
    }
    Ok(swept(app, "apply-parked", events.len(), done))
}

/// Weighs everything that waits for the event's transaction.
async fn apply_once(app: &App, event: &StoredEvent) -> Result<bool, Tried<PortError>> {
    let Some(id) = &event.transaction else { return Ok(false) };
    // What waits is read with the transaction; a round earlier in the batch may have applied this one already.
    let Some(weighed) = weigh(app, id, &[]).await?.filter(|it| !it.is_idle()) else { return Ok(false) };
    app.store.commit(weighed.work(app)).await.map_err(Tried::<PortError>::commit)?;
    Ok(true)
}

/// Tells an operator of notices whose transaction did not turn up in time; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn report_overdue(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().minus(app.policy.parked_max);
    let events = app.events.overdue(before, BATCH).await?;
    let mut done = 0;
    for event in &events {
        let about = About { gateway: Some(&event.gateway), event: Some(&event.id), transaction: None };
        let detail =
            "A genuine notice about a transaction that is not known. It is applied when that turns up.";
        let mut finding = note(app, FindingKind::UnknownTransaction, detail, &about);
        finding.transaction.clone_from(&event.transaction);
        let moved = Write::MoveEvent { key: event.key, from: Disposition::Parked, to: Disposition::Overdue };
        match app.store.commit(UnitOfWork::new().with(moved).with(Write::InsertFinding(finding))).await {
            Ok(()) => done += 1,
            // Another instance was faster, or the transaction has turned up.
            Err(CommitError::Stale) => {}
            Err(CommitError::Failed(away)) => return Err(away),
            Err(other) => return Err(PortError::bug(other)),
        }
    }
    Ok(swept(app, "report-overdue", events.len(), done))
}

#[cfg(test)]
mod tests;
