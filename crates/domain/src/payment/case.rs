//! An order, one of its transactions, and what the one's events do to the other.

use crate::{
    ChangedBy, EventId, FindingKind, Money, Order, Progress, RefundId, RefundKey, Text, Timestamp,
    order::Status,
};

use super::{
    Asked, Effect, Event, Mismatch, NamedReference, PaymentStatus, Refund, RefundFacts, Request, RequestKind,
    Transaction,
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
pub struct Fresh {
    /// The row.
    pub key: RefundKey,
    /// The public id.
    pub id: RefundId,
}

/// One transaction with its order: everything that one commit about money decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The order, and what has happened to it.
    pub progress: Progress,
    /// The transaction.
    pub transaction: Transaction,
    /// Whether another transaction occupies the order.
    pub other_occupies: bool,
    /// What an operator must look at.
    pub flags: Vec<Flag>,
    /// What was asked for, and by whom.
    pub requests: Vec<Request>,
    /// Whether money has come that the order has no use for, so that [`Case::give_back`] has something to decide.
    pub owed: bool,
    /// References that are learnt from the events to come and that another transaction of the gateway has.
    pub claimed_elsewhere: Vec<NamedReference>,
    /// How many of the transaction's references were read with it.
    pub(super) references_read: usize,
    /// The event that is being applied.
    pub(super) event: Option<EventId>,
}

impl Case {
    /// Starts from an order and one of its transactions as they were read.
    #[must_use]
    pub fn of(order: Order, transaction: Transaction, other_occupies: bool) -> Self {
        Self::after(Progress::of(order), transaction, other_occupies)
    }

    /// Goes on from an order that something has happened to already.
    #[must_use]
    pub fn after(progress: Progress, transaction: Transaction, other_occupies: bool) -> Self {
        Self {
            references_read: transaction.references.len(),
            claimed_elsewhere: Vec::new(),
            progress,
            transaction,
            other_occupies,
            flags: Vec::new(),
            requests: Vec::new(),
            owed: false,
            event: None,
        }
    }

    /// Adds what `event` says to the transaction and draws the consequences for the order: paid, refunded, or money
    /// that came too late and goes back.
    pub fn apply(&mut self, event: &Event, fresh: Fresh, now: Timestamp) -> Effect {
        let now = self.progress.order().moment(now);
        self.event = Some(event.id.clone());
        let before = self.transaction.clone();
        let is_anothers = event.references.iter().any(|it| self.claimed_elsewhere.contains(&it));
        let effect = if is_anothers {
            Effect::Mismatch(Mismatch::Reference)
        } else {
            self.transaction.apply(event, fresh.key, now)
        };
        if self.transaction != before {
            self.settle(&before, now);
        }
        if before
            .refunds
            .iter()
            .any(|it| before.named_refund(event).as_ref() == Some(&it.id) && it.differs_from(event))
            && !matches!(effect, Effect::Mismatch(_))
        {
            self.flag(
                FindingKind::AmountMismatch,
                "Two words about a refund that began at the gateway name two amounts. The last one counts.",
            );
        }
        match &effect {
            Effect::Mismatch(mismatch) => self.flag(
                FindingKind::from(*mismatch),
                "A genuine notice differs from what was agreed for this transaction. It was kept and had no effect.",
            ),
            Effect::Contradicted => self.flag_contradiction(),
            Effect::Applied | Effect::Unchanged | Effect::Waiting => {}
        }
        self.event = None;
        effect
    }

    /// Draws the consequences of the order's status for the transaction: an authorisation of an order that was called
    /// off is given up, money captured for it is owed.
    pub fn follow_order(&mut self, now: Timestamp) {
        let now = self.progress.order().moment(now);
        let off = self.progress.order().is_off();
        let transaction = &mut self.transaction;
        let status = transaction.status();
        if off && status == PaymentStatus::Authorized && transaction.asked.is_none() {
            transaction.asked = Some(Asked::Void);
            transaction.check_at = Some(now);
            transaction.updated_at = transaction.updated_at.max(now);
            let amount = transaction.amount;
            let mover = self.progress.entries().last().map_or(ChangedBy::SYSTEM, |it| it.by);
            self.note_request(RequestKind::Void, amount, mover, now);
        }
        let shipped = self.progress.entries().iter().any(|it| it.to == Status::Shipped);
        if shipped && status == PaymentStatus::Disputed {
            self.flag(FindingKind::Dispute, "The order was shipped while its payment is disputed.");
        }
        let cancelled = self.progress.order().status == Status::Cancelled;
        if cancelled && status == PaymentStatus::Captured && !self.transaction.facts.is_surplus() {
            self.owe("The order was cancelled when a part of it was captured; it is given back.");
        }
        if !self.transaction.is_open() {
            self.transaction.check_at = None;
        }
    }

    pub(super) fn owe(&mut self, detail: &'static str) {
        self.flag(FindingKind::LateCapture, detail);
        self.transaction.facts.mark_surplus();
        self.owed = true;
    }

    /// Claims a refund of what is owed. Decided last, when everything that is known has been added: a part of the money,
    /// or all of it, may have gone back in another way, and about what is disputed the dispute decides.
    pub fn give_back(&mut self, fresh: Fresh, now: Timestamp) {
        let Some(amount) = self.amount_owed() else { return };
        let now = self.progress.order().moment(now);
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

    pub(super) fn note_request(&mut self, kind: RequestKind, amount: Money, by: ChangedBy, now: Timestamp) {
        let transaction = self.transaction.key;
        self.requests.push(Request { transaction, kind, amount, requested_by: by, requested_at: now });
    }

    pub(super) fn flag(&mut self, kind: FindingKind, detail: &'static str) {
        self.flags.push(Flag { kind, detail, event: self.event.clone() });
    }
}

/// Adds events in the order given; what has to wait is tried again after each one that had an effect. Money that is owed
/// in the end is claimed for a refund. Gives back what became of each event, in the same order.
pub fn fold(
    case: &mut Case,
    events: &[Event],
    mut fresh: impl FnMut() -> Fresh,
    now: Timestamp,
) -> Vec<Effect> {
    let mut effects = vec![Effect::Waiting; events.len()];
    loop {
        let mut moved = false;
        for (event, effect) in events.iter().zip(&mut effects) {
            if *effect == Effect::Waiting {
                *effect = case.apply(event, fresh(), now);
                moved |= matches!(effect, Effect::Applied | Effect::Contradicted);
            }
        }
        // Every round that goes on has used up at least one event, so there are at most as many rounds as events.
        if !moved {
            case.give_back(fresh(), now);
            return effects;
        }
    }
}
