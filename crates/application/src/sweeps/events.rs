//! Events that arrived before their transaction was known.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{
    FindingKind, Timestamp,
    payment::{EventDisposition, EventTarget, StoredEvent},
};
use ports::{Batch, ErrorChain, EventPosition, Observation, PortError, UnitOfWork, UnreadableRow, Write};

use super::batch_loop::{Sweep, for_each_due};
use super::names;
use crate::{
    App,
    findings::{FindingContext, new_finding},
    outage_watch::{FailedItem, OutageWatch},
    payments::{GatewayReport, assess, resolve_target},
    retry::{Attempt, commit_unless_stale, retry_stale},
};

/// The most overdue events that one pass looks at.
const OVERDUE_STRETCH: u32 = 1_000;

/// Applies parked events whose transaction has become known; `true` when there may be more.
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
        apply_event(app, event).await
    }
}

/// Where the walk of this process along the overdue events is. Every process has its own, and begins at the oldest event
/// when it starts: what the walk comes to is decided by the record, so nothing depends on it.
#[derive(Debug, Default)]
pub struct OverdueWalk(Mutex<Option<EventPosition>>);

impl OverdueWalk {
    fn lock_position(&self) -> MutexGuard<'_, Option<EventPosition>> {
        // A position is replaced as a whole, so a poisoned lock is used as it is.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the next overdue events, and applies those whose transaction has become known. Each pass looks at most at 1000
/// events, and the one after the last begins again at the oldest; `false` always, so that the rest waits for the next
/// tick.
///
/// # Errors
/// [`PortError`].
pub async fn apply_overdue_events(app: &App) -> Result<bool, PortError> {
    let after = *app.overdue_walk.lock_position();
    let stretch = app.events.list_applicable_overdue(after, OVERDUE_STRETCH).await?;
    let (outcome, done) = apply_each(app, &stretch.applicable).await;
    if done > 0 {
        app.metrics.observe(Observation::BatchProcessed(names::APPLY_OVERDUE, done));
    }
    let watch = outcome?;
    *app.overdue_walk.lock_position() = stretch.next;
    watch.into_result().map(|()| false)
}

/// Applies these events, and gives the number of those that had an effect. An error ends it before the last one, so the
/// walk stays where it is.
async fn apply_each(
    app: &App,
    events: &[Result<StoredEvent, UnreadableRow>],
) -> (Result<OutageWatch, PortError>, u64) {
    let (mut watch, mut done) = (OutageWatch::default(), 0_u64);
    for event in events {
        match watch.judge_item(apply_event(app, event).await) {
            Ok(Ok(true)) => done = done.saturating_add(1),
            // What has no effect now is met again when the walk comes back.
            Ok(Ok(false) | Err(FailedItem::Unavailable | FailedItem::Unreadable)) => {}
            Ok(Err(FailedItem::Bug(error))) => {
                tracing::error!(sweep = names::APPLY_OVERDUE, error = %ErrorChain(&error), "event skipped");
            }
            Err(away) => return (Err(away), done),
        }
    }
    (Ok(watch), done)
}

async fn apply_event(app: &App, event: &Result<StoredEvent, UnreadableRow>) -> Result<bool, PortError> {
    let event = event.as_ref().map_err(Clone::clone)?;
    retry_stale!(app, apply_once(app, event).await)
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
    for_each_due(app, names::REPORT_OVERDUE, &OldEvents { step: OldStep::Report, before }).await
}

/// Gives up events whose transaction has not appeared for long, so that they are not looked at forever; `true` when there
/// may be more. Each creates a second finding.
///
/// # Errors
/// [`PortError`].
pub async fn give_up_events(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.overdue_max);
    for_each_due(app, names::GIVE_UP_OVERDUE, &OldEvents { step: OldStep::GiveUp, before }).await
}

/// What is done about an event that has no transaction for too long.
#[derive(Debug, Clone, Copy)]
enum OldStep {
    Report,
    GiveUp,
}

impl OldStep {
    /// The disposition before the step.
    const fn from(self) -> EventDisposition {
        match self {
            Self::Report => EventDisposition::Parked,
            Self::GiveUp => EventDisposition::Overdue,
        }
    }

    /// The disposition after it.
    const fn next_disposition(self) -> EventDisposition {
        match self {
            Self::Report => EventDisposition::Overdue,
            Self::GiveUp => EventDisposition::Flagged,
        }
    }

    const fn sweep_name(self) -> &'static str {
        match self {
            Self::Report => names::REPORT_OVERDUE,
            Self::GiveUp => names::GIVE_UP_OVERDUE,
        }
    }

    const fn finding_detail(self) -> &'static str {
        match self {
            Self::Report => {
                "The notice names a transaction, or a reference of the gateway, that is not known. It is \
                 applied when that becomes known."
            }
            Self::GiveUp => {
                "The notice names a transaction, or a reference of the gateway, that has not become known. It is \
                 given up: it stays stored and will not be applied. Compare with the gateway what it is about."
            }
        }
    }
}

/// Events that arrived at or before that time and have no transaction.
struct OldEvents {
    step: OldStep,
    before: Timestamp,
}

#[async_trait]
impl Sweep for OldEvents {
    type Item = Result<StoredEvent, UnreadableRow>;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<Self::Item>, PortError> {
        app.events.list_old_events(self.step.from(), self.before, batch).await
    }

    async fn process_item(&self, app: &App, event: &Self::Item) -> Result<bool, PortError> {
        // The transaction may have become known since the walk was here: then the event is applied. One that cannot be read
        // is known, and has a finding of its own.
        match apply_event(app, event).await {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            // What cannot be applied for another reason is reported all the same.
            Err(error @ PortError::Bug(_)) => {
                tracing::error!(sweep = self.step.sweep_name(), error = %ErrorChain(&error), "event not applied");
            }
            Err(error @ (PortError::Unreadable(_) | PortError::Unavailable(_))) => return Err(error),
        }
        report_event(app, self.step, event.as_ref().map_err(Clone::clone)?).await
    }
}

async fn report_event(app: &App, step: OldStep, event: &StoredEvent) -> Result<bool, PortError> {
    let about = FindingContext { gateway: Some(&event.gateway), event: Some(&event.id), transaction: None };
    let mut finding = new_finding(app, FindingKind::UnknownTransaction, step.finding_detail(), &about);
    finding.transaction = match &event.target {
        Some(EventTarget::Transaction(id)) => Some(id.clone()),
        Some(EventTarget::Reference(_)) | None => None,
    };
    // The event and its finding change in one commit, and the guard on the disposition makes the finding
    // unique: without it, each instance would report each event.
    let moved = Write::MoveEvent { key: event.key, from: step.from(), to: step.next_disposition() };
    // Stale if another instance was faster, or the transaction has appeared. Reading again would find nothing to do.
    let work = UnitOfWork::new().with_write(moved).with_write(Write::InsertFinding(finding));
    commit_unless_stale(app, work).await
}

#[cfg(test)]
mod tests;
