//! Assessing a gateway's report against the stored state of a transaction and its order.

use std::collections::BTreeSet;

use domain::{
    EventId, FindingKind, GatewayName, Transaction, TransactionId,
    payment::{
        EventDisposition, EventEffect, EventTarget, Flag, KnownReference, NamedReference, PaymentEvent,
        PaymentStatus, StoredEvent, TransactionChange, apply_events,
    },
};
use ports::{Notice, ParsedNotice, PortError, UnitOfWork, Write};

use super::gateway_calls::{GatewayReport, LapsedRequest};
use crate::{App, case_work::work_from_case, findings::FindingFrequency, gateways::GuardedGateway};

/// A transaction with its order after some events, not committed yet.
pub(crate) struct Assessment {
    /// The transaction and its order, with the events applied.
    pub(crate) case: TransactionChange,
    /// The effects of the new events, in the order of the report; those of lapsed requests come last.
    pub(crate) effects: Vec<EventEffect>,
    /// One write for each waiting event whose disposition changes.
    event_moves: Vec<Write>,
    /// The ids of the notices that waited. A finding names its event only if it is a stored notice.
    waited: Vec<EventId>,
    /// Whether a reference is new or a finding was raised. A released operation raises one.
    is_changed: bool,
    /// Whether the transaction is as it was read. What the gateway reported against it is then reported again at
    /// the next check, and so are its flags.
    flags_may_return: bool,
}

/// Returns the id of the transaction that an event of `gateway` names; `None` if it names an unknown
/// reference. An id is returned without a check that it exists. Each round resolves the target again, because
/// a reference may become known between two rounds.
pub(crate) async fn resolve_target(
    app: &App,
    gateway: &GatewayName,
    target: &EventTarget,
) -> Result<Option<TransactionId>, PortError> {
    match target {
        EventTarget::Transaction(id) => Ok(Some(id.clone())),
        EventTarget::Reference(named) => app.payments.find_by_reference(gateway, named).await,
    }
}

/// Reads a transaction with its order, and applies the report and the events that waited for it. `None` if
/// there is no such transaction.
///
/// The order is read before its transactions: a change between the two reads increments its revision, so the
/// commit is stale instead of wrong.
pub(crate) async fn assess(
    app: &App,
    id: &TransactionId,
    report: &GatewayReport,
) -> Result<Option<Assessment>, PortError> {
    let Some(found) = app.payments.find_transaction(id).await? else { return Ok(None) };
    let Some(order) = app.orders.find_order(&found.order_number).await? else { return Ok(None) };
    let all = app.payments.list_transactions(order.key).await?;
    let other_occupies = all.iter().any(|it| it.id != *id && it.occupies_order());
    let Some(transaction) = all.into_iter().find(|it| it.id == *id) else { return Ok(None) };
    let waiting = list_waiting_events(app, &transaction).await?;
    let had_ended = ended_without_capture(&transaction);
    let now = app.clock.now();
    let lapsed: Vec<_> = report.lapsed.iter().filter(|it| it.is_open(&transaction)).collect();
    let lapsed_events = lapsed.iter().filter_map(|it| it.event(&transaction, now));
    let events: Vec<_> = report.events.iter().cloned().chain(lapsed_events).collect();
    let all_events: Vec<_> = events.iter().chain(waiting.iter().map(|(_, event)| event)).cloned().collect();
    let claimed_elsewhere =
        find_claimed_elsewhere(app, &transaction, &all_events, &report.references).await?;
    let before = transaction.clone();
    let mut case = TransactionChange::from_order(order, transaction, other_occupies);
    case.claimed_elsewhere = claimed_elsewhere;
    for known in &report.references {
        case.learn_reference(known.clone(), now);
    }
    let mut effects = apply_events(&mut case, &all_events, || app.new_refund_ids(), now);
    for it in lapsed {
        if let LapsedRequest::Operation(operation) = it {
            case.release_operation(*operation, now);
        }
        case.flags.extend(it.flag());
    }
    let old = effects.split_off(events.len());
    if ended_without_capture(&case.transaction) {
        let new = events.iter().zip(&effects);
        // An event that waited is flagged once, when the payment ends; afterwards it would be flagged in
        // every round.
        let old_ones = waiting.iter().map(|(_, event)| event).zip(&old).filter(|_| !had_ended);
        let orphans: Vec<_> =
            new.chain(old_ones).filter(|(_, effect)| **effect == EventEffect::Waiting).collect();
        case.flags.extend(orphans.into_iter().map(|(event, _)| orphan_flag(event)));
    }
    let moved =
        waiting.iter().zip(&old).filter_map(|((stored, _), effect)| event_move(stored, effect)).collect();
    let waited = waiting.into_iter().map(|(stored, _)| stored.id).collect();
    let is_changed = !case.new_references(now).is_empty() || !case.flags.is_empty();
    let flags_may_return = case.transaction == before;
    Ok(Some(Assessment { case, effects, event_moves: moved, waited, is_changed, flags_may_return }))
}

/// Whether the payment failed or was voided without a capture, so that no capture is expected any more.
fn ended_without_capture(transaction: &Transaction) -> bool {
    transaction.captured_amount().is_zero()
        && matches!(transaction.status(), PaymentStatus::Failed | PaymentStatus::Voided)
}

/// The finding about a refund or dispute event that waits for a capture which is not expected any more.
fn orphan_flag(event: &PaymentEvent) -> Flag {
    let detail = "The gateway reported a refund or dispute of a payment that ended without a capture. It \
                  has no effect unless the gateway reports a capture.";
    Flag { kind: FindingKind::Contradiction, detail, event: Some(event.id.clone()) }
}

/// Returns those of the references to be learnt that belong to another transaction. If two transactions claim
/// one reference at the same time, the unique key decides: the second commit is stale, and its next round
/// finds the owner.
async fn find_claimed_elsewhere(
    app: &App,
    transaction: &Transaction,
    events: &[PaymentEvent],
    references: &[KnownReference],
) -> Result<Vec<NamedReference>, PortError> {
    let stated = events.iter().flat_map(|it| it.references.iter().collect::<Vec<_>>());
    let stated: BTreeSet<_> = stated.chain(references.iter().map(KnownReference::name)).collect();
    let mut claimed = Vec::new();
    for named in stated.into_iter().filter(|it| transaction.find_owner(it).is_none()) {
        let owner = app.payments.find_by_reference(&transaction.gateway, &named).await?;
        if owner.is_some_and(|it| it != transaction.id) {
            claimed.push(named);
        }
    }
    Ok(claimed)
}

async fn list_waiting_events(
    app: &App,
    transaction: &Transaction,
) -> Result<Vec<(StoredEvent, PaymentEvent)>, PortError> {
    let Some(gateway) = app.find_gateway(&transaction.gateway) else { return Ok(Vec::new()) };
    // An event that names a reference which only this commit learns is not found here; the sweep
    // `apply-parked` applies it.
    let known: Vec<_> = transaction.references.iter().map(KnownReference::name).collect();
    let stored = app.events.list_waiting_events(&transaction.gateway, &transaction.id, &known).await?;
    Ok(stored.into_iter().filter_map(|it| parse_event(gateway.as_ref(), it)).collect())
}

fn parse_event(gateway: &GuardedGateway, stored: StoredEvent) -> Option<(StoredEvent, PaymentEvent)> {
    let notice = Notice { id: stored.id.clone(), raw: stored.raw.clone() };
    match gateway.parse_notice(&notice, stored.received_at) {
        ParsedNotice::Event(event) => Some((stored, *event)),
        ParsedNotice::UnknownType { .. } | ParsedNotice::Unintelligible { .. } => None,
    }
}

fn event_move(stored: &StoredEvent, effect: &EventEffect) -> Option<Write> {
    let to = event_disposition(effect);
    (to != stored.disposition).then_some(Write::MoveEvent { key: stored.key, from: stored.disposition, to })
}

/// The disposition of an event that had this effect.
pub(crate) const fn event_disposition(effect: &EventEffect) -> EventDisposition {
    match effect {
        EventEffect::Applied => EventDisposition::Applied,
        EventEffect::Unchanged => EventDisposition::Unchanged,
        EventEffect::Waiting => EventDisposition::Waiting,
        EventEffect::Contradicted | EventEffect::Mismatch(_) => EventDisposition::Flagged,
    }
}

impl Assessment {
    /// Whether nothing has to be committed: no new event, no waiting event that moves, no new reference and
    /// no finding.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.event_moves.is_empty() && !self.is_changed
    }

    /// Returns everything that was decided, as one unit of work.
    pub(crate) fn into_work(self, app: &App) -> UnitOfWork {
        let frequency =
            if self.flags_may_return { FindingFrequency::OnceWhileOpen } else { FindingFrequency::Always };
        work_from_case(app, self.case, &self.waited, frequency).with_writes(self.event_moves)
    }

    /// The same for the event of a new notice, so that findings can name it.
    pub(crate) fn into_work_with(mut self, app: &App, notice: &Notice) -> UnitOfWork {
        self.waited.push(notice.id.clone());
        self.into_work(app)
    }
}
