//! The status and the amounts of a transaction, as functions of its facts.

use crate::{Money, Timestamp};

use super::{DisputeStatus, Disputes, PaymentStatus, RefundStatus, Transaction};

impl Transaction {
    /// The status. It is a function of the facts alone, and never stored as a decision.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        let facts = &self.facts;
        let captured = facts.capture().is_some();
        // The order of these cases is the rule: money that moved outweighs a failure or void that was
        // reported as well, and an open dispute outweighs a refund, because it decides about the same money.
        if captured && facts.disputes().count_open() > 0 {
            PaymentStatus::Disputed
        } else if captured && self.has_full_return() {
            PaymentStatus::Refunded
        } else if captured && !facts.is_displaced() {
            PaymentStatus::Captured
        } else if facts.is_voided() {
            PaymentStatus::Voided
        } else if facts.has_failed() || captured {
            // A displaced transaction never pays the order, even if its money was captured: another one does.
            PaymentStatus::Failed
        } else if facts.is_authorized() {
            PaymentStatus::Authorized
        } else {
            PaymentStatus::Pending
        }
    }

    /// The total that was captured; zero if nothing was.
    #[must_use]
    pub fn captured_amount(&self) -> Money {
        self.facts.capture().map_or(self.zero_amount(), |it| it.amount)
    }

    /// The time of the capture by the gateway's clock; `None` if nothing was captured.
    #[must_use]
    pub fn captured_at(&self) -> Option<Timestamp> {
        self.facts.capture().map(|it| it.at)
    }

    /// The sum of the refunds that succeeded. A gateway may have refunded more than was captured.
    #[must_use]
    pub fn refunded_amount(&self) -> Money {
        self.sum_refunds(|it| it == RefundStatus::Succeeded)
    }

    /// The sum of the disputes that are open or lost.
    #[must_use]
    pub fn disputed_amount(&self) -> Money {
        self.sum_disputes(&self.facts.disputes(), |it| it != DisputeStatus::Won)
    }

    /// The returned money: refunds that succeeded and disputes that were lost.
    #[must_use]
    pub fn returned_amount(&self) -> Money {
        let lost = self.sum_disputes(&self.facts.disputes(), |it| it == DisputeStatus::Lost);
        self.refunded_amount().try_add(lost).unwrap_or(lost)
    }

    /// Whether everything that was captured is returned now.
    #[must_use]
    pub fn has_full_return(&self) -> bool {
        self.covers_capture(self.returned_amount())
    }

    /// Whether everything that was captured was returned at any time, by the gateway's times.
    #[must_use]
    pub fn had_full_return(&self) -> bool {
        let refunds = self.refunds.iter().filter_map(|it| it.facts.succeeded_at);
        let disputes = self.facts.as_raw().disputes.iter().map(|it| it.at);
        refunds.chain(disputes).any(|time| self.covers_capture(self.returned_amount_at(time)))
    }

    /// The amount that can still be refunded: the captured amount, less refunds that are pending or
    /// succeeded, less disputes that are open or lost.
    #[must_use]
    pub fn refundable_amount(&self) -> Money {
        self.captured_amount()
            .saturating_sub(self.sum_refunds(|it| it != RefundStatus::Failed))
            .saturating_sub(self.disputed_amount())
    }

    /// The part of the captured amount that neither a refund (pending or succeeded) nor a lost dispute
    /// covers.
    pub(super) fn unreturned_amount(&self) -> Money {
        let lost = self.sum_disputes(&self.facts.disputes(), |it| it == DisputeStatus::Lost);
        self.captured_amount()
            .saturating_sub(self.sum_refunds(|it| it != RefundStatus::Failed))
            .saturating_sub(lost)
    }

    /// Whether everything that was captured is returned if the gateway does the refunds that it has not decided.
    #[must_use]
    pub fn awaits_full_return(&self) -> bool {
        let is_open = self.refunds.iter().any(|it| it.status() == RefundStatus::Pending);
        is_open && self.unreturned_amount().is_zero()
    }

    /// Whether it keeps other transactions from paying its order. A disputed one does, because the dispute
    /// may be won.
    #[must_use]
    pub fn occupies_order(&self) -> bool {
        let status = self.status();
        !self.facts.is_displaced() && (status.is_live() || status == PaymentStatus::Disputed)
    }

    fn covers_capture(&self, returned: Money) -> bool {
        let captured = self.captured_amount();
        // Without a capture nothing is returned: zero of zero is not a full refund.
        !captured.is_zero() && !captured.exceeds(returned)
    }

    fn returned_amount_at(&self, time: Timestamp) -> Money {
        let disputes = Disputes::from_events(self.facts.as_raw().disputes.iter().filter(|it| it.at <= time));
        let lost = self.sum_disputes(&disputes, |it| it == DisputeStatus::Lost);
        let refunds = self.refunds.iter().filter(|it| it.was_effective_at(time));
        refunds.fold(lost, |sum, it| sum.try_add(it.amount).unwrap_or(sum))
    }

    /// The sum of the disputes with such a status. One of more than was captured counts as the captured
    /// amount.
    fn sum_disputes(&self, disputes: &Disputes, counts: impl Fn(DisputeStatus) -> bool) -> Money {
        let captured = self.captured_amount();
        let counted = disputes.as_slice().iter().filter(|it| counts(it.status));
        let amounts = counted.map(|it| if it.amount.exceeds(captured) { captured } else { it.amount });
        // A sum that overflows keeps the value before: the amounts are the gateway's, and a wrong one must
        // not make the whole transaction unreadable. A finding reports the excess.
        amounts.fold(self.zero_amount(), |sum, it| sum.try_add(it).unwrap_or(sum))
    }

    pub(super) fn sum_refunds(&self, counts: impl Fn(RefundStatus) -> bool) -> Money {
        let counted = self.refunds.iter().filter(|it| counts(it.status()));
        counted.fold(self.zero_amount(), |sum, it| sum.try_add(it.amount).unwrap_or(sum))
    }

    const fn zero_amount(&self) -> Money {
        Money::zero(self.amount.currency())
    }
}
