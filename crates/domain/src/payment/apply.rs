//! Adding one event to the facts of a transaction.
//!
//! The result must not depend on the order of arrival, so adding a fact is commutative and idempotent. A test
//! applies each sequence of events in every order.

use crate::{ChangedBy, FindingKind, Money, RefundId, RefundKey, Timestamp, order::Metadata};

use super::{
    DisputeEvent, DisputeStatus, EventKind, KnownReference, PaymentEvent, PaymentStatus, PendingOperation,
    Refund, RefundFacts, RefundStatus, Transaction,
};

/// The effect of an event on its transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventEffect {
    /// It changed something that a client can see.
    Applied,
    /// It repeated facts that were known already.
    Unchanged,
    /// It contradicts known facts, whether it changed something or not: an operator must look.
    Contradicted,
    /// It cannot be judged before an earlier event arrives; it is tried again later.
    Waiting,
    /// It does not match the transaction: it has no effect, and an operator must look.
    Mismatch(EventMismatch),
}

/// The part of an event that does not match its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventMismatch {
    /// The amount is not one that this kind of event can have, or is not a decimal number of the currency.
    Amount,
    /// The currency is not that of the transaction.
    Currency,
    /// The order number is not that of the transaction.
    Order,
    /// A reference belongs to another transaction or contradicts a known one, or a refund event names no
    /// refund.
    Reference,
}

impl EventMismatch {
    /// The text of the finding: what does not match, and that the event had no effect.
    pub(super) const fn finding_detail(self) -> &'static str {
        match self {
            Self::Amount => {
                "The gateway reported an amount that does not fit this transaction. The report had no effect."
            }
            Self::Currency => {
                "The gateway reported another currency than that of this transaction. The report had no \
                 effect."
            }
            Self::Order => {
                "The gateway reported another order number than that of this transaction. The report had \
                 no effect."
            }
            Self::Reference => {
                "The gateway reported a reference that belongs to another payment or differs from the \
                 known one. The report had no effect."
            }
        }
    }
}

impl From<EventMismatch> for FindingKind {
    fn from(mismatch: EventMismatch) -> Self {
        match mismatch {
            EventMismatch::Amount => Self::AmountMismatch,
            EventMismatch::Currency => Self::CurrencyMismatch,
            EventMismatch::Order => Self::OrderMismatch,
            EventMismatch::Reference => Self::Contradiction,
        }
    }
}

impl Transaction {
    /// Adds the fact of an event. A refund that began at the gateway gets the row key `fresh`.
    pub fn apply_event(&mut self, event: &PaymentEvent, fresh: RefundKey, now: Timestamp) -> EventEffect {
        let amount = match self.check_event_amount(event) {
            Ok(amount) => amount,
            Err(mismatch) => return EventEffect::Mismatch(mismatch),
        };
        let needs_capture = event.kind.is_refund() || event.kind.is_dispute();
        // Before the capture there is no amount to compare a refund or a dispute with, so the event waits for
        // it.
        if needs_capture && self.facts.capture().is_none() || self.may_match_pending_refund(event) {
            return EventEffect::Waiting;
        }
        let before = self.clone();
        let learnt = self.add_references(event);
        if let Err(mismatch) = learnt.and_then(|()| self.add_fact(event, amount, fresh, now)) {
            // `find_or_add_refund` may have added a refund before the mismatch was found.
            *self = before;
            return EventEffect::Mismatch(mismatch);
        }
        if !needs_capture && (before.facts.capture().is_none() || event.kind == EventKind::Authorized) {
            self.merge_details(event, before.details_rank());
        }
        let changed = !self.has_same_view(&before);
        if changed {
            self.updated_at = self.updated_at.max(now);
        }
        let more = self.facts.count_contradictions() > before.facts.count_contradictions();
        if more || self.facts.contradicts_event(event.kind, event.at) {
            EventEffect::Contradicted
        } else if changed {
            EventEffect::Applied
        } else {
            EventEffect::Unchanged
        }
    }

    /// Returns those of the events, in their order, that state more than is known, and the references that the others
    /// state. An event that is left out only repeats, at whatever time, what a client sees already.
    ///
    /// For answers about what has a result: where a gateway does not say when that was, its event has the time of the
    /// answer, and the later of two times holds.
    #[must_use]
    pub fn without_repetitions(&self, events: Vec<PaymentEvent>) -> (Vec<PaymentEvent>, Vec<KnownReference>) {
        let mut known = self.clone();
        let (mut new, mut references) = (Vec::new(), Vec::new());
        for event in events {
            let mut after = known.clone();
            // The key is that of a refund in a copy that is never stored.
            let fresh = RefundKey::new(self.key.get());
            if after.apply_event(&event, fresh, self.updated_at) == EventEffect::Unchanged {
                references.extend(known.stated_references(&event));
            } else {
                known = after;
                new.push(event);
            }
        }
        (new, references)
    }

    fn add_fact(
        &mut self,
        event: &PaymentEvent,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<(), EventMismatch> {
        match event.kind {
            EventKind::Authorized => self.facts.add_authorization(event.at),
            EventKind::Captured => return self.add_capture(amount, event.at),
            EventKind::Failed => self.end_authorization(|it| it.facts.add_failure(event.at)),
            EventKind::Voided => self.end_authorization(|it| it.facts.add_void(event.at)),
            EventKind::RefundSucceeded => {
                self.find_or_add_refund(event, amount, fresh, now)?.add_success(event.at)
            }
            EventKind::RefundFailed => {
                self.find_or_add_refund(event, amount, fresh, now)?.add_failure(event.at)
            }
            EventKind::Disputed => self.add_dispute(event, amount, DisputeStatus::Open),
            EventKind::DisputeWon => self.add_dispute(event, amount, DisputeStatus::Won),
            EventKind::DisputeLost => self.add_dispute(event, amount, DisputeStatus::Lost),
        }
        Ok(())
    }

    /// The event's amount as money, if order and currency are the transaction's and the amount is one that it
    /// may have. More than was paid may be disputed, or refunded at the gateway.
    fn check_event_amount(&self, event: &PaymentEvent) -> Result<Money, EventMismatch> {
        if event.order.as_ref().is_some_and(|it| *it != self.order_number) {
            return Err(EventMismatch::Order);
        }
        if event.reported.currency != self.amount.currency().code() {
            return Err(EventMismatch::Currency);
        }
        let amount = Money::parse_gateway_amount(&event.reported.amount, self.amount.currency());
        let amount = amount.map_err(|_| EventMismatch::Amount)?;
        let fits = match event.kind {
            EventKind::Authorized | EventKind::Failed | EventKind::Voided => {
                amount == self.amount || amount == self.expected_capture()
            }
            EventKind::Captured => !amount.exceeds(self.amount),
            EventKind::RefundSucceeded
            | EventKind::RefundFailed
            | EventKind::Disputed
            | EventKind::DisputeWon
            | EventKind::DisputeLost => true,
        };
        if fits { Ok(amount) } else { Err(EventMismatch::Amount) }
    }

    /// The captured amount; without a capture the requested one, and without a request the whole amount.
    fn expected_capture(&self) -> Money {
        match (self.facts.capture(), self.pending_operation) {
            (Some(capture), _) => capture.amount,
            (None, Some(PendingOperation::Capture(amount))) => amount,
            (None, Some(PendingOperation::Void) | None) => self.amount,
        }
    }

    fn add_capture(&mut self, amount: Money, at: Timestamp) -> Result<(), EventMismatch> {
        if !self.facts.add_capture(amount, at) {
            return Err(EventMismatch::Amount);
        }
        self.pending_operation = None;
        Ok(())
    }

    /// Adds a fact that ends the authorisation. Captured money stays captured; the fact is stored all the
    /// same, because it contradicts the capture.
    fn end_authorization(&mut self, add: impl FnOnce(&mut Self)) {
        add(self);
        self.pending_operation = None;
    }

    fn add_dispute(&mut self, event: &PaymentEvent, amount: Money, status: DisputeStatus) {
        self.facts.add_dispute(DisputeEvent {
            event: event.id.clone(),
            dispute: self.named_dispute(event),
            status,
            amount,
            at: event.at,
        });
    }

    /// The refund that the event is about. An unknown one began at the gateway and is added.
    fn find_or_add_refund(
        &mut self,
        event: &PaymentEvent,
        amount: Money,
        fresh: RefundKey,
        now: Timestamp,
    ) -> Result<&mut Refund, EventMismatch> {
        let id = self.named_refund(event).ok_or(EventMismatch::Reference)?;
        let known = self.refunds.iter().position(|it| it.id == id);
        let at = known.unwrap_or(self.refunds.len());
        if known.is_none() {
            let refund = self.new_gateway_refund(&id, amount, fresh, now);
            self.refunds.push(refund);
        }
        let refund = self.refunds.get_mut(at).ok_or(EventMismatch::Amount)?;
        if refund.amount != amount {
            // The service knows the amount that it requested, so another one is a mismatch. Of a refund that
            // began at the gateway only the reports are known, and the latest one holds.
            if refund.requested_by != ChangedBy::GATEWAY {
                return Err(EventMismatch::Amount);
            }
            let (reported_at, last_at) = (Some(event.at), refund.last_event_at());
            // At equal times the larger amount holds, so that the order of arrival does not matter.
            if reported_at > last_at || reported_at == last_at && amount.exceeds(refund.amount) {
                refund.amount = amount;
            }
        }
        Ok(refund)
    }

    fn new_gateway_refund(&self, id: &RefundId, amount: Money, key: RefundKey, now: Timestamp) -> Refund {
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
            items: Vec::new(),
            metadata: Metadata::default(),
        }
    }

    /// Withdraws pending refunds that exceed the rest of the captured money; `true` when there were any. The
    /// gateway may have made one all the same: then more was returned than was captured, and an operator gets
    /// a finding.
    pub(super) fn withdraw_excess_refunds(&mut self) -> bool {
        let mut room = self.captured_amount().saturating_sub(self.returned_amount());
        let mut withdrawn = false;
        for refund in self.refunds.iter_mut().filter(|it| it.status() == RefundStatus::Pending) {
            if refund.amount.exceeds(room) {
                refund.withdraw();
                withdrawn = true;
            } else {
                room = room.saturating_sub(refund.amount);
            }
        }
        withdrawn
    }

    /// Stores the details that the event reports beside the money. A later stage outranks an earlier one, so
    /// that the order of arrival does not matter; `rank` is the stage before the event.
    fn merge_details(&mut self, event: &PaymentEvent, rank: u8) {
        let outranks = event_rank(event.kind) > rank;
        let known = &mut self.details;
        let reported = &event.details;
        for (known, reported) in [
            (&mut known.card_last4, &reported.card_last4),
            (&mut known.card_brand, &reported.card_brand),
            (&mut known.authorization_code, &reported.authorization_code),
            (&mut known.response_code, &reported.response_code),
        ] {
            if reported.is_some() && (outranks || known.is_none()) {
                known.clone_from(reported);
            }
        }
        if event.kind == EventKind::Failed && known.failure_reason.is_none() {
            known.failure_reason.clone_from(&reported.failure_reason);
        }
    }

    /// The stage that the payment has reached, for [`Transaction::merge_details`].
    fn details_rank(&self) -> u8 {
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

    /// Whether a client sees the same in both versions.
    fn has_same_view(&self, other: &Self) -> bool {
        let visible = |it: &Self| {
            let refunds: Vec<_> = it
                .refunds
                .iter()
                .map(|it| (it.id.clone(), it.status(), it.has_late_failure(), it.amount))
                .collect();
            let money = (it.captured_amount(), it.refunded_amount(), it.disputed_amount());
            (it.status(), it.reference().cloned(), money, it.captured_at(), it.details.clone(), refunds)
        };
        visible(self) == visible(other)
    }

    /// The reason of the failure; `None` unless the status is `FAILED`.
    #[must_use]
    pub fn failure_reason(&self) -> Option<&str> {
        // The reason stays stored if a late capture follows the failure, but a captured payment must not show
        // it.
        let failed = self.status() == PaymentStatus::Failed;
        self.details.failure_reason.as_deref().filter(|_| failed)
    }
}

const fn event_rank(kind: EventKind) -> u8 {
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
