//! A transaction together with its order: how the events of one change the other.
//!
//! [`apply_events`] adds every event to the transaction, draws the consequences for the order after each one,
//! and decides last whether money must be refunded. All of it is one commit, so an order is never paid
//! without its capture.

use crate::{
    ChangedBy, EventId, FindingKind, Money, Order, OrderChange, RefundId, RefundKey, Text, Timestamp,
    order::{Metadata, OrderStatus},
};

use super::{
    EventEffect, EventMismatch, NamedReference, NextAction, PaymentEvent, PaymentRequest, PaymentRequestKind,
    PaymentStatus, PendingOperation, Refund, RefundFacts, Transaction,
};

/// A situation that an operator must look at; it becomes a [`Finding`](crate::Finding) in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The reason, which decides what the operator can do.
    pub kind: FindingKind,
    /// A sentence for the operator that explains the situation.
    pub detail: &'static str,
    /// The event that raised it; `None` when no event did.
    pub event: Option<EventId>,
}

/// A generated key and id, for a refund that may have to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundIds {
    /// A new row key from the key generator.
    pub key: RefundKey,
    /// A new public id, which becomes the gateway's idempotency key.
    pub id: RefundId,
}

/// A transaction with its order: everything that one commit about money decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionChange {
    /// The order, and its transitions since it was read.
    pub order_change: OrderChange,
    /// The transaction, changed in place.
    pub transaction: Transaction,
    /// The transaction as it was read. What is committed says what changed, so that the feed of events can be derived.
    pub(super) transaction_read: Box<Transaction>,
    /// Whether another transaction occupies the order, so that this one must not pay it.
    pub other_occupies: bool,
    /// The situations that an operator must look at, in the order they were noticed.
    pub flags: Vec<Flag>,
    /// The requests to store, with their authors.
    pub requests: Vec<PaymentRequest>,
    /// Whether money arrived that the order cannot use, so that [`TransactionChange::add_owed_refund`] has to
    /// decide.
    pub owes_refund: bool,
    /// The references that the coming events state and that belong to another transaction of the gateway. The
    /// use case sets it; an event that states one of them is a mismatch.
    pub claimed_elsewhere: Vec<NamedReference>,
    /// The number of references that were read with the transaction; those behind them are new.
    pub(super) references_read: usize,
    /// The next action that was read with the transaction.
    pub(super) next_action_read: Option<NextAction>,
    /// The event that is being applied, for the flags; `None` between events.
    pub(super) event: Option<EventId>,
}

impl TransactionChange {
    /// Starts from an order and one of its transactions as they were read, the order first.
    #[must_use]
    pub fn from_order(order: Order, transaction: Transaction, other_occupies: bool) -> Self {
        Self::from_order_change(OrderChange::from_order(order), transaction, other_occupies)
    }

    /// Continues from an order that has transitions already, such as a cancellation.
    #[must_use]
    pub fn from_order_change(
        order_change: OrderChange,
        transaction: Transaction,
        other_occupies: bool,
    ) -> Self {
        Self {
            references_read: transaction.references.len(),
            next_action_read: transaction.next_action.clone(),
            claimed_elsewhere: Vec::new(),
            transaction_read: Box::new(transaction.clone()),
            order_change,
            transaction,
            other_occupies,
            flags: Vec::new(),
            requests: Vec::new(),
            owes_refund: false,
            event: None,
        }
    }

    /// The transaction as it was read, before any event of this change.
    #[must_use]
    pub fn transaction_read(&self) -> &Transaction {
        &self.transaction_read
    }

    /// Adds an event to the transaction and draws the consequences for the order: paid, refunded, or money
    /// that arrived too late and must be refunded.
    pub fn apply_event(&mut self, event: &PaymentEvent, fresh: RefundIds, now: Timestamp) -> EventEffect {
        let now = self.order_change.order().change_time(now);
        self.event = Some(event.id.clone());
        // All consequences compare the transaction before and after. They never ask which event arrived, so a
        // late event has the same consequences as one that arrives in time.
        let before = self.transaction.clone();
        let is_claimed = event.references.iter().any(|it| self.claimed_elsewhere.contains(&it));
        let effect = if is_claimed {
            EventEffect::Mismatch(EventMismatch::Reference)
        } else {
            self.transaction.apply_event(event, fresh.key, now)
        };
        if self.transaction != before {
            self.apply_consequences(&before, now);
        }
        if before
            .refunds
            .iter()
            .any(|it| before.named_refund(event).as_ref() == Some(&it.id) && it.differs_from(event))
            && !matches!(effect, EventEffect::Mismatch(_))
        {
            self.add_flag(
                FindingKind::AmountMismatch,
                "Two reports about a refund that began at the gateway name different amounts. The amount \
                 of the later report is used.",
            );
        }
        match &effect {
            EventEffect::Mismatch(mismatch) => {
                self.add_flag(FindingKind::from(*mismatch), mismatch.finding_detail());
            }
            EventEffect::Contradicted => self.flag_contradiction(),
            EventEffect::Applied | EventEffect::Unchanged | EventEffect::Waiting => {}
        }
        self.event = None;
        effect
    }

    /// Draws the consequences of the order's status for the transaction: the authorisation of a cancelled or
    /// closed order is voided, and money captured for it must be refunded.
    pub fn follow_order_status(&mut self, now: Timestamp) {
        let now = self.order_change.order().change_time(now);
        let has_ended = self.order_change.order().is_cancelled_or_closed();
        let transaction = &mut self.transaction;
        let status = transaction.status();
        if has_ended && status == PaymentStatus::Authorized && transaction.pending_operation.is_none() {
            transaction.pending_operation = Some(PendingOperation::Void);
            transaction.check_at = Some(now);
            transaction.updated_at = transaction.updated_at.max(now);
            let amount = transaction.amount;
            // The void follows from the order's latest transition, so it has the author of that one.
            let by = self.order_change.history_entries().last().map_or(ChangedBy::SYSTEM, |it| it.by);
            self.add_request(PaymentRequestKind::Void, amount, by, now);
        }
        let shipped = self.order_change.history_entries().iter().any(|it| it.to == OrderStatus::Shipped);
        if shipped && status == PaymentStatus::Disputed {
            self.add_flag(FindingKind::Dispute, "The order was shipped while its payment is disputed.");
        }
        let cancelled = self.order_change.order().status == OrderStatus::Cancelled;
        if cancelled && status == PaymentStatus::Captured && !self.transaction.facts.is_surplus() {
            self.owe_refund(
                "The order was cancelled after a part of its amount was captured. The part is refunded.",
            );
        }
        // Nothing is open any more: a remaining `check_at` would make every sweep ask the gateway for
        // nothing.
        if !self.transaction.is_open() {
            self.transaction.check_at = None;
        }
    }

    /// Marks the captured money as surplus. Only a mark: the amount is decided in [`Self::add_owed_refund`].
    pub(super) fn owe_refund(&mut self, detail: &'static str) {
        self.add_flag(FindingKind::LateCapture, detail);
        self.transaction.facts.mark_surplus();
        self.owes_refund = true;
    }

    /// Requests a refund of the money that is owed. It is decided last, after all known events: a part of the
    /// money, or all of it, may have been returned in another way, and disputed money is left to the dispute.
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
            reason: Some(Text::new("Captured when the order no longer needed the money.")),
            created_at: transaction.updated_at.max(now),
            check_at: Some(now),
            checks: 0,
            items: Vec::new(),
            metadata: Metadata::default(),
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

/// Adds events in the given order; an event that has to wait is tried again after each one that had an
/// effect. Money that is owed in the end is requested as a refund. Returns the effect of each event, in the
/// same order.
pub fn apply_events(
    case: &mut TransactionChange,
    events: &[PaymentEvent],
    mut fresh: impl FnMut() -> RefundIds,
    now: Timestamp,
) -> Vec<EventEffect> {
    let mut effects = vec![EventEffect::Waiting; events.len()];
    loop {
        // An event may wait for one that stands behind it in the list (a refund before its capture), so one
        // pass is not enough.
        let mut moved = false;
        for (event, effect) in events.iter().zip(&mut effects) {
            if *effect == EventEffect::Waiting {
                *effect = case.apply_event(event, fresh(), now);
                moved |= matches!(effect, EventEffect::Applied | EventEffect::Contradicted);
            }
        }
        // Every further round has used up at least one event, so there are at most as many rounds as events.
        if !moved {
            case.add_owed_refund(fresh(), now);
            return effects;
        }
    }
}
