//! Receiving the notices of gateways: each is stored once, and applied in whatever order they arrive.

use std::time::Duration;

use domain::{
    FindingKind, GatewayName, Network,
    payment::{EventDisposition, EventTarget, PaymentEvent, StoredEvent},
};
use ports::{
    Acknowledgement, CallbackOutcome, CommitError, InvalidSignature, LockGuard, Notice, NoticeHeaders,
    Observation, ParsedNotice, PortError, UnitOfWork, Write,
};

use crate::{
    App,
    findings::{FindingContext, new_finding},
    gateways::GuardedGateway,
    keys_in_flight::{NOTICE_WAIT, Turn, order_lock_name},
    payments::{Assessment, GatewayReport, assess, event_disposition, repeats_recent_fact, resolve_target},
    retry::{Attempt, retry_stale},
    security::SecurityEvent,
    unreadable::skip_unreadable,
};

/// The longest time that the lock of one order's notices is held.
const LEASE: Duration = Duration::from_secs(10);

/// Why a notice was not stored.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// No gateway with this name is configured.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// The notice has no valid signature.
    #[error(transparent)]
    InvalidSignature(#[from] InvalidSignature),
    /// The database could not be read or written. The gateway must send the notice again.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Verifies a notice, and stores and applies it in one commit. Returns the acknowledgement that the gateway
/// expects. `network` is the origin of the request, for the security log.
///
/// # Errors
/// [`CallbackError`]. Nothing is acknowledged that is not committed.
pub async fn receive_notice(
    app: &App,
    gateway: &GatewayName,
    headers: &NoticeHeaders,
    body: &[u8],
    network: Network,
) -> Result<Acknowledgement, CallbackError> {
    let gateway = app.find_gateway(gateway).ok_or(CallbackError::UnknownGateway)?;
    let notice = gateway.verify_notice(headers, body, app.clock.now()).inspect_err(|_| {
        app.metrics.observe(Observation::Callback(CallbackOutcome::Refused));
        SecurityEvent::SignatureRefused { gateway: &gateway.name(), network }.log();
    })?;
    let outcome = store_notice(app, gateway, &notice).await?;
    app.metrics.observe(Observation::Callback(outcome));
    Ok(gateway.acknowledge(outcome == CallbackOutcome::Duplicate))
}

/// Stores and applies a notice, unless it is stored already.
async fn store_notice(
    app: &App,
    gateway: &GuardedGateway,
    notice: &Notice,
) -> Result<CallbackOutcome, CallbackError> {
    // Before everything else: most deliveries repeat a notice that is stored, and need nothing.
    if app.known_events.contains_event(&gateway.name(), &notice.id).await {
        return Ok(CallbackOutcome::Duplicate);
    }
    let parsed = gateway.parse_notice(notice, app.clock.now());
    if let ParsedNotice::Event(event) = &parsed {
        return store_event_notice(app, gateway, notice, &parsed, event).await;
    }
    let outcome = if is_stored(app, gateway, notice).await? {
        CallbackOutcome::Duplicate
    } else {
        retry_stale!(app, receive_notice_once(app, gateway, notice, &parsed).await)?
    };
    app.known_events.put_event(&gateway.name(), &notice.id).await;
    Ok(outcome)
}

/// The same for a notice that is an event. The copies of one notice and the answer that is being committed about the same
/// order take turns: a commit that comes second would be stale, and take the batch that it is in with it.
async fn store_event_notice(
    app: &App,
    gateway: &GuardedGateway,
    notice: &Notice,
    parsed: &ParsedNotice,
    event: &PaymentEvent,
) -> Result<CallbackOutcome, CallbackError> {
    let name = lock_name(&gateway.name(), event);
    let turn = app.notices_in_flight.wait_for_turn(&name, NOTICE_WAIT).await;
    // The one before may have stored this notice.
    if turn.as_ref().is_none_or(Turn::has_waited)
        && app.known_events.contains_event(&gateway.name(), &notice.id).await
    {
        return Ok(CallbackOutcome::Duplicate);
    }
    let outcome = store_new_event(app, gateway, notice, parsed, event, &name).await?;
    // Whatever the outcome, the notice is committed by now: by this request, or by another one before it. Before the turn
    // ends, so that the copy that waits finds it.
    app.known_events.put_event(&gateway.name(), &notice.id).await;
    Ok(outcome)
}

/// Stores and applies an event that this process does not know to be stored.
async fn store_new_event(
    app: &App,
    gateway: &GuardedGateway,
    notice: &Notice,
    parsed: &ParsedNotice,
    event: &PaymentEvent,
    lock: &str,
) -> Result<CallbackOutcome, CallbackError> {
    if is_stored(app, gateway, notice).await? {
        return Ok(CallbackOutcome::Duplicate);
    }
    if repeats_recent_fact(app, &gateway.name(), event) {
        let stored = build_stored_event(app, &gateway.name(), notice, parsed, EventDisposition::Unchanged);
        match commit_event(app, UnitOfWork::new(), stored).await {
            Ok(outcome) => return Ok(outcome),
            Err(Attempt::Failed(error)) => return Err(error),
            // A row key that was drawn twice: the usual way draws another one.
            Err(Attempt::Stale) => {}
        }
    }
    match receive_notice_once(app, gateway, notice, parsed).await {
        Ok(outcome) => return Ok(outcome),
        Err(Attempt::Failed(error)) => return Err(error),
        Err(Attempt::Stale) => app.metrics.observe(Observation::Retry),
    }
    // Another instance works on the same order. Only then is the lock worth its round trips.
    let _held = lock_notice(app, lock).await;
    // That instance may have stored this notice. Without the lookup the unique key finds that out, for more.
    if is_stored(app, gateway, notice).await? {
        return Ok(CallbackOutcome::Duplicate);
    }
    retry_stale!(app, receive_notice_once(app, gateway, notice, parsed).await)
}

async fn is_stored(app: &App, gateway: &GuardedGateway, notice: &Notice) -> Result<bool, CallbackError> {
    let ids = std::slice::from_ref(&notice.id);
    Ok(!app.events.list_stored_ids(&gateway.name(), ids).await?.is_empty())
}

/// Locks the notices of an order. The lock only saves rounds; without it the order's revision decides.
async fn lock_notice(app: &App, name: &str) -> Option<LockGuard> {
    app.locks.acquire_lock(name, LEASE, NOTICE_WAIT).await.ok().flatten()
}

/// The name of the lock under which a notice is processed: that of its order, or of what it is about if it
/// names no order.
fn lock_name(gateway: &GatewayName, event: &PaymentEvent) -> String {
    match (&event.order, &event.target) {
        (Some(order), _) => order_lock_name(order),
        (None, EventTarget::Transaction(id)) => format!("transaction:{id}"),
        (None, EventTarget::Reference(named)) => {
            format!("reference:{gateway}:{}:{}", named.kind.as_str(), named.reference)
        }
    }
}

async fn receive_notice_once(
    app: &App,
    gateway: &GuardedGateway,
    notice: &Notice,
    parsed: &ParsedNotice,
) -> Result<CallbackOutcome, Attempt<CallbackError>> {
    let name = gateway.name();
    let (disposition, work) = match parsed {
        ParsedNotice::Event(event) => {
            assess_event(app, &name, notice, event).await.map_err(CallbackError::from)?
        }
        // It is stored like any other, so that its repetition is a duplicate.
        ParsedNotice::Irrelevant { .. } => (EventDisposition::Unchanged, UnitOfWork::new()),
        ParsedNotice::UnknownType { .. } => {
            let detail =
                "The notice has a type that this version does not know. It is stored and had no effect.";
            (EventDisposition::Flagged, flag_notice(app, &name, notice, FindingKind::UnknownType, detail))
        }
        ParsedNotice::Unintelligible { fault } => {
            let detail = format!("The notice cannot be read: {fault} It is stored and had no effect.");
            (EventDisposition::Flagged, flag_notice(app, &name, notice, FindingKind::Unintelligible, &detail))
        }
    };
    commit_event(app, work, build_stored_event(app, &name, notice, parsed, disposition)).await
}

/// Commits a notice together with what it changes.
async fn commit_event(
    app: &App,
    work: UnitOfWork,
    stored: StoredEvent,
) -> Result<CallbackOutcome, Attempt<CallbackError>> {
    let outcome = callback_outcome(stored.disposition);
    match app.store.commit(work.with_write(Write::InsertEvent(stored))).await {
        Ok(()) => Ok(outcome),
        Err(CommitError::DuplicateEvent) => Ok(CallbackOutcome::Duplicate),
        Err(other) => Err(Attempt::from_commit_error(other)),
    }
}

/// Applies an event to its transaction. The event is parked if the transaction is not known, belongs to another
/// gateway, or cannot be read.
async fn assess_event(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    event: &PaymentEvent,
) -> Result<(EventDisposition, UnitOfWork), PortError> {
    // A row that cannot be read has a finding of its own. The notice is kept and not refused: the gateway would repeat it
    // for days and then give it up, and a parked one is applied as soon as the row is mended.
    let assessment = skip_unreadable(assess_target(app, gateway, event).await)?.flatten();
    let Some(assessment) = assessment.filter(|it| it.case.transaction.gateway == *gateway) else {
        return Ok((EventDisposition::Parked, UnitOfWork::new()));
    };
    let disposition = assessment.effects.first().map_or(EventDisposition::Waiting, event_disposition);
    if assessment.is_repetition(event.kind) {
        return Ok((disposition, UnitOfWork::new()));
    }
    Ok((disposition, assessment.into_work_with(app, notice)))
}

async fn assess_target(
    app: &App,
    gateway: &GatewayName,
    event: &PaymentEvent,
) -> Result<Option<Assessment>, PortError> {
    match resolve_target(app, gateway, &event.target).await? {
        Some(id) => assess(app, &id, &GatewayReport::from(vec![event.clone()])).await,
        None => Ok(None),
    }
}

fn flag_notice(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    kind: FindingKind,
    detail: &str,
) -> UnitOfWork {
    let about = FindingContext { gateway: Some(gateway), event: Some(&notice.id), transaction: None };
    UnitOfWork::new().with_write(Write::InsertFinding(new_finding(app, kind, detail, &about)))
}

fn build_stored_event(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    parsed: &ParsedNotice,
    disposition: EventDisposition,
) -> StoredEvent {
    let (kind, target) = match parsed {
        ParsedNotice::Event(event) => (Some(event.kind.as_str().to_owned()), Some(event.target.clone())),
        ParsedNotice::Irrelevant { kind } | ParsedNotice::UnknownType { kind } => (Some(kind.clone()), None),
        ParsedNotice::Unintelligible { .. } => (None, None),
    };
    StoredEvent {
        key: app.new_event_key(),
        gateway: gateway.clone(),
        id: notice.id.clone(),
        kind,
        target,
        raw: notice.raw.clone(),
        disposition,
        received_at: app.clock.now(),
    }
}

const fn callback_outcome(disposition: EventDisposition) -> CallbackOutcome {
    match disposition {
        EventDisposition::Applied => CallbackOutcome::Applied,
        EventDisposition::Unchanged => CallbackOutcome::Unchanged,
        EventDisposition::Waiting | EventDisposition::Parked | EventDisposition::Overdue => {
            CallbackOutcome::Waiting
        }
        EventDisposition::Flagged => CallbackOutcome::Flagged,
    }
}

#[cfg(test)]
mod tests;
