//! What an operator may ask of a transaction. Each claim is committed before the gateway is asked.

use std::time::Duration;

use crate::{ChangedBy, FindingKind, Money, Text, Timestamp, order::Status};

use super::{Asked, Case, PaymentStatus, Refund, RefundFacts, RequestKind, Transaction, case::Fresh};

/// How long a claim is left to whoever made it before a sweep asks the gateway.
pub const CLAIM_GRACE: Duration = Duration::from_secs(3);

/// Why nothing can be captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCapturable {
    /// There is no authorisation to capture, or it is being captured or given up already.
    #[error("the payment is not an authorisation that can be captured now")]
    State,
    /// More than what is authorised.
    #[error("the amount is more than what is authorised")]
    Exceeds,
}

/// There is no authorisation to give up, or it is being captured or given up already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment is not an authorisation that can be given up now")]
pub struct NotVoidable;

/// Why nothing can be given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRefundable {
    /// Nothing was captured, or nothing of it is left: it is back, on its way back, or disputed.
    #[error("the payment has no captured money that could be given back now")]
    State,
    /// More than what is left of the captured money. What is disputed is not left.
    #[error("the amount is more than what is left of the captured money")]
    Exceeds,
}

impl Transaction {
    /// Whether the gateway owes an answer about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.asked.is_some() || self.status() == PaymentStatus::Pending
    }
}

impl Case {
    /// Claims a capture of `amount`, or of everything.
    ///
    /// # Errors
    /// [`NotCapturable`].
    pub fn ask_capture(
        &mut self,
        amount: Option<Money>,
        by: ChangedBy,
        now: Timestamp,
    ) -> Result<Money, NotCapturable> {
        let now = self.progress.order().moment(now);
        let transaction = &mut self.transaction;
        let free = transaction.status() == PaymentStatus::Authorized && transaction.asked.is_none();
        if !free || self.progress.order().status != Status::Pending {
            return Err(NotCapturable::State);
        }
        let amount = amount.unwrap_or(transaction.amount);
        if amount.exceeds(transaction.amount) {
            return Err(NotCapturable::Exceeds);
        }
        transaction.claim(Asked::Capture(amount), now);
        self.note_request(RequestKind::Capture, amount, by, now);
        Ok(amount)
    }

    /// Claims the giving up of an authorisation.
    ///
    /// # Errors
    /// [`NotVoidable`].
    pub fn ask_void(&mut self, by: ChangedBy, now: Timestamp) -> Result<(), NotVoidable> {
        let now = self.progress.order().moment(now);
        let transaction = &mut self.transaction;
        if transaction.status() != PaymentStatus::Authorized || transaction.asked.is_some() {
            return Err(NotVoidable);
        }
        transaction.claim(Asked::Void, now);
        let amount = transaction.amount;
        self.note_request(RequestKind::Void, amount, by, now);
        Ok(())
    }

    /// Stops waiting for a capture or a void that the gateway has not done while it could be asked again: the payment is an
    /// authorisation as before, and an operator hears of it. The void of an order that was called off is asked for once
    /// more, as a request of its own. Does nothing when something else is asked by now.
    pub fn release_operation(&mut self, asked: Asked, now: Timestamp) {
        if self.transaction.asked != Some(asked) {
            return;
        }
        let at = self.progress.order().moment(now);
        self.transaction.asked = None;
        self.transaction.updated_at = self.transaction.updated_at.max(at);
        self.flag(
            FindingKind::Reconciliation,
            "The gateway did not do the capture or void that it was asked for in time. The payment is AUTHORIZED again; \
             ask again if it is still wanted.",
        );
        self.follow_order(now);
    }

    /// Claims a refund of `amount`, or of everything that is left. When refunds of all that was captured are asked for,
    /// the order moves to `REFUND_PENDING`.
    ///
    /// # Errors
    /// [`NotRefundable`].
    pub fn ask_refund(
        &mut self,
        amount: Option<Money>,
        reason: Option<Text>,
        by: ChangedBy,
        fresh: Fresh,
        now: Timestamp,
    ) -> Result<Refund, NotRefundable> {
        let now = self.progress.order().moment(now);
        let transaction = &mut self.transaction;
        if transaction.facts.capture().is_none() || transaction.status() == PaymentStatus::Refunded {
            return Err(NotRefundable::State);
        }
        let left = transaction.refundable();
        let amount = match amount {
            Some(amount) if amount.exceeds(left) => return Err(NotRefundable::Exceeds),
            None if left.is_zero() => return Err(NotRefundable::State),
            amount => amount.unwrap_or(left),
        };
        let refund = Refund {
            key: fresh.key,
            id: fresh.id,
            transaction: transaction.key,
            amount,
            facts: RefundFacts::default(),
            requested_by: by,
            reason: reason.clone(),
            created_at: transaction.updated_at.max(now),
            check_at: Some(now.plus(CLAIM_GRACE)),
            checks: 0,
        };
        transaction.refunds.push(refund.clone());
        transaction.updated_at = transaction.updated_at.max(now);
        let everything = transaction.unreturned().is_zero() && !transaction.facts.is_surplus();
        if everything && self.progress.order().allows(Status::RefundPending, by.actor) {
            // Allowed a line above, so it cannot be refused.
            let _ = self.progress.step(Status::RefundPending, by, reason, now);
        }
        Ok(refund)
    }
}

impl Transaction {
    fn claim(&mut self, asked: Asked, now: Timestamp) {
        self.asked = Some(asked);
        self.check_at = Some(now.plus(CLAIM_GRACE));
        self.checks = 0;
        self.updated_at = self.updated_at.max(now);
    }
}
