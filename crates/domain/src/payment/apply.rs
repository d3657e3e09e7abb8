//! Adding one event to the facts of a transaction.

use crate::{ChangedBy, FindingKind, Money, RefundId, RefundKey, Timestamp};

use super::{
    Asked, DisputeEvent, DisputeStatus, Event, EventKind, PaymentStatus, Refund, RefundFacts, RefundStatus,
    Transaction,
};

/// What an event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It changed what can be seen.
    Applied,
    /// It said what was already true.
    Unchanged,
    /// It contradicts what is known, whether it changed something or not: an operator must look.
    Contradicted,
    /// It cannot be judged before an earlier word arrives.
    Waiting,
    /// It is not about this transaction as it was agreed: no effect, an operator must look.
    Mismatch(Mismatch),
}

/// In what an event and its transaction differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The amount.
    Amount,
    /// The currency.
    Currency,
    /// The order.
    Order,
    /// What the gateway calls the payment, or a refund or dispute of it.
    Reference,
}

impl From<Mismatch> for FindingKind {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Amount => Self::AmountMismatch,
            Mismatch::Currency => Self::CurrencyMismatch,
            Mismatch::Order => Self::OrderMismatch,
            Mismatch::Reference => Self::Contradiction,
        }
    }
}

impl Transaction {
    /// Adds what `event` says. A refund that began at the gateway gets the row `fresh`.
    pub fn apply(&mut self, event: &Event, fresh: RefundKey, now: Timestamp) -> Effect {
        let amount = match self.agreed(event) {
            Ok(amount) => amount,
            Err(mismatch) => return Effect::Mismatch(mismatch),
        };
        let needs_capture = event.kind.is_refund() || event.kind.is_dispute();
        if needs_capture && self.facts.capture().is_none() || self.may_be_a_nameless_refund(event) {
            return Effect::Waiting;
        }
        let before = self.clone();
        let learnt = self.learn_references(event);
        if let Err(mismatch) = learnt.and_then(|()| self.add(event, amount, fresh, now)) {
            *self = before;
            return Effect::Mismatch(mismatch);
        }
        if !needs_capture && (before.facts.capture().is_none() || event.kind == EventKind::Authorized) {
            self.learn(event, before.rank());
        }
        let changed = !self.looks_like(&before);
        if changed {
            self.updated_at = self.updated_at.max(now);
        }
        let more = self.facts.count_contradictions() > before.facts.count_contradictions();
        if more || self.facts.contradict(event.kind, event.at) {
            Effect::Contradicted
        } else if changed {
            Effect::Applied
        } else {
            Effect::Unchanged
        }
    }

    fn add(
        &mut self,
        event: &Event,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<(), Mismatch> {
        match event.kind {
            EventKind::Authorized => self.facts.add_authorization(event.at),
            EventKind::Captured => return self.add_capture(amount, event.at),
            EventKind::Failed => self.end(|it| it.facts.add_failure(event.at)),
            EventKind::Voided => self.end(|it| it.facts.add_void(event.at)),
            EventKind::RefundSucceeded => self.refund_of(event, amount, fresh, now)?.succeed(event.at),
            EventKind::RefundFailed => self.refund_of(event, amount, fresh, now)?.fail(event.at),
            EventKind::Disputed => self.add_dispute(event, amount, DisputeStatus::Open),
            EventKind::DisputeWon => self.add_dispute(event, amount, DisputeStatus::Won),
            EventKind::DisputeLost => self.add_dispute(event, amount, DisputeStatus::Lost),
        }
        Ok(())
    }

    /// The event's amount as money, if order and currency are the transaction's and the amount is one that it may have. More
    /// than was paid may be disputed, or given back at the gateway.
    fn agreed(&self, event: &Event) -> Result<Money, Mismatch> {
        if event.order.as_ref().is_some_and(|it| *it != self.order_number) {
            return Err(Mismatch::Order);
        }
        if event.stated.currency != self.amount.currency().code() {
            return Err(Mismatch::Currency);
        }
        let amount = Money::from_stated(&event.stated.amount, self.amount.currency());
        let amount = amount.map_err(|_| Mismatch::Amount)?;
        let fits = match event.kind {
            EventKind::Authorized | EventKind::Failed | EventKind::Voided => {
                amount == self.amount || amount == self.capture_due()
            }
            EventKind::Captured => !amount.exceeds(self.amount),
            EventKind::RefundSucceeded
            | EventKind::RefundFailed
            | EventKind::Disputed
            | EventKind::DisputeWon
            | EventKind::DisputeLost => true,
        };
        if fits { Ok(amount) } else { Err(Mismatch::Amount) }
    }

    /// How much was captured, or what the gateway was asked to capture, or everything.
    fn capture_due(&self) -> Money {
        match (self.facts.capture(), self.asked) {
            (Some(capture), _) => capture.amount,
            (None, Some(Asked::Capture(amount))) => amount,
            (None, Some(Asked::Void) | None) => self.amount,
        }
    }

    fn add_capture(&mut self, amount: Money, at: Timestamp) -> Result<(), Mismatch> {
        if !self.facts.add_capture(amount, at) {
            return Err(Mismatch::Amount);
        }
        self.asked = None;
        Ok(())
    }

    /// Adds that nothing will be captured. Money that was captured stays; the word is kept because it contradicts.
    fn end(&mut self, add: impl FnOnce(&mut Self)) {
        add(self);
        self.asked = None;
    }

    fn add_dispute(&mut self, event: &Event, amount: Money, status: DisputeStatus) {
        self.facts.add_dispute(DisputeEvent {
            event: event.id.clone(),
            dispute: self.named_dispute(event),
            status,
            amount,
            at: event.at,
        });
    }

    /// The refund that the event is about; one that is not known began at the gateway.
    fn refund_of(
        &mut self,
        event: &Event,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<&mut Refund, Mismatch> {
        let id = self.named_refund(event).ok_or(Mismatch::Reference)?;
        let known = self.refunds.iter().position(|it| it.id == id);
        let at = known.unwrap_or(self.refunds.len());
        if known.is_none() {
            let refund = self.begun_at_the_gateway(&id, amount, fresh, now);
            self.refunds.push(refund);
        }
        let refund = self.refunds.get_mut(at).ok_or(Mismatch::Amount)?;
        if refund.amount != amount {
            // What the service asked for is what it is; of a refund that began at the gateway the last word holds.
            if refund.requested_by != ChangedBy::GATEWAY {
                return Err(Mismatch::Amount);
            }
            let (word, last) = (Some(event.at), refund.last_word_at());
            if word > last || word == last && amount.exceeds(refund.amount) {
                refund.amount = amount;
            }
        }
        Ok(refund)
    }

    fn begun_at_the_gateway(&self, id: &RefundId, amount: Money, key: RefundKey, now: Timestamp) -> Refund {
        Refund {
            key,
            id: id.clone(),
            transaction: self.key,
            amount,
            facts: RefundFacts::default(),
            requested_by: ChangedBy::GATEWAY,
            reason: None,
            created_at: self.updated_at.max(now),
            check_at: None,
            checks: 0,
        }
    }

    /// Takes back refunds that are asked for and no longer fit into what is left of the captured money; `true` when there
    /// were any. The gateway may have made one all the same: then more is back than was captured, and an operator looks.
    pub(super) fn withdraw_refunds(&mut self) -> bool {
        let mut room = self.captured().less(self.returned());
        let mut withdrawn = false;
        for refund in self.refunds.iter_mut().filter(|it| it.status() == RefundStatus::Pending) {
            if refund.amount.exceeds(room) {
                refund.withdraw();
                withdrawn = true;
            } else {
                room = room.less(refund.amount);
            }
        }
        withdrawn
    }

    /// Keeps what the event tells beside the money. The word of a later stage outranks that of an earlier one, so that
    /// the order of arrival does not matter; `rank` is the stage before the event.
    fn learn(&mut self, event: &Event, rank: u8) {
        let outranks = stage(event.kind) > rank;
        let known = &mut self.details;
        let told = &event.details;
        for (known, told) in [
            (&mut known.card_last4, &told.card_last4),
            (&mut known.card_brand, &told.card_brand),
            (&mut known.authorization_code, &told.authorization_code),
            (&mut known.response_code, &told.response_code),
        ] {
            if told.is_some() && (outranks || known.is_none()) {
                known.clone_from(told);
            }
        }
        if event.kind == EventKind::Failed && known.failure_reason.is_none() {
            known.failure_reason.clone_from(&told.failure_reason);
        }
    }

    /// How far the payment has come, for [`Transaction::learn`].
    fn rank(&self) -> u8 {
        if self.facts.capture().is_some() {
            4
        } else if self.facts.is_voided() {
            3
        } else if self.facts.has_failed() {
            2
        } else {
            u8::from(self.facts.is_authorized())
        }
    }

    /// Whether a client sees the same in both.
    fn looks_like(&self, other: &Self) -> bool {
        let visible = |it: &Self| {
            let refunds: Vec<_> = it
                .refunds
                .iter()
                .map(|it| (it.id.clone(), it.status(), it.has_come_back(), it.amount))
                .collect();
            let money = (it.captured(), it.refunded(), it.disputed());
            (it.status(), it.reference().cloned(), money, it.captured_at(), it.details.clone(), refunds)
        };
        visible(self) == visible(other)
    }

    /// The reason of a failure, while it is one.
    #[must_use]
    pub fn failure_reason(&self) -> Option<&str> {
        let failed = self.status() == PaymentStatus::Failed;
        self.details.failure_reason.as_deref().filter(|_| failed)
    }
}

const fn stage(kind: EventKind) -> u8 {
    match kind {
        EventKind::Authorized => 1,
        EventKind::Failed => 2,
        EventKind::Voided => 3,
        EventKind::Captured => 4,
        EventKind::RefundSucceeded
        | EventKind::RefundFailed
        | EventKind::Disputed
        | EventKind::DisputeWon
        | EventKind::DisputeLost => 0,
    }
}
