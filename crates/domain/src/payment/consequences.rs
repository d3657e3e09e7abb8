//! The consequences of an event: for the order, for operators, and for the money itself.
//!
//! Everything here compares the results of the facts before an event with those after it. An event whose fact
//! arrives late therefore raises the same finding, and moves the order to the same status, as one that
//! arrives in time.

use crate::{Actor, ChangedBy, FindingKind, Money, Timestamp, order::OrderStatus};

use super::{PendingOperation, Refund, RefundStatus, Transaction, TransactionChange};

impl TransactionChange {
    /// Draws the consequences of the facts that were added since `before`.
    pub(super) fn apply_consequences(&mut self, before: &Transaction, now: Timestamp) {
        // A transaction that had failed can come back to life with a late capture. If the order has another
        // live one by then, this one must never pay it as well, whatever happens to the other one later.
        let revived = !before.occupies_order() && self.transaction.occupies_order();
        if revived && self.other_occupies {
            self.transaction.facts.displace();
        }
        if before.captured_amount() != self.transaction.captured_amount() {
            self.apply_capture(before, now);
        }
        self.flag_disputes(before);
        self.flag_refunds(before);
        if self.transaction.withdraw_excess_refunds() {
            self.add_flag(
                FindingKind::Reconciliation,
                "A refund was withdrawn: its money was returned at the gateway in another way.",
            );
        }
        // The order moves last: surplus money, which is no refund of the order, is known only now.
        self.follow_returns(before, now);
        self.follow_order_status(now);
    }

    pub(super) fn flag_contradiction(&mut self) {
        self.add_flag(
            FindingKind::Contradiction,
            "The gateway's reports about this payment contradict each other, such as a capture and a later \
             failure. Reports of moved money count. Look the payment up at the gateway.",
        );
    }

    fn apply_capture(&mut self, before: &Transaction, now: Timestamp) {
        let order = self.order_change.order();
        let captured = self.transaction.captured_amount();
        let due = order.status == OrderStatus::Pending && !self.transaction.facts.is_displaced();
        // Gateways report the total captured so far, so a second report is normally the same amount. Another
        // one is added as a fact, and an operator has to look it up at the gateway.
        if before.facts.capture().is_some() {
            self.add_flag(
                FindingKind::AmountMismatch,
                "The gateway reported two different captured amounts. The larger one is used.",
            );
        }
        let order = self.order_change.order();
        if !due {
            self.owe_refund("Money was captured when the order no longer needed it. It is refunded.");
        } else if captured == order.amount {
            // The result may be dropped: `due` says that the order is pending, and from there the gateway may
            // always pay.
            let _ = self.order_change.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, now);
            let requested_other =
                before.pending_operation.is_some_and(|it| it != PendingOperation::Capture(captured));
            if requested_other {
                self.add_flag(
                    FindingKind::Contradiction,
                    "The gateway captured the whole amount, although a smaller capture or a void was \
                     requested. The order is paid.",
                );
            }
        } else {
            self.add_flag(
                FindingKind::PartialCapture,
                "Less than the order's amount was captured; the order is not paid.",
            );
        }
    }

    fn flag_disputes(&mut self, before: &Transaction) {
        let (then, now) = (before.facts.disputes(), self.transaction.facts.disputes());
        if now.as_slice().len() > then.as_slice().len() || now.count_open() > then.count_open() {
            self.add_flag(FindingKind::Dispute, "The cardholder disputes the payment or a part of it.");
        }
        // Disputed money could not be refunded while the dispute was open; the part that the shop won is owed
        // again.
        self.owes_refund |= now.count_open() < then.count_open() && self.transaction.facts.is_surplus();
        let odd = |it: &Transaction| {
            let captured = it.captured_amount();
            let disputes = it.facts.disputes();
            disputes
                .as_slice()
                .iter()
                .filter(|it| it.amount.exceeds(captured) || it.has_amount_change())
                .count()
        };
        if odd(&self.transaction) > odd(before) {
            self.add_flag(
                FindingKind::AmountMismatch,
                "A dispute is about more than was captured, or its amount has changed. The latest amount \
                 is used, up to the captured amount.",
            );
        }
    }

    fn flag_refunds(&mut self, before: &Transaction) {
        let after = &self.transaction;
        let count =
            |it: &Transaction, counts: fn(&Refund) -> bool| it.refunds.iter().filter(|it| counts(it)).count();
        let came_back = count(after, Refund::has_late_failure) > count(before, Refund::has_late_failure);
        let is_refused: fn(&Refund) -> bool =
            |it| it.status() == RefundStatus::Failed && !it.has_late_failure();
        let refused = count(after, is_refused) > count(before, is_refused);
        let excess = |it: &Transaction| it.returned_amount().saturating_sub(it.captured_amount());
        let over_refunded = excess(after).exceeds(excess(before));
        if came_back {
            self.add_flag(
                FindingKind::RefundFailed,
                "A refund failed after it had succeeded. The shop has the money again and can refund it \
                 again.",
            );
        }
        if refused {
            self.flag_failed_refund();
        }
        if over_refunded {
            self.add_flag(
                FindingKind::OverRefunded,
                "More money was returned than was captured, by refunds and lost disputes together.",
            );
        }
    }

    pub(super) fn flag_failed_refund(&mut self) {
        self.add_flag(
            FindingKind::Reconciliation,
            "A refund failed: the gateway refused it or does not know it.",
        );
    }

    /// Moves the order when everything captured for it was returned, or when a refund failed afterwards, if
    /// its status allows that move. When a lost dispute is won after all, the order keeps its status.
    fn follow_returns(&mut self, before: &Transaction, now: Timestamp) {
        if !self.returns_concern_order() {
            return;
        }
        let transaction = &self.transaction;
        let count = |it: &Transaction| it.refunds.iter().filter(|it| it.has_late_failure()).count();
        // A refund that succeeds and then fails may arrive in one batch, or in reverse order. The order still
        // has to go through REFUNDED, or its history would depend on the order of arrival.
        let returned_once = transaction.had_full_return() && !before.had_full_return();
        let came_back = count(transaction) > if returned_once { 0 } else { count(before) };
        if (transaction.has_full_return() || returned_once)
            && self.order_change.order().status != OrderStatus::Refunded
        {
            self.transition_if_possible(OrderStatus::RefundPending, now);
            self.transition_if_possible(OrderStatus::Refunded, now);
        }
        if came_back
            && !self.transaction.has_full_return()
            && self.order_change.order().status == OrderStatus::Refunded
        {
            self.transition_if_possible(OrderStatus::RefundPending, now);
        }
    }

    /// Whether what is returned of this payment is a return of the order: it is not surplus, and no other payment
    /// occupies the order.
    pub(super) const fn returns_concern_order(&self) -> bool {
        !self.transaction.facts.is_surplus() && !self.other_occupies
    }

    fn transition_if_possible(&mut self, to: OrderStatus, now: Timestamp) {
        if self.order_change.order().allows_transition(to, Actor::Gateway) {
            // The result may be dropped: the move was checked a line above, and to be there already changes
            // nothing.
            let _ = self.order_change.transition(to, ChangedBy::GATEWAY, None, now);
        }
    }

    /// Returns the amount of a refund of everything that is owed; `None` when nothing is. It clears the mark,
    /// so the refund is requested once.
    pub(super) fn take_owed_amount(&mut self) -> Option<Money> {
        let owed = std::mem::take(&mut self.owes_refund);
        Some(self.transaction.refundable_amount()).filter(|it| owed && !it.is_zero())
    }
}
