//! Weighing what a gateway says against what is known of a transaction and its order.

use domain::{
    EventId, FindingKind, Transaction, TransactionId,
    payment::{Case, Disposition, Effect, Event, Flag, PaymentStatus, StoredEvent, fold},
};
use ports::{Gateway, Meaning, Notice, PortError, UnitOfWork, Write};

use crate::{App, case_work::work_from_case};

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
}

/// Reads a transaction with its order and adds `events` and those that waited for them. `None` when there is no such
/// transaction.
///
/// The order is read before its transactions: a change between the two reads moves its revision, so that the commit is
/// stale and not wrong.
pub(crate) async fn weigh(
    app: &App,
    id: &TransactionId,
    events: &[Event],
) -> Result<Option<Weighed>, PortError> {
    let Some(found) = app.payments.find(id).await? else { return Ok(None) };
    let Some(order) = app.orders.find(&found.order_number).await? else { return Ok(None) };
    let all = app.payments.list(order.key).await?;
    let other_occupies = all.iter().any(|it| it.id != *id && it.occupies_order());
    let Some(transaction) = all.into_iter().find(|it| it.id == *id) else { return Ok(None) };
    let waiting = waiting(app, &transaction).await?;
    let was_over = is_over(&transaction);
    let mut case = Case::of(order, transaction, other_occupies);
    let all_events: Vec<_> = events.iter().chain(waiting.iter().map(|(_, event)| event)).cloned().collect();
    let mut effects = fold(&mut case, &all_events, || app.refund(), app.clock.now());
    let old = effects.split_off(events.len());
    if is_over(&case.transaction) {
        let new = events.iter().zip(&effects);
        let old_ones = waiting.iter().map(|(_, event)| event).zip(&old).filter(|_| !was_over);
        let orphans: Vec<_> = new.chain(old_ones).filter(|(_, effect)| **effect == Effect::Waiting).collect();
        case.flags.extend(orphans.into_iter().map(|(event, _)| orphan(event)));
    }
    let moved = waiting.iter().zip(&old).filter_map(|((stored, _), effect)| moved(stored, effect)).collect();
    let waited = waiting.into_iter().map(|(stored, _)| stored.id).collect();
    Ok(Some(Weighed { case, effects, moved, waited }))
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

async fn waiting(app: &App, transaction: &Transaction) -> Result<Vec<(StoredEvent, Event)>, PortError> {
    let Some(gateway) = app.gateway(&transaction.gateway) else { return Ok(Vec::new()) };
    let stored = app.events.waiting(&transaction.gateway, &transaction.id).await?;
    Ok(stored.into_iter().filter_map(|it| readable(gateway.as_ref(), it)).collect())
}

fn readable(gateway: &dyn Gateway, stored: StoredEvent) -> Option<(StoredEvent, Event)> {
    let notice = Notice { id: stored.id.clone(), raw: stored.raw.clone() };
    match gateway.understand(&notice, stored.received_at) {
        Meaning::Event(event) => Some((stored, *event)),
        Meaning::UnknownType { .. } | Meaning::Unintelligible { .. } => None,
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
    /// Whether there was nothing to weigh: neither a new event nor one that had waited and need not any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.moved.is_empty()
    }

    /// Everything that was decided, for one commit.
    pub(crate) fn work(self, app: &App) -> UnitOfWork {
        work_from_case(app, self.case, &self.waited).with_all(self.moved)
    }

    /// The same, with the notice that brought the new event.
    pub(crate) fn work_of(mut self, app: &App, notice: &Notice) -> UnitOfWork {
        self.waited.push(notice.id.clone());
        self.work(app)
    }
}
