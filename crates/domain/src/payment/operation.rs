//! What an operator may ask of a transaction. Each claim is committed before the gateway is asked.

use std::time::Duration;

use crate::{ChangedBy, Money, Text, Timestamp, order::OrderStatus};

use super::{
    PaymentRequestKind, PaymentStatus, PendingOperation, Refund, RefundFacts, Transaction, TransactionChange,
    change::RefundIds,
};

/// How long a claim is left to whoever made it before a sweep asks the gateway.
pub const OPERATION_GRACE: Duration = Duration::from_secs(3);

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
        self.pending_operation.is_some() || self.status() == PaymentStatus::Pending
    }
}

impl TransactionChange {
    /// Claims a capture of `amount`, or of everything.
    ///
    /// # Errors
    /// [`NotCapturable`].
    pub fn request_capture(
        &mut self,
        amount: Option<Money>,
        by: ChangedBy,
        now: Timestamp,
    ) -> Result<Money, NotCapturable> {
        let now = self.order_change.order().change_time(now);
        let transaction = &mut self.transaction;
        let free =
            transaction.status() == PaymentStatus::Authorized && transaction.pending_operation.is_none();
        if !free || self.order_change.order().status != OrderStatus::Pending {
            return Err(NotCapturable::State);
        }
        let amount = amount.unwrap_or(transaction.amount);
        if amount.exceeds(transaction.amount) {
            return Err(NotCapturable::Exceeds);
        }
        transaction.begin_operation(PendingOperation::Capture(amount), now);
        self.add_request(PaymentRequestKind::Capture, amount, by, now);
        Ok(amount)
    }

    /// Claims the giving up of an authorisation.
    ///
    /// # Errors
    /// [`NotVoidable`].
    pub fn request_void(&mut self, by: ChangedBy, now: Timestamp) -> Result<(), NotVoidable> {
        let now = self.order_change.order().change_time(now);
        let transaction = &mut self.transaction;
        if transaction.status() != PaymentStatus::Authorized || transaction.pending_operation.is_some() {
            return Err(NotVoidable);
        }
        transaction.begin_operation(PendingOperation::Void, now);
        let amount = transaction.amount;
        self.add_request(PaymentRequestKind::Void, amount, by, now);
        Ok(())
    }

    /// Claims a refund of `amount`, or of everything that is left. When refunds of all that was captured are asked for,
    /// the order moves to `REFUND_PENDING`.
    ///
    /// # Errors
    /// [`NotRefundable`].
    pub fn request_refund(
        &mut self,
        amount: Option<Money>,
        reason: Option<Text>,
        by: ChangedBy,
        fresh: RefundIds,
        now: Timestamp,
    ) -> Result<Refund, NotRefundable> {
        let now = self.order_change.order().change_time(now);
        let transaction = &mut self.transaction;
        if transaction.facts.capture().is_none() || transaction.status() == PaymentStatus::Refunded {
            return Err(NotRefundable::State);
        }
        let left = transaction.refundable_amount();
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
            check_at: Some(now.saturating_add(OPERATION_GRACE)),
            checks: 0,
        };
        transaction.refunds.push(refund.clone());
        transaction.updated_at = transaction.updated_at.max(now);
        let everything = transaction.unreturned_amount().is_zero() && !transaction.facts.is_surplus();
        if everything && self.order_change.order().allows_transition(OrderStatus::RefundPending, by.actor) {
            // Allowed a line above, so it cannot be refused.
            let _ = self.order_change.transition(OrderStatus::RefundPending, by, reason, now);
        }
        Ok(refund)
    }
}

impl Transaction {
    fn begin_operation(&mut self, asked: PendingOperation, now: Timestamp) {
        self.pending_operation = Some(asked);
        self.check_at = Some(now.saturating_add(OPERATION_GRACE));
        self.checks = 0;
        self.updated_at = self.updated_at.max(now);
    }
}
