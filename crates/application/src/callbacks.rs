//! Gateways' notices: kept once, whatever they say, and applied in whatever order they come.

use std::{sync::Arc, time::Duration};

use domain::{
    FindingKind, GatewayName, Network,
    payment::{EventDisposition, PaymentEvent, StoredEvent},
};
use ports::{
    CallbackOutcome, CommitError, Gateway, InvalidSignature, Notice, NoticeHeaders, Observation,
    ParsedNotice, PortError, UnitOfWork, Write,
};

use crate::{
    App,
    findings::{FindingContext, new_finding},
    payments::{assess, event_disposition},
    retry::{Attempt, retry_stale},
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
pub async fn receive_notice(
    app: &App,
    gateway: &GatewayName,
    headers: &NoticeHeaders,
    body: &[u8],
    network: Network,
) -> Result<bool, CallbackError> {
    let gateway = app.find_gateway(gateway).ok_or(CallbackError::UnknownGateway)?;
    let notice = gateway.verify_notice(headers, body, app.clock.now()).inspect_err(|_| {
        app.metrics.observe(Observation::Callback(CallbackOutcome::Refused));
        SecurityEvent::SignatureRefused { gateway: &gateway.name(), network }.log();
    })?;
    let meaning = gateway.parse_notice(&notice, app.clock.now());
    let _held = match &meaning {
        // The lock only saves rounds; without it the order's revision decides.
        ParsedNotice::Event(event) => {
            app.locks.acquire_lock(&format!("order:{}", event.order), LEASE, LOCK_WAIT).await.ok()
        }
        ParsedNotice::UnknownType { .. } | ParsedNotice::Unintelligible { .. } => None,
    };
    let outcome = retry_stale!(app, receive_notice_once(app, gateway, &notice, &meaning).await)?;
    app.metrics.observe(Observation::Callback(outcome));
    Ok(outcome == CallbackOutcome::Duplicate)
}

async fn receive_notice_once(
    app: &App,
    gateway: &Arc<dyn Gateway>,
    notice: &Notice,
    meaning: &ParsedNotice,
) -> Result<CallbackOutcome, Attempt<CallbackError>> {
    let name = gateway.name();
    match app.events.find_event(&name, &notice.id).await {
        Ok(None) => {}
        // It is kept, whatever its row holds.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => return Ok(CallbackOutcome::Duplicate),
        Err(fault) => return Err(CallbackError::from(fault).into()),
    }
    let (became, work) = match meaning {
        ParsedNotice::Event(event) => {
            assess_event(app, &name, notice, event).await.map_err(CallbackError::from)?
        }
        ParsedNotice::UnknownType { .. } => {
            let detail = "A genuine notice of a type that is not known. It was kept and had no effect.";
            (EventDisposition::Flagged, flag_notice(app, &name, notice, FindingKind::UnknownType, detail))
        }
        ParsedNotice::Unintelligible { fault } => {
            let detail =
                format!("A genuine notice that is not what its type promises: {fault} It had no effect.");
            (EventDisposition::Flagged, flag_notice(app, &name, notice, FindingKind::Unintelligible, &detail))
        }
    };
    let stored = build_stored_event(app, &name, notice, meaning, became);
    match app.store.commit(work.with_write(Write::InsertEvent(stored))).await {
        Ok(()) => Ok(callback_outcome(became)),
        Err(CommitError::DuplicateEvent) => Ok(CallbackOutcome::Duplicate),
        Err(other) => Err(Attempt::from_commit_error(other)),
    }
}

/// What an event means for its transaction; it is parked when that is not known, or belongs to another gateway.
async fn assess_event(
    app: &App,
    gateway: &GatewayName,
    notice: &Notice,
    event: &PaymentEvent,
) -> Result<(EventDisposition, UnitOfWork), PortError> {
    let weighed = assess(app, &event.transaction, std::slice::from_ref(event)).await?;
    let Some(weighed) = weighed.filter(|it| it.case.transaction.gateway == *gateway) else {
        return Ok((EventDisposition::Parked, UnitOfWork::new()));
    };
    let became = weighed.effects.first().map_or(EventDisposition::Waiting, event_disposition);
    Ok((became, weighed.into_work_with(app, notice)))
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
    meaning: &ParsedNotice,
    disposition: EventDisposition,
) -> StoredEvent {
    let (kind, transaction) = match meaning {
        ParsedNotice::Event(event) => (Some(event.kind.as_str().to_owned()), Some(event.transaction.clone())),
        ParsedNotice::UnknownType { kind } => (Some(kind.clone()), None),
        ParsedNotice::Unintelligible { .. } => (None, None),
    };
    StoredEvent {
        key: app.new_event_key(),
        gateway: gateway.clone(),
        id: notice.id.clone(),
        kind,
        transaction,
        raw: notice.raw.clone(),
        disposition,
        received_at: app.clock.now(),
    }
}

const fn callback_outcome(became: EventDisposition) -> CallbackOutcome {
    match became {
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
