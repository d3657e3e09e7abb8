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
    payments::{GatewayReport, assess, event_disposition, resolve_target},
    retry::{Attempt, retry_stale},
    security::SecurityEvent,
};

/// The longest time that the lock of one order's notices is held.
const LEASE: Duration = Duration::from_secs(10);
/// The longest time that a notice waits for the lock; after it the notice is processed without the lock.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Why a notice was not stored.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// No gateway with this name is configured.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// The notice has no valid signature.
    #[error(transparent)]
    InvalidSignature(#[from] InvalidSignature),
    /// The database could not be read or written, or a row is unreadable. The gateway must send the notice
    /// again.
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
    // Before the lock: most deliveries repeat a notice that is stored, and need nothing else.
    if is_stored(app, gateway, notice).await? {
        return Ok(CallbackOutcome::Duplicate);
    }
    let parsed = gateway.parse_notice(notice, app.clock.now());
    let (_held, has_waited) = match &parsed {
        ParsedNotice::Event(event) => lock_notice(app, &lock_name(&gateway.name(), event)).await,
        ParsedNotice::Irrelevant { .. }
        | ParsedNotice::UnknownType { .. }
        | ParsedNotice::Unintelligible { .. } => (None, false),
    };
    // The request that held the lock may have stored this notice. Without the lookup the unique key finds that out, for
    // more.
    if has_waited && is_stored(app, gateway, notice).await? {
        return Ok(CallbackOutcome::Duplicate);
    }
    retry_stale!(app, receive_notice_once(app, gateway, notice, &parsed).await)
}

async fn is_stored(app: &App, gateway: &GuardedGateway, notice: &Notice) -> Result<bool, CallbackError> {
    let ids = std::slice::from_ref(&notice.id);
    Ok(!app.events.list_stored_ids(&gateway.name(), ids).await?.is_empty())
}

/// Locks the notices of an order, and returns whether another one held the lock. The lock only saves rounds; without
/// it the order's revision decides.
async fn lock_notice(app: &App, name: &str) -> (Option<LockGuard>, bool) {
    match app.locks.acquire_lock(name, LEASE, Duration::ZERO).await {
        Ok(Some(guard)) => (Some(guard), false),
        Ok(None) => (app.locks.acquire_lock(name, LEASE, LOCK_WAIT).await.ok().flatten(), true),
        Err(_) => (None, false),
    }
}

/// The name of the lock under which a notice is processed: that of its order, or of what it is about if it
/// names no order.
fn lock_name(gateway: &GatewayName, event: &PaymentEvent) -> String {
    match (&event.order, &event.target) {
        (Some(order), _) => format!("order:{order}"),
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
    let stored = build_stored_event(app, &name, notice, parsed, disposition);
    match app.store.commit(work.with_write(Write::InsertEvent(stored))).await {
        Ok(()) => Ok(callback_outcome(disposition)),
        Err(CommitError::DuplicateEvent) => Ok(CallbackOutcome::Duplicate),
        Err(other) => Err(Attempt::from_commit_error(other)),
    }
}

/// Applies an event to its transaction. The event is parked if the transaction is not known or belongs to
/// another gateway.
async fn assess_event(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    event: &PaymentEvent,
) -> Result<(EventDisposition, UnitOfWork), PortError> {
    let assessment = match resolve_target(app, gateway, &event.target).await? {
        Some(id) => assess(app, &id, &GatewayReport::from(vec![event.clone()])).await?,
        None => None,
    };
    let Some(assessment) = assessment.filter(|it| it.case.transaction.gateway == *gateway) else {
        return Ok((EventDisposition::Parked, UnitOfWork::new()));
    };
    let disposition = assessment.effects.first().map_or(EventDisposition::Waiting, event_disposition);
    if assessment.is_repetition(event.kind) {
        return Ok((disposition, UnitOfWork::new()));
    }
    Ok((disposition, assessment.into_work_with(app, notice)))
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
