//! Weighing what a gateway says against what is known of a transaction and its order.

use std::collections::BTreeSet;

use domain::{
    EventId, FindingKind, GatewayName, Transaction, TransactionId,
    payment::{
        Case, Disposition, Effect, Event, EventTarget, Flag, KnownReference, NamedReference, PaymentStatus,
        StoredEvent, fold,
    },
};
use ports::{Notice, ParsedNotice, PortError, UnitOfWork, Write};

use super::ask::{Heard, Lapsed};
use crate::{App, findings::of_flags, gateways::GuardedGateway};

/// A transaction with its order after some events, not committed yet.
pub(crate) struct Weighed {
    /// Transaction and order.
    pub(crate) case: Case,
    /// What the new events did.
    pub(crate) effects: Vec<Effect>,
    /// What became of events that had waited.
    moved: Vec<Write>,
    /// The notices that had waited, by which findings name their cause.
    waited: Vec<EventId>,
    /// Whether something was learnt, released or flagged without an event.
    is_changed: bool,
}

/// The transaction that an event of that gateway names, if it is known. A reference may be learnt at any moment, so each
/// round asks for it.
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

/// Reads a transaction with its order and adds what was heard, and the events that waited for it. `None` when there is no
/// such transaction.
///
/// The order is read before its transactions: a change between the two reads moves its revision, so that the commit is
/// stale and not wrong.
pub(crate) async fn weigh(
    app: &App,
    id: &TransactionId,
    heard: &Heard,
) -> Result<Option<Weighed>, PortError> {
    let Some(found) = app.payments.find(id).await? else { return Ok(None) };
    let Some(order) = app.orders.find(&found.order_number).await? else { return Ok(None) };
    let all = app.payments.list(order.key).await?;
    let other_occupies = all.iter().any(|it| it.id != *id && it.occupies_order());
    let Some(transaction) = all.into_iter().find(|it| it.id == *id) else { return Ok(None) };
    let waiting = waiting(app, &transaction).await?;
    let was_over = is_over(&transaction);
    let now = app.clock.now();
    let lapsed: Vec<_> = heard.lapsed.iter().filter(|it| it.is_open(&transaction)).collect();
    let given_up = lapsed.iter().filter_map(|it| it.event(&transaction, now));
    let events: Vec<_> = heard.events.iter().cloned().chain(given_up).collect();
    let all_events: Vec<_> = events.iter().chain(waiting.iter().map(|(_, event)| event)).cloned().collect();
    let claimed_elsewhere = claimed_elsewhere(app, &transaction, &all_events, &heard.references).await?;
    let mut case = Case::of(order, transaction, other_occupies);
    case.claimed_elsewhere = claimed_elsewhere;
    for known in &heard.references {
        case.learn_reference(known.clone(), now);
    }
    let mut effects = fold(&mut case, &all_events, || app.refund(), now);
    for it in lapsed {
        if let Lapsed::Operation(asked) = it {
            case.release_operation(*asked, now);
        }
        case.flags.extend(it.flag());
    }
    let old = effects.split_off(events.len());
    if is_over(&case.transaction) {
        let new = events.iter().zip(&effects);
        let old_ones = waiting.iter().map(|(_, event)| event).zip(&old).filter(|_| !was_over);
        let orphans: Vec<_> = new.chain(old_ones).filter(|(_, effect)| **effect == Effect::Waiting).collect();
        case.flags.extend(orphans.into_iter().map(|(event, _)| orphan(event)));
    }
    let moved = waiting.iter().zip(&old).filter_map(|((stored, _), effect)| moved(stored, effect)).collect();
    let waited = waiting.into_iter().map(|(stored, _)| stored.id).collect();
    let is_changed = !case.new_references(now).is_empty() || !case.flags.is_empty();
    Ok(Some(Weighed { case, effects, moved, waited, is_changed }))
}

/// Whether it ended without a capture, so that nothing more is to be expected.
fn is_over(transaction: &Transaction) -> bool {
    transaction.captured().is_zero()
        && matches!(transaction.status(), PaymentStatus::Failed | PaymentStatus::Voided)
}

/// A word that waits for a capture which is not to be expected.
fn orphan(event: &Event) -> Flag {
    let detail =
        "A genuine notice about captured money of a payment that ended without a capture. It is kept.";
    Flag { kind: FindingKind::Contradiction, detail, event: Some(event.id.clone()) }
}

/// Which of the references that are about to be learnt another transaction has. Two that claim one at the same moment
/// are told apart by the unique key: the commit of the second is stale, and this is asked again.
async fn claimed_elsewhere(
    app: &App,
    transaction: &Transaction,
    events: &[Event],
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

async fn waiting(app: &App, transaction: &Transaction) -> Result<Vec<(StoredEvent, Event)>, PortError> {
    let Some(gateway) = app.gateway(&transaction.gateway) else { return Ok(Vec::new()) };
    // What names a reference that is learnt in this very commit is found by the sweep.
    let known: Vec<_> = transaction.references.iter().map(KnownReference::name).collect();
    let stored = app.events.waiting(&transaction.gateway, &transaction.id, &known).await?;
    Ok(stored.into_iter().filter_map(|it| readable(gateway.as_ref(), it)).collect())
}

fn readable(gateway: &GuardedGateway, stored: StoredEvent) -> Option<(StoredEvent, Event)> {
    let notice = Notice { id: stored.id.clone(), raw: stored.raw.clone() };
    match gateway.parse_notice(&notice, stored.received_at) {
        ParsedNotice::Event(event) => Some((stored, *event)),
        ParsedNotice::UnknownType { .. } | ParsedNotice::Unintelligible { .. } => None,
    }
}

fn moved(stored: &StoredEvent, effect: &Effect) -> Option<Write> {
    let to = disposition(effect);
    (to != stored.disposition).then_some(Write::MoveEvent { key: stored.key, from: stored.disposition, to })
}

/// What became of an event.
pub(crate) const fn disposition(effect: &Effect) -> Disposition {
    match effect {
        Effect::Applied => Disposition::Applied,
        Effect::Unchanged => Disposition::Unchanged,
        Effect::Waiting => Disposition::Waiting,
        Effect::Contradicted | Effect::Mismatch(_) => Disposition::Flagged,
    }
}

impl Weighed {
    /// Whether there was nothing to weigh: neither a new event, nor one that had waited and need not any more, nor anything
    /// else that was heard.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.moved.is_empty() && !self.is_changed
    }

    /// Everything that was decided, for one commit.
    pub(crate) fn work(self, app: &App) -> UnitOfWork {
        of_case(app, self.case, &self.waited).with_all(self.moved)
    }

    /// The same, with the notice that brought the new event.
    pub(crate) fn work_of(mut self, app: &App, notice: &Notice) -> UnitOfWork {
        self.waited.push(notice.id.clone());
        self.work(app)
    }
}

/// An order's progress, its transaction and what an operator must look at, for one commit. A finding names its event if
/// that is one of these notices: a gateway's answer is none.
pub(crate) fn of_case(app: &App, case: Case, notices: &[EventId]) -> UnitOfWork {
    let findings: Vec<_> = of_flags(app, &case.flags, &case.transaction, notices).collect();
    let gateway = case.transaction.gateway.clone();
    let references = case.new_references(app.clock.now());
    UnitOfWork::new()
        .progress(case.progress)
        .with(Write::UpdateTransaction(Box::new(case.transaction)))
        .with_all(references.into_iter().map(|it| Write::LearnReference(gateway.clone(), it)))
        .with_all(case.requests.into_iter().map(Write::InsertRequest))
        .with_all(findings)
}
