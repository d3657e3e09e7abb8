//! Gateways' notices: kept once, whatever they say, and applied in whatever order they come.

use std::time::Duration;

use domain::{
    FindingKind, GatewayName, Network,
    payment::{Disposition, Event, EventTarget, StoredEvent},
};
use ports::{
    Acknowledgement, CallbackOutcome, CommitError, Happening, InvalidSignature, Notice, NoticeHeaders,
    ParsedNotice, PortError, UnitOfWork, Write,
};

use crate::{
    App,
    findings::{About, note},
    gateways::GuardedGateway,
    payments::{Heard, disposition, resolve_target, weigh},
    retry::{Tried, until_settled},
    security::SecurityEvent,
};

/// How long the lock of one order's notices is held at most.
const LEASE: Duration = Duration::from_secs(10);
/// How long a notice waits for another of the same order before it goes on without the lock.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Why a notice was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// There is no such gateway.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// It is not genuine.
    #[error(transparent)]
    InvalidSignature(#[from] InvalidSignature),
    /// The record is away: the gateway must send it again.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Keeps a genuine notice and makes true what it says, in one commit. Gives what the gateway wants to hear then. `network`
/// is where it came from.
///
/// # Errors
/// [`CallbackError`].
pub async fn receive(
    app: &App,
    gateway: &GatewayName,
    headers: &NoticeHeaders,
    body: &[u8],
    network: Network,
) -> Result<Acknowledgement, CallbackError> {
    let gateway = app.gateway(gateway).ok_or(CallbackError::UnknownGateway)?;
    let notice = gateway.verify(headers, body, app.clock.now()).inspect_err(|_| {
        app.meter.record(Happening::Callback(CallbackOutcome::Refused));
        SecurityEvent::SignatureRefused { gateway: &gateway.name(), network }.log();
    })?;
    let parsed = gateway.parse_notice(&notice, app.clock.now());
    let _held = match &parsed {
        // The lock only saves rounds; without it the order's revision decides.
        ParsedNotice::Event(event) => {
            app.locks.acquire(&lock_name(&gateway.name(), event), LEASE, LOCK_WAIT).await.ok()
        }
        ParsedNotice::UnknownType { .. } | ParsedNotice::Unintelligible { .. } => None,
    };
    let outcome = until_settled!(app, receive_once(app, gateway, &notice, &parsed).await)?;
    app.meter.record(Happening::Callback(outcome));
    Ok(gateway.acknowledge(outcome == CallbackOutcome::Duplicate))
}

/// Notices of one order take turns; one that names no order, those about one thing of the gateway.
fn lock_name(gateway: &GatewayName, event: &Event) -> String {
    match (&event.order, &event.target) {
        (Some(order), _) => format!("order:{order}"),
        (None, EventTarget::Transaction(id)) => format!("transaction:{id}"),
        (None, EventTarget::Reference(named)) => {
            format!("reference:{gateway}:{}:{}", named.kind.as_str(), named.reference)
        }
    }
}

async fn receive_once(
    app: &App,
    gateway: &GuardedGateway,
    notice: &Notice,
    parsed: &ParsedNotice,
) -> Result<CallbackOutcome, Tried<CallbackError>> {
    let name = gateway.name();
    match app.events.find(&name, &notice.id).await {
        Ok(None) => {}
        // It is kept, whatever its row holds.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => return Ok(CallbackOutcome::Duplicate),
        Err(fault) => return Err(CallbackError::from(fault).into()),
    }
    let (became, work) = match parsed {
        ParsedNotice::Event(event) => {
            weighed(app, &name, notice, event).await.map_err(CallbackError::from)?
        }
        ParsedNotice::UnknownType { .. } => {
            let detail = "A genuine notice of a type that is not known. It was kept and had no effect.";
            (Disposition::Flagged, flagged(app, &name, notice, FindingKind::UnknownType, detail))
        }
        ParsedNotice::Unintelligible { fault } => {
            let detail =
                format!("A genuine notice that is not what its type promises: {fault} It had no effect.");
            (Disposition::Flagged, flagged(app, &name, notice, FindingKind::Unintelligible, &detail))
        }
    };
    let stored = stored(app, &name, notice, parsed, became);
    match app.store.commit(work.with(Write::InsertEvent(stored))).await {
        Ok(()) => Ok(outcome(became)),
        Err(CommitError::DuplicateEvent) => Ok(CallbackOutcome::Duplicate),
        Err(other) => Err(Tried::commit(other)),
    }
}

/// What an event means for its transaction; it is parked when that is not known, or belongs to another gateway.
async fn weighed(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    event: &Event,
) -> Result<(Disposition, UnitOfWork), PortError> {
    let weighed = match resolve_target(app, gateway, &event.target).await? {
        Some(id) => weigh(app, &id, &Heard::from(vec![event.clone()])).await?,
        None => None,
    };
    let Some(weighed) = weighed.filter(|it| it.case.transaction.gateway == *gateway) else {
        return Ok((Disposition::Parked, UnitOfWork::new()));
    };
    let became = weighed.effects.first().map_or(Disposition::Waiting, disposition);
    Ok((became, weighed.work_of(app, notice)))
}

fn flagged(app: &App, gateway: &GatewayName, notice: &Notice, kind: FindingKind, detail: &str) -> UnitOfWork {
    let about = About { gateway: Some(gateway), event: Some(&notice.id), transaction: None };
    UnitOfWork::new().with(Write::InsertFinding(note(app, kind, detail, &about)))
}

fn stored(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    parsed: &ParsedNotice,
    disposition: Disposition,
) -> StoredEvent {
    let (kind, target) = match parsed {
        ParsedNotice::Event(event) => (Some(event.kind.as_str().to_owned()), Some(event.target.clone())),
        ParsedNotice::UnknownType { kind } => (Some(kind.clone()), None),
        ParsedNotice::Unintelligible { .. } => (None, None),
    };
    StoredEvent {
        key: app.event_key(),
        gateway: gateway.clone(),
        id: notice.id.clone(),
        kind,
        target,
        raw: notice.raw.clone(),
        disposition,
        received_at: app.clock.now(),
    }
}

const fn outcome(became: Disposition) -> CallbackOutcome {
    match became {
        Disposition::Applied => CallbackOutcome::Applied,
        Disposition::Unchanged => CallbackOutcome::Unchanged,
        Disposition::Waiting | Disposition::Parked | Disposition::Overdue => CallbackOutcome::Waiting,
        Disposition::Flagged => CallbackOutcome::Flagged,
    }
}

#[cfg(test)]
mod tests;
