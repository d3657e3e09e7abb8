//! Assessing a gateway's report against the stored state of a transaction and its order.

use std::collections::BTreeSet;

use domain::{
    EventId, FindingKind, GatewayName, Transaction, TransactionId,
    payment::{
        EventDisposition, EventEffect, EventKind, EventTarget, Flag, KnownReference, NamedReference,
        NextAction, PaymentEvent, PaymentStatus, StoredEvent, TransactionChange, apply_events,
    },
};
use ports::{CaseKey, Notice, ParsedNotice, PaymentCase, PortError, UnitOfWork, Write, is_event_about};

use super::gateway_calls::GatewayReport;
use crate::{App, case_work::work_from_case, findings::FindingFrequency, gateways::GuardedGateway};

/// A transaction with its order after some events, not committed yet.
pub(crate) struct Assessment {
    /// The transaction and its order, with the events applied.
    pub(crate) case: TransactionChange,
    /// The effects of the new events, in the order of the report; that of an unexecuted payment comes last.
    pub(crate) effects: Vec<EventEffect>,
    /// One write for each waiting event whose disposition changes.
    event_moves: Vec<Write>,
    /// The ids of the notices that waited. A finding names its event only if it is a stored notice.
    waited: Vec<EventId>,
    /// The other transactions of the order, oldest first.
    pub(super) others: Vec<Transaction>,
    /// Whether a reference or the next action is new or a finding was raised. A released operation raises one.
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

/// Reads an order with its payments, as of one moment. `None` if there is no such order or transaction.
pub(crate) async fn read_case(app: &App, key: CaseKey) -> Result<Option<PaymentCase>, PortError> {
    Ok(app.payments.find_cases(&[key]).await?.pop())
}

/// Reads a transaction with its order, and applies the report and the events that waited for it. `None` if
/// there is no such transaction.
pub(crate) async fn assess(
    app: &App,
    id: &TransactionId,
    report: &GatewayReport,
) -> Result<Option<Assessment>, PortError> {
    let Some(case) = read_case(app, CaseKey::Transaction(id.clone())).await? else { return Ok(None) };
    let Some((transaction, waiting)) = pick_transaction(app, &case, id) else { return Ok(None) };
    let waiting_events = waiting.iter().map(|(_, event)| event);
    let claimed_elsewhere =
        find_claimed_elsewhere(app, &transaction, report.events.iter().chain(waiting_events), report).await?;
    Ok(assess_case(app, case, id, report, claimed_elsewhere))
}

/// Applies the report to a case that this use case has just committed, without a read. The guard of the order makes
/// the commit stale if anything has changed since; and the unique key of references makes it stale if the report
/// teaches one that belongs to another transaction. `None` if the transaction is not in the case.
pub(crate) fn assess_known(
    app: &App,
    known: PaymentCase,
    id: &TransactionId,
    report: &GatewayReport,
) -> Option<Assessment> {
    assess_case(app, known, id, report, Vec::new())
}

/// The transaction with its readable waiting events.
fn pick_transaction(
    app: &App,
    case: &PaymentCase,
    id: &TransactionId,
) -> Option<(Transaction, Vec<(StoredEvent, PaymentEvent)>)> {
    let transaction = case.transactions.iter().find(|it| it.id == *id)?.clone();
    let gateway = app.find_gateway(&transaction.gateway);
    // An event that names a reference which only this commit learns is not among them; the sweep
    // `apply-parked` applies it.
    let own = case.waiting.iter().filter(|it| is_event_about(it, &transaction)).cloned();
    let waiting =
        gateway.into_iter().flat_map(|it| own.clone().filter_map(|event| parse_event(it.as_ref(), event)));
    let waiting = waiting.collect();
    Some((transaction, waiting))
}

fn assess_case(
    app: &App,
    read: PaymentCase,
    id: &TransactionId,
    report: &GatewayReport,
    claimed_elsewhere: Vec<NamedReference>,
) -> Option<Assessment> {
    let (transaction, waiting) = pick_transaction(app, &read, id)?;
    let PaymentCase { order, transactions, .. } = read;
    let others: Vec<_> = transactions.into_iter().filter(|it| it.id != *id).collect();
    let other_occupies = others.iter().any(Transaction::occupies_order);
    let had_ended = ended_without_capture(&transaction);
    let now = app.clock.now();
    let unexecuted: Vec<_> = report.unexecuted.iter().filter(|it| it.is_open(&transaction)).collect();
    let unexecuted_events = unexecuted.iter().filter_map(|it| it.event(&transaction, now));
    let events: Vec<_> = report.events.iter().cloned().chain(unexecuted_events).collect();
    let all_events: Vec<_> = events.iter().chain(waiting.iter().map(|(_, event)| event)).cloned().collect();
    let before = transaction.clone();
    let mut case = TransactionChange::from_order(order, transaction, other_occupies);
    case.claimed_elsewhere = claimed_elsewhere;
    for known in &report.references {
        case.add_reported_reference(known.clone(), now);
    }
    let mut effects = apply_events(&mut case, &all_events, || app.new_refund_ids(), now);
    for it in unexecuted {
        it.end_in(&mut case, now);
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
    let flags_may_return = case.transaction == before;
    // Last: only now it is known whether the payment still waits for its buyer.
    case.replace_next_action(report.next_action.clone().filter(is_storable));
    let is_changed =
        !case.new_references(now).is_empty() || !case.flags.is_empty() || case.new_next_action().is_some();
    Some(Assessment { case, effects, event_moves: moved, waited, others, is_changed, flags_may_return })
}

/// Whether the action is short enough to be stored. Without it the buyer cannot pay in this way, but the payment is
/// looked up like any other.
fn is_storable(action: &NextAction) -> bool {
    let fits = action.content_bytes() <= NextAction::BYTES_MAX;
    if !fits {
        tracing::warn!(kind = action.kind(), "what the buyer must do is too long, and is left out");
    }
    fits
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
async fn find_claimed_elsewhere<'e>(
    app: &App,
    transaction: &Transaction,
    events: impl Iterator<Item = &'e PaymentEvent> + Send,
    report: &GatewayReport,
) -> Result<Vec<NamedReference>, PortError> {
    let stated = events.flat_map(|it| it.references.iter().collect::<Vec<_>>());
    let stated: BTreeSet<_> = stated.chain(report.references.iter().map(KnownReference::name)).collect();
    let mut claimed = Vec::new();
    for named in stated.into_iter().filter(|it| transaction.find_owner(it).is_none()) {
        let owner = app.payments.find_by_reference(&transaction.gateway, &named).await?;
        if owner.is_some_and(|it| it != transaction.id) {
            claimed.push(named);
        }
    }
    Ok(claimed)
}

fn parse_event(gateway: &GuardedGateway, stored: StoredEvent) -> Option<(StoredEvent, PaymentEvent)> {
    let notice = Notice { id: stored.id.clone(), raw: stored.raw.clone() };
    match gateway.parse_notice(&notice, stored.received_at) {
        ParsedNotice::Event(event) => Some((stored, *event)),
        ParsedNotice::Irrelevant { .. }
        | ParsedNotice::UnknownType { .. }
        | ParsedNotice::Unintelligible { .. } => None,
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
    /// Whether nothing has to be committed: no new event, no waiting event that moves, no new reference or next
    /// action, and no finding.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.event_moves.is_empty() && !self.is_changed
    }

    /// Whether a commit would write nothing new: the events repeat what is stored, and nothing was flagged.
    pub(crate) fn repeats_stored_facts(&self) -> bool {
        self.flags_may_return && self.event_moves.is_empty() && !self.is_changed
    }

    /// Whether the one new event, `kind` of a payment, only repeats a recorded fact, and nothing else has to
    /// be committed. Facts of a payment are never withdrawn, so it stays a repetition whatever is committed
    /// meanwhile, and needs no guard.
    pub(crate) fn is_repetition(&self, kind: EventKind) -> bool {
        matches!(kind, EventKind::Authorized | EventKind::Captured)
            && self.effects == [EventEffect::Unchanged]
            && self.event_moves.is_empty()
            && !self.is_changed
            && self.flags_may_return
            && self.case.order_change.history_entries().is_empty()
    }

    /// The case as it is after [`into_work`](Self::into_work) is committed; `None` if events wait for the
    /// transaction, because their dispositions change.
    pub(crate) fn case_after_commit(&self) -> Option<PaymentCase> {
        if !self.waited.is_empty() {
            return None;
        }
        let order = self.case.order_change.order().clone();
        let mut transactions = self.others.clone();
        transactions.push(self.case.transaction.clone());
        transactions.sort_by_key(|it| it.sequence);
        Some(PaymentCase { order, transactions, waiting: Vec::new() })
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
