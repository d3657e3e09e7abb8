//! Adding one event to the facts of a transaction.

use crate::{FindingKind, Money, RefundId, RefundKey, Timestamp};

use super::{Asked, Dispute, Event, EventKind, PaymentStatus, Refund, RefundStatus, Transaction};

/// What an event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It added a fact.
    Applied,
    /// It said what was already true.
    Unchanged,
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
}

impl From<Mismatch> for FindingKind {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Amount => Self::AmountMismatch,
            Mismatch::Currency => Self::CurrencyMismatch,
            Mismatch::Order => Self::OrderMismatch,
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
        let needs_capture = event.kind.is_refund() || dispute(event.kind).is_some();
        if needs_capture && self.facts.captured.is_none() {
            return Effect::Waiting;
        }
        let before = self.clone();
        let applied = match event.kind {
            EventKind::Authorized => self.authorized(),
            EventKind::Captured => self.was_captured(amount, event.at),
            EventKind::Failed => self.failed(),
            EventKind::Voided => self.voided(),
            EventKind::RefundSucceeded => self.refund_succeeded(event, amount, fresh, now),
            EventKind::RefundFailed => self.refund_failed(event, amount, fresh, now),
            EventKind::Disputed | EventKind::DisputeWon | EventKind::DisputeLost => {
                self.disputed(event.kind, amount)
            }
        };
        if let Err(mismatch) = applied {
            *self = before;
            return Effect::Mismatch(mismatch);
        }
        if !needs_capture && (before.facts.captured.is_none() || event.kind == EventKind::Authorized) {
            self.learn(event, before.rank());
        }
        if *self == before {
            return Effect::Unchanged;
        }
        self.updated_at = now;
        Effect::Applied
    }

    /// The event's amount as money, if order and currency are the transaction's and it is not more than was asked for.
    fn agreed(&self, event: &Event) -> Result<Money, Mismatch> {
        if event.order != self.order_number {
            return Err(Mismatch::Order);
        }
        if event.stated.currency != self.amount.currency().code() {
            return Err(Mismatch::Currency);
        }
        let amount =
            Money::in_currency(&event.stated.amount, self.amount.currency()).map_err(|_| Mismatch::Amount)?;
        let whole = matches!(event.kind, EventKind::Authorized | EventKind::Failed | EventKind::Voided);
        if amount.exceeds(self.amount) || whole && amount != self.amount && Some(amount) != self.capture_due()
        {
            return Err(Mismatch::Amount);
        }
        Ok(amount)
    }

    /// How much a capture must be: what was captured, or what the gateway was asked to capture, or everything.
    fn capture_due(&self) -> Option<Money> {
        match (self.facts.captured, self.asked) {
            (Some(captured), _) => Some(captured),
            (None, Some(Asked::Capture(amount))) => Some(amount),
            (None, Some(Asked::Void) | None) => Some(self.amount),
        }
    }

    fn authorized(&mut self) -> Result<(), Mismatch> {
        self.facts.authorized = true;
        Ok(())
    }

    fn was_captured(&mut self, amount: Money, at: Timestamp) -> Result<(), Mismatch> {
        if Some(amount) != self.capture_due() {
            return Err(Mismatch::Amount);
        }
        if self.facts.captured.is_none() {
            self.facts.authorized = true;
            self.facts.captured = Some(amount);
            self.captured_at = Some(at);
            self.asked = None;
        }
        Ok(())
    }

    fn failed(&mut self) -> Result<(), Mismatch> {
        if self.facts.captured.is_none() {
            self.facts.failed = true;
            self.asked = None;
        }
        Ok(())
    }

    fn voided(&mut self) -> Result<(), Mismatch> {
        if self.facts.captured.is_none() {
            self.facts.voided = true;
            self.asked = None;
        }
        Ok(())
    }

    fn refund_succeeded(
        &mut self,
        event: &Event,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<(), Mismatch> {
        let Some(id) = &event.refund else { return Err(Mismatch::Amount) };
        let room = self.captured().less(self.sum(|it| it == RefundStatus::Succeeded));
        if let Some(known) = self.refunds.iter_mut().find(|it| it.id == *id) {
            if known.amount != amount || known.status != RefundStatus::Succeeded && amount.exceeds(room) {
                return Err(Mismatch::Amount);
            }
            known.status = RefundStatus::Succeeded;
            known.check_at = None;
            return Ok(());
        }
        if amount.exceeds(room) {
            return Err(Mismatch::Amount);
        }
        self.refunds.push(self.begun_at_the_gateway(id, amount, RefundStatus::Succeeded, fresh, now));
        Ok(())
    }

    fn refund_failed(
        &mut self,
        event: &Event,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<(), Mismatch> {
        let Some(id) = &event.refund else { return Err(Mismatch::Amount) };
        let Some(known) = self.refunds.iter_mut().find(|it| it.id == *id) else {
            self.refunds.push(self.begun_at_the_gateway(id, amount, RefundStatus::Failed, fresh, now));
            return Ok(());
        };
        if known.amount != amount {
            return Err(Mismatch::Amount);
        }
        if known.status == RefundStatus::Pending {
            known.status = RefundStatus::Failed;
            known.check_at = None;
        }
        Ok(())
    }

    fn begun_at_the_gateway(
        &self,
        id: &RefundId,
        amount: Money,
        status: RefundStatus,
        key: RefundKey,
        now: Timestamp,
    ) -> Refund {
        Refund {
            key,
            id: id.clone(),
            transaction: self.key,
            amount,
            status,
            reason: None,
            created_at: now,
            check_at: None,
            checks: 0,
        }
    }

    /// Takes back refunds that are asked for and no longer fit into what is left of the captured money; `true` when
    /// there were any. The gateway may have made one all the same: then its word is a mismatch, and an operator looks.
    pub(super) fn withdraw_refunds(&mut self) -> bool {
        let lost = self.facts.dispute == Dispute::Lost;
        let back = self.sum(|it| it == RefundStatus::Succeeded);
        let mut room = if lost { Money::zero(self.amount.currency()) } else { self.captured().less(back) };
        let mut withdrawn = false;
        for refund in self.refunds.iter_mut().filter(|it| it.status == RefundStatus::Pending) {
            if refund.amount.exceeds(room) {
                refund.status = RefundStatus::Failed;
                refund.check_at = None;
                withdrawn = true;
            } else {
                room = room.less(refund.amount);
            }
        }
        withdrawn
    }

    fn disputed(&mut self, kind: EventKind, amount: Money) -> Result<(), Mismatch> {
        if amount != self.amount && amount != self.captured() {
            return Err(Mismatch::Amount);
        }
        self.facts.dispute = self.facts.dispute.max(dispute(kind).unwrap_or(Dispute::None));
        Ok(())
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
    const fn rank(&self) -> u8 {
        match (self.facts.captured, self.facts.failed, self.facts.voided, self.facts.authorized) {
            (Some(_), ..) => 4,
            (None, _, true, _) => 3,
            (None, true, ..) => 2,
            (None, _, _, true) => 1,
            (None, ..) => 0,
        }
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

const fn dispute(kind: EventKind) -> Option<Dispute> {
    match kind {
        EventKind::Disputed => Some(Dispute::Open),
        EventKind::DisputeWon => Some(Dispute::Won),
        EventKind::DisputeLost => Some(Dispute::Lost),
        EventKind::Authorized
        | EventKind::Captured
        | EventKind::Failed
        | EventKind::Voided
        | EventKind::RefundSucceeded
        | EventKind::RefundFailed => None,
    }
}
