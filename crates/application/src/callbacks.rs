//! Gateways' notices: kept once, whatever they say, and applied in whatever order they come.

use std::{sync::Arc, time::Duration};

use domain::{
    FindingKind, GatewayName, Network,
    payment::{Disposition, Event, StoredEvent},
};
use ports::{
    CallbackOutcome, CommitError, Gateway, Happening, InvalidSignature, Meaning, Notice, NoticeHeaders,
    PortError, UnitOfWork, Write,
};

use crate::{
    App,
    findings::{About, note},
    payments::{disposition, weigh},
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

/// Keeps a genuine notice and makes true what it says, in one commit. `true` when it had been kept before. `network` is
/// where it came from.
///
/// # Errors
/// [`CallbackError`].
pub async fn receive(
    app: &App,
    gateway: &GatewayName,
    headers: &NoticeHeaders,
    body: &[u8],
    network: Network,
) -> Result<bool, CallbackError> {
    let gateway = app.gateway(gateway).ok_or(CallbackError::UnknownGateway)?;
    let notice = gateway.verify(headers, body, app.clock.now()).inspect_err(|_| {
        app.meter.record(Happening::Callback(CallbackOutcome::Refused));
        SecurityEvent::SignatureRefused { gateway: &gateway.name(), network }.log();
    })?;
    let meaning = gateway.understand(&notice, app.clock.now());
    let _held = match &meaning {
        // The lock only saves rounds; without it the order's revision decides.
        Meaning::Event(event) => {
            app.locks.acquire(&format!("order:{}", event.order), LEASE, LOCK_WAIT).await.ok()
        }
        Meaning::UnknownType { .. } | Meaning::Unintelligible { .. } => None,
    };
    let outcome = until_settled!(app, receive_once(app, gateway, &notice, &meaning).await)?;
    app.meter.record(Happening::Callback(outcome));
    Ok(outcome == CallbackOutcome::Duplicate)
}

async fn receive_once(
    app: &App,
    gateway: &Arc<dyn Gateway>,
    notice: &Notice,
    meaning: &Meaning,
) -> Result<CallbackOutcome, Tried<CallbackError>> {
    let name = gateway.name();
    match app.events.find(&name, &notice.id).await {
        Ok(None) => {}
        // It is kept, whatever its row holds.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => return Ok(CallbackOutcome::Duplicate),
        Err(fault) => return Err(CallbackError::from(fault).into()),
    }
    let (became, work) = match meaning {
        Meaning::Event(event) => weighed(app, &name, notice, event).await.map_err(CallbackError::from)?,
        Meaning::UnknownType { .. } => {
            let detail = "A genuine notice of a type that is not known. It was kept and had no effect.";
            (Disposition::Flagged, flagged(app, &name, notice, FindingKind::UnknownType, detail))
        }
        Meaning::Unintelligible { fault } => {
            let detail =
                format!("A genuine notice that is not what its type promises: {fault} It had no effect.");
            (Disposition::Flagged, flagged(app, &name, notice, FindingKind::Unintelligible, &detail))
        }
    };
    let stored = stored(app, &name, notice, meaning, became);
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
    let weighed = weigh(app, &event.transaction, std::slice::from_ref(event)).await?;
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
    meaning: &Meaning,
    disposition: Disposition,
) -> StoredEvent {
    let (kind, transaction) = match meaning {
        Meaning::Event(event) => (Some(event.kind.as_str().to_owned()), Some(event.transaction.clone())),
        Meaning::UnknownType { kind } => (Some(kind.clone()), None),
        Meaning::Unintelligible { .. } => (None, None),
    };
    StoredEvent {
        key: app.event_key(),
        gateway: gateway.clone(),
        id: notice.id.clone(),
        kind,
        transaction,
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
