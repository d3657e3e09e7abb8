//! What follows from the facts: where a transaction stands, how much is back, and how much can still be given back.

use crate::{Money, Timestamp};

use super::{DisputeStatus, Disputes, PaymentStatus, RefundStatus, Transaction};

impl Transaction {
    /// Where it stands: a function of the facts alone.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        let facts = &self.facts;
        let captured = facts.capture().is_some();
        if captured && facts.disputes().count_open() > 0 {
            PaymentStatus::Disputed
        } else if captured && self.has_full_return() {
            PaymentStatus::Refunded
        } else if captured && !facts.is_displaced() {
            PaymentStatus::Captured
        } else if facts.is_voided() {
            PaymentStatus::Voided
        } else if facts.has_failed() || captured {
            // Another transaction pays the order: captured money of this one is no payment of it.
            PaymentStatus::Failed
        } else if facts.is_authorized() {
            PaymentStatus::Authorized
        } else {
            PaymentStatus::Pending
        }
    }

    /// How much was taken.
    #[must_use]
    pub fn captured_amount(&self) -> Money {
        self.facts.capture().map_or(self.zero_amount(), |it| it.amount)
    }

    /// When the money was taken, by the gateway's time.
    #[must_use]
    pub fn captured_at(&self) -> Option<Timestamp> {
        self.facts.capture().map(|it| it.at)
    }

    /// The sum of the refunds that went through. A gateway may have given back more than was captured.
    #[must_use]
    pub fn refunded_amount(&self) -> Money {
        self.sum_refunds(|it| it == RefundStatus::Succeeded)
    }

    /// The sum of the disputes that are open or lost.
    #[must_use]
    pub fn disputed_amount(&self) -> Money {
        self.sum_disputes(&self.facts.disputes(), |it| it != DisputeStatus::Won)
    }

    /// The money that is back: refunds that went through and disputes that are lost.
    #[must_use]
    pub fn returned_amount(&self) -> Money {
        let lost = self.sum_disputes(&self.facts.disputes(), |it| it == DisputeStatus::Lost);
        self.refunded_amount().try_add(lost).unwrap_or(lost)
    }

    /// Whether all that was captured is back.
    #[must_use]
    pub fn has_full_return(&self) -> bool {
        self.covers_capture(self.returned_amount())
    }

    /// Whether all that was captured was back at any moment, by the gateway's times.
    #[must_use]
    pub fn had_full_return(&self) -> bool {
        let refunds = self.refunds.iter().filter_map(|it| it.facts.succeeded_at);
        let disputes = self.facts.as_raw().disputes.iter().map(|it| it.at);
        refunds.chain(disputes).any(|moment| self.covers_capture(self.returned_amount_at(moment)))
    }

    /// How much can still be given back: what was captured, less refunds that are pending or went through, less disputes
    /// that are open or lost.
    #[must_use]
    pub fn refundable_amount(&self) -> Money {
        self.captured_amount()
            .saturating_sub(self.sum_refunds(|it| it != RefundStatus::Failed))
            .saturating_sub(self.disputed_amount())
    }

    /// How much of what was captured no refund, pending or through, and no lost dispute accounts for.
    pub(super) fn unreturned_amount(&self) -> Money {
        let lost = self.sum_disputes(&self.facts.disputes(), |it| it == DisputeStatus::Lost);
        self.captured_amount()
            .saturating_sub(self.sum_refunds(|it| it != RefundStatus::Failed))
            .saturating_sub(lost)
    }

    /// Whether it keeps other transactions away from its order. A disputed one does, because a dispute may be won.
    #[must_use]
    pub fn occupies_order(&self) -> bool {
        let status = self.status();
        !self.facts.is_displaced() && (status.is_live() || status == PaymentStatus::Disputed)
    }

    fn covers_capture(&self, returned: Money) -> bool {
        let captured = self.captured_amount();
        !captured.is_zero() && !captured.exceeds(returned)
    }

    fn returned_amount_at(&self, moment: Timestamp) -> Money {
        let disputes =
            Disputes::from_events(self.facts.as_raw().disputes.iter().filter(|it| it.at <= moment));
        let lost = self.sum_disputes(&disputes, |it| it == DisputeStatus::Lost);
        let through = self.refunds.iter().filter(|it| it.was_effective_at(moment));
        through.fold(lost, |sum, it| sum.try_add(it.amount).unwrap_or(sum))
    }

    /// A dispute of more than was captured counts as what was captured.
    fn sum_disputes(&self, disputes: &Disputes, counts: impl Fn(DisputeStatus) -> bool) -> Money {
        let captured = self.captured_amount();
        let counted = disputes.as_slice().iter().filter(|it| counts(it.status));
        let amounts = counted.map(|it| if it.amount.exceeds(captured) { captured } else { it.amount });
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
