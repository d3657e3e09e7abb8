//! What an event about a transaction means: for its order, for what an operator must look at, and for the money itself.
//!
//! Everything here compares what follows from the facts before an event with what follows after it. An event whose fact
//! arrives late therefore raises the same finding, and moves the order to the same status, as one that arrives in time.

use crate::{Actor, ChangedBy, FindingKind, Money, Timestamp, order::Status};

use super::{Asked, Case, Refund, Transaction};

impl Case {
    /// Draws the consequences of a change of the facts since `before`.
    pub(super) fn settle(&mut self, before: &Transaction, now: Timestamp) {
        let revived = !before.occupies_order() && self.transaction.occupies_order();
        if revived && self.other_occupies {
            self.transaction.facts.displace();
        }
        if before.captured() != self.transaction.captured() {
            self.settle_capture(before, now);
        }
        self.flag_disputes(before);
        self.flag_refunds(before);
        if self.transaction.withdraw_refunds() {
            self.flag(
                FindingKind::Reconciliation,
                "A refund was withdrawn: the money it was to give back went back at the gateway in another way.",
            );
        }
        self.follow_returns(before, now);
        self.follow_order(now);
    }

    pub(super) fn flag_contradiction(&mut self) {
        self.flag(
            FindingKind::Contradiction,
            "The gateway's words contradict each other: look the payment up at the gateway.",
        );
    }

    fn settle_capture(&mut self, before: &Transaction, now: Timestamp) {
        let order = self.progress.order();
        let captured = self.transaction.captured();
        let due = order.status == Status::Pending && !self.transaction.facts.is_displaced();
        if before.facts.capture().is_some() {
            self.flag(
                FindingKind::AmountMismatch,
                "Two words name two captured amounts. The larger one counts.",
            );
        }
        let order = self.progress.order();
        if !due {
            self.owe("Money arrived that the order had no use for any more; it is given back.");
        } else if captured == order.amount {
            // From PENDING the gateway may always pay.
            let _ = self.progress.step(Status::Paid, ChangedBy::GATEWAY, None, now);
            let other_asked = before.asked.is_some_and(|it| it != Asked::Capture(captured));
            if other_asked {
                self.flag(
                    FindingKind::Contradiction,
                    "All of the amount was captured; the gateway was asked for something else.",
                );
            }
        } else {
            self.flag(
                FindingKind::PartialCapture,
                "Less than the order's amount was captured; the order is not paid.",
            );
        }
    }

    fn flag_disputes(&mut self, before: &Transaction) {
        let (then, now) = (before.facts.disputes(), self.transaction.facts.disputes());
        if now.all().len() > then.all().len() || now.count_open() > then.count_open() {
            self.flag(FindingKind::Dispute, "The holder of the card disputes the payment, or a part of it.");
        }
        // What was disputed could not be given back; what the shop keeps of it is owed again.
        self.owed |= now.count_open() < then.count_open() && self.transaction.facts.is_surplus();
        let odd = |it: &Transaction| {
            let captured = it.captured();
            let disputes = it.facts.disputes();
            disputes.all().iter().filter(|it| it.amount.exceeds(captured) || it.is_corrected()).count()
        };
        if odd(&self.transaction) > odd(before) {
            self.flag(
                FindingKind::AmountMismatch,
                "A dispute is about more than was captured, or its amount has changed. The last word counts, up to what was captured.",
            );
        }
    }

    fn flag_refunds(&mut self, before: &Transaction) {
        let after = &self.transaction;
        let count =
            |it: &Transaction, counts: fn(&Refund) -> bool| it.refunds.iter().filter(|it| counts(it)).count();
        let came_back = count(after, Refund::has_come_back) > count(before, Refund::has_come_back);
        let is_refused: fn(&Refund) -> bool = |it| it.facts.failed_at.is_some() && !it.has_come_back();
        let refused = count(after, is_refused) > count(before, is_refused);
        let excess = |it: &Transaction| it.returned().less(it.captured());
        let over_refunded = excess(after).exceeds(excess(before));
        if came_back {
            self.flag(
                FindingKind::RefundFailed,
                "A refund that had gone through failed: the money is with the shop again and can be given back.",
            );
        }
        if refused {
            self.flag(FindingKind::Reconciliation, "The gateway refused a refund.");
        }
        if over_refunded {
            self.flag(
                FindingKind::OverRefunded,
                "More money is back than was captured, by refunds and lost disputes together.",
            );
        }
    }

    /// Moves the order when everything captured for it is back, or is so no longer because a refund failed, in a status
    /// that has such a move. After a lost dispute is won the order keeps its status.
    fn follow_returns(&mut self, before: &Transaction, now: Timestamp) {
        let transaction = &self.transaction;
        if transaction.facts.is_surplus() || self.other_occupies {
            return;
        }
        let count = |it: &Transaction| it.refunds.iter().filter(|it| it.has_come_back()).count();
        let returned_once = transaction.was_returned() && !before.was_returned();
        let came_back = count(transaction) > if returned_once { 0 } else { count(before) };
        if (transaction.is_returned() || returned_once) && self.progress.order().status != Status::Refunded {
            self.step_if_allowed(Status::RefundPending, now);
            self.step_if_allowed(Status::Refunded, now);
        }
        if came_back && !self.transaction.is_returned() && self.progress.order().status == Status::Refunded {
            self.step_if_allowed(Status::RefundPending, now);
        }
    }

    fn step_if_allowed(&mut self, to: Status, now: Timestamp) {
        if self.progress.order().allows(to, Actor::Gateway) {
            let _ = self.progress.step(to, ChangedBy::GATEWAY, None, now);
        }
    }

    /// How much a refund of everything that is owed would be.
    pub(super) fn amount_owed(&mut self) -> Option<Money> {
        let owed = std::mem::take(&mut self.owed);
        Some(self.transaction.refundable()).filter(|it| owed && !it.is_zero())
    }
}
