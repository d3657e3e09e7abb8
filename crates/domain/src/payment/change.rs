//! An order, one of its transactions, and what the one's events do to the other.

use crate::{
    ChangedBy, EventId, FindingKind, Money, Order, OrderChange, RefundId, RefundKey, Text, Timestamp,
    order::OrderStatus,
};

use super::{
    EventEffect, PaymentEvent, PaymentRequest, PaymentRequestKind, PaymentStatus, PendingOperation, Refund,
    RefundFacts, Transaction,
};

/// Something an operator must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Why.
    pub kind: FindingKind,
    /// What happened, for a person.
    pub detail: &'static str,
    /// Which event raised it; none when it was no event.
    pub event: Option<EventId>,
}

/// The key and id of a refund that may have to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundIds {
    /// The row.
    pub key: RefundKey,
    /// The public id.
    pub id: RefundId,
}

/// One transaction with its order: everything that one commit about money decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionChange {
    /// The order, and what has happened to it.
    pub order_change: OrderChange,
    /// The transaction.
    pub transaction: Transaction,
    /// Whether another transaction occupies the order.
    pub other_occupies: bool,
    /// What an operator must look at.
    pub flags: Vec<Flag>,
    /// What was asked for, and by whom.
    pub requests: Vec<PaymentRequest>,
    /// Whether money has come that the order has no use for, so that [`TransactionChange::add_owed_refund`] has something to decide.
    pub owes_refund: bool,
    /// The event that is being applied.
    pub(super) event: Option<EventId>,
}

impl TransactionChange {
    /// Starts from an order and one of its transactions as they were read.
    #[must_use]
    pub fn from_order(order: Order, transaction: Transaction, other_occupies: bool) -> Self {
        Self::from_order_change(OrderChange::from_order(order), transaction, other_occupies)
    }

    /// Goes on from an order that something has happened to already.
    #[must_use]
    pub const fn from_order_change(
        progress: OrderChange,
        transaction: Transaction,
        other_occupies: bool,
    ) -> Self {
        Self {
            order_change: progress,
            transaction,
            other_occupies,
            flags: Vec::new(),
            requests: Vec::new(),
            owes_refund: false,
            event: None,
        }
    }

    /// Adds what `event` says to the transaction and draws the consequences for the order: paid, refunded, or money
    /// that came too late and goes back.
    pub fn apply_event(&mut self, event: &PaymentEvent, fresh: RefundIds, now: Timestamp) -> EventEffect {
        let now = self.order_change.order().change_time(now);
        self.event = Some(event.id.clone());
        let before = self.transaction.clone();
        let effect = self.transaction.apply_event(event, fresh.key, now);
        if self.transaction != before {
            self.apply_consequences(&before, now);
        }
        if before.refunds.iter().any(|it| differs_in_amount(it, event))
            && !matches!(effect, EventEffect::Mismatch(_))
        {
            self.add_flag(
                FindingKind::AmountMismatch,
                "Two words about a refund that began at the gateway name two amounts. The last one counts.",
            );
        }
        match &effect {
            EventEffect::Mismatch(mismatch) => self.add_flag(
                FindingKind::from(*mismatch),
                "A genuine notice differs from what was agreed for this transaction. It was kept and had no effect.",
            ),
            EventEffect::Contradicted => self.flag_contradiction(),
            EventEffect::Applied | EventEffect::Unchanged | EventEffect::Waiting => {}
        }
        self.event = None;
        effect
    }

    /// Draws the consequences of the order's status for the transaction: an authorisation of an order that was called
    /// off is given up, money captured for it is owed.
    pub fn follow_order_status(&mut self, now: Timestamp) {
        let now = self.order_change.order().change_time(now);
        let off = self.order_change.order().is_cancelled_or_closed();
        let transaction = &mut self.transaction;
        let status = transaction.status();
        if off && status == PaymentStatus::Authorized && transaction.pending_operation.is_none() {
            transaction.pending_operation = Some(PendingOperation::Void);
            transaction.check_at = Some(now);
            transaction.updated_at = transaction.updated_at.max(now);
            let amount = transaction.amount;
            let mover = self.order_change.history_entries().last().map_or(ChangedBy::SYSTEM, |it| it.by);
            self.add_request(PaymentRequestKind::Void, amount, mover, now);
        }
        let shipped = self.order_change.history_entries().iter().any(|it| it.to == OrderStatus::Shipped);
        if shipped && status == PaymentStatus::Disputed {
            self.add_flag(FindingKind::Dispute, "The order was shipped while its payment is disputed.");
        }
        let cancelled = self.order_change.order().status == OrderStatus::Cancelled;
        if cancelled && status == PaymentStatus::Captured && !self.transaction.facts.is_surplus() {
            self.owe_refund("The order was cancelled when a part of it was captured; it is given back.");
        }
        if !self.transaction.is_open() {
            self.transaction.check_at = None;
        }
    }

    pub(super) fn owe_refund(&mut self, detail: &'static str) {
        self.add_flag(FindingKind::LateCapture, detail);
        self.transaction.facts.mark_surplus();
        self.owes_refund = true;
    }

    /// Claims a refund of what is owed. Decided last, when everything that is known has been added: a part of the money,
    /// or all of it, may have gone back in another way, and about what is disputed the dispute decides.
    pub fn add_owed_refund(&mut self, fresh: RefundIds, now: Timestamp) {
        let Some(amount) = self.take_owed_amount() else { return };
        let now = self.order_change.order().change_time(now);
        let transaction = &mut self.transaction;
        transaction.refunds.push(Refund {
            key: fresh.key,
            id: fresh.id,
            transaction: transaction.key,
            amount,
            facts: RefundFacts::default(),
            requested_by: ChangedBy::SYSTEM,
            reason: Some(Text::new("Captured after the order had no use for it any more.")),
            created_at: transaction.updated_at.max(now),
            check_at: Some(now),
            checks: 0,
        });
        transaction.updated_at = transaction.updated_at.max(now);
    }

    pub(super) fn add_request(
        &mut self,
        kind: PaymentRequestKind,
        amount: Money,
        by: ChangedBy,
        now: Timestamp,
    ) {
        let transaction = self.transaction.key;
        self.requests.push(PaymentRequest { transaction, kind, amount, requested_by: by, requested_at: now });
    }

    pub(super) fn add_flag(&mut self, kind: FindingKind, detail: &'static str) {
        self.flags.push(Flag { kind, detail, event: self.event.clone() });
    }
}

/// Whether the event is about that refund and names another amount.
fn differs_in_amount(refund: &Refund, event: &PaymentEvent) -> bool {
    let amount = Money::parse_gateway_amount(&event.reported.amount, refund.amount.currency());
    event.refund.as_ref() == Some(&refund.id) && amount.is_ok_and(|it| it != refund.amount)
}

/// Adds events in the order given; what has to wait is tried again after each one that had an effect. Money that is owed
/// in the end is claimed for a refund. Gives back what became of each event, in the same order.
pub fn apply_events(
    case: &mut TransactionChange,
    events: &[PaymentEvent],
    mut fresh: impl FnMut() -> RefundIds,
    now: Timestamp,
) -> Vec<EventEffect> {
    let mut effects = vec![EventEffect::Waiting; events.len()];
    loop {
        let mut moved = false;
        for (event, effect) in events.iter().zip(&mut effects) {
            if *effect == EventEffect::Waiting {
                *effect = case.apply_event(event, fresh(), now);
                moved |= matches!(effect, EventEffect::Applied | EventEffect::Contradicted);
            }
        }
        // Every round that goes on has used up at least one event, so there are at most as many rounds as events.
        if !moved {
            case.add_owed_refund(fresh(), now);
            return effects;
        }
    }
}
