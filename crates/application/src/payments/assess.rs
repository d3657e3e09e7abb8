//! Weighing what a gateway says against what is known of a transaction and its order.

use domain::{
    EventId, FindingKind, Transaction, TransactionId,
    payment::{
        EventDisposition, EventEffect, Flag, PaymentEvent, PaymentStatus, StoredEvent, TransactionChange,
        apply_events,
    },
};
use ports::{Gateway, Notice, ParsedNotice, PortError, UnitOfWork, Write};

use crate::{App, case_work::work_from_case};

/// A transaction with its order after some events, not committed yet.
pub(crate) struct Assessment {
    /// Transaction and order.
    pub(crate) case: TransactionChange,
    /// What the new events did.
    pub(crate) effects: Vec<EventEffect>,
    /// What became of events that had waited.
    event_moves: Vec<Write>,
    /// The notices that had waited, by which findings name their cause.
    waiting_notices: Vec<EventId>,
}

/// Reads a transaction with its order and adds `events` and those that waited for them. `None` when there is no such
/// transaction.
///
/// The order is read before its transactions: a change between the two reads moves its revision, so that the commit is
/// stale and not wrong.
pub(crate) async fn assess(
    app: &App,
    id: &TransactionId,
    events: &[PaymentEvent],
) -> Result<Option<Assessment>, PortError> {
    let Some(found) = app.payments.find_transaction(id).await? else { return Ok(None) };
    let Some(order) = app.orders.find_order(&found.order_number).await? else { return Ok(None) };
    let all = app.payments.list_transactions(order.key).await?;
    let other_occupies = all.iter().any(|it| it.id != *id && it.occupies_order());
    let Some(transaction) = all.into_iter().find(|it| it.id == *id) else { return Ok(None) };
    let waiting = list_waiting_events(app, &transaction).await?;
    let was_over = ended_without_capture(&transaction);
    let mut case = TransactionChange::from_order(order, transaction, other_occupies);
    let all_events: Vec<_> = events.iter().chain(waiting.iter().map(|(_, event)| event)).cloned().collect();
    let mut effects = apply_events(&mut case, &all_events, || app.new_refund_ids(), app.clock.now());
    let old = effects.split_off(events.len());
    if ended_without_capture(&case.transaction) {
        let new = events.iter().zip(&effects);
        let old_ones = waiting.iter().map(|(_, event)| event).zip(&old).filter(|_| !was_over);
        let orphans: Vec<_> =
            new.chain(old_ones).filter(|(_, effect)| **effect == EventEffect::Waiting).collect();
        case.flags.extend(orphans.into_iter().map(|(event, _)| orphan_flag(event)));
    }
    let moved =
        waiting.iter().zip(&old).filter_map(|((stored, _), effect)| event_move(stored, effect)).collect();
    let waited = waiting.into_iter().map(|(stored, _)| stored.id).collect();
    Ok(Some(Assessment { case, effects, event_moves: moved, waiting_notices: waited }))
}

/// Whether it ended without a capture, so that nothing more is to be expected.
fn ended_without_capture(transaction: &Transaction) -> bool {
    transaction.captured_amount().is_zero()
        && matches!(transaction.status(), PaymentStatus::Failed | PaymentStatus::Voided)
}

/// A word that waits for a capture which is not to be expected.
fn orphan_flag(event: &PaymentEvent) -> Flag {
    let detail =
        "A genuine notice about captured money of a payment that ended without a capture. It is kept.";
    Flag { kind: FindingKind::Contradiction, detail, event: Some(event.id.clone()) }
}

async fn list_waiting_events(
    app: &App,
    transaction: &Transaction,
) -> Result<Vec<(StoredEvent, PaymentEvent)>, PortError> {
    let Some(gateway) = app.find_gateway(&transaction.gateway) else { return Ok(Vec::new()) };
    let stored = app.events.list_waiting_events(&transaction.gateway, &transaction.id).await?;
    Ok(stored.into_iter().filter_map(|it| parse_event(gateway.as_ref(), it)).collect())
}

fn parse_event(gateway: &dyn Gateway, stored: StoredEvent) -> Option<(StoredEvent, PaymentEvent)> {
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

/// What became of an event.
pub(crate) const fn event_disposition(effect: &EventEffect) -> EventDisposition {
    match effect {
        EventEffect::Applied => EventDisposition::Applied,
        EventEffect::Unchanged => EventDisposition::Unchanged,
        EventEffect::Waiting => EventDisposition::Waiting,
        EventEffect::Contradicted | EventEffect::Mismatch(_) => EventDisposition::Flagged,
    }
}

impl Assessment {
    /// Whether there was nothing to weigh: neither a new event nor one that had waited and need not any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty() && self.event_moves.is_empty()
    }

    /// Everything that was decided, for one commit.
    pub(crate) fn into_work(self, app: &App) -> UnitOfWork {
        work_from_case(app, self.case, &self.waiting_notices).with_writes(self.event_moves)
    }

    /// The same, with the notice that brought the new event.
    pub(crate) fn into_work_with(mut self, app: &App, notice: &Notice) -> UnitOfWork {
        self.waiting_notices.push(notice.id.clone());
        self.into_work(app)
    }
}
