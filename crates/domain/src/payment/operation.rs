//! Operations that an operator may request of a transaction. Each request is committed before the gateway is
//! called.
//!
//! So a process that dies between commit and call loses nothing: the pending operation and its `check_at` are
//! stored, and a sweep looks the operation up at the gateway. The public id is the gateway's idempotency key,
//! so a second call within the lifetime of the key has no second effect.

use std::time::Duration;

use crate::{ChangedBy, FindingKind, Money, RefundId, Timestamp, order::OrderStatus};

use super::{
    PaymentRequestKind, PaymentStatus, PendingOperation, Refund, RefundFacts, RefundRequest, RefundScope,
    RefundStatus, Transaction, TransactionChange, change::RefundIds, returns::plan_return,
};

/// The time that the requesting process has to finish its call before a sweep looks the operation up.
// Too short, and each slow call is looked up, or even sent again, while it is running; longer, and a client
// of a dead process waits longer for the result.
pub const OPERATION_GRACE: Duration = Duration::from_secs(3);

/// The reason why nothing can be captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCapturable {
    /// There is no authorisation to capture, or it is already being captured or voided.
    #[error("the payment is not an authorisation that can be captured now")]
    State,
    /// The amount is more than the authorised amount.
    #[error("the amount is more than the authorised amount")]
    Exceeds,
}

/// There is no authorisation to void, or it is already being captured or voided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment is not an authorisation that can be voided now")]
pub struct NotVoidable;

/// The reason why nothing can be refunded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRefundable {
    /// Nothing was captured, or nothing of it is left: it is refunded, being refunded, or disputed. Or pieces are named of
    /// an order that is not paid.
    #[error("the payment has no captured money that can be refunded now")]
    State,
    /// The amount is more than the rest of the captured money. Disputed money is not part of the rest.
    #[error("the amount is more than the refundable amount")]
    Exceeds,
    /// More pieces are named than were ordered and are not returned. It holds the positions in the request.
    #[error("more pieces are named than the order can return")]
    TooManyPieces(Vec<usize>),
}

impl Transaction {
    /// Whether the gateway still has to report a result: of the payment itself or of a pending operation.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pending_operation.is_some() || self.status() == PaymentStatus::Pending
    }
}

impl TransactionChange {
    /// Requests a capture of `amount`, or of everything if it is `None`. Returns the amount.
    ///
    /// # Errors
    /// [`NotCapturable`] says why; nothing has changed then.
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
        // A pending order only: money captured for a cancelled one would have to be refunded at once.
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

    /// Requests a void of the authorisation.
    ///
    /// # Errors
    /// [`NotVoidable`] when the payment is in another state; nothing has changed then.
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

    /// Ends a capture or a void that the gateway has not done and that is not sent again: the payment is
    /// `AUTHORIZED` as before, with a finding. The void of a cancelled or closed order is requested once
    /// more, as a new request. No effect if another operation is pending, or none.
    pub fn release_operation(&mut self, pending: PendingOperation, now: Timestamp) {
        self.end_operation(
            pending,
            "The gateway did not do a requested capture or void, and it is not sent again: the lifetime of its \
             idempotency key, or for a capture the order, has ended. The payment is AUTHORIZED again; repeat the request if \
             it is still needed.",
            now,
        );
    }

    /// Ends a capture or a void that the gateway has refused while it holds the money as before: the payment is
    /// `AUTHORIZED`, with a finding, so that the request can be corrected. The void of a cancelled or closed order
    /// stays until it lapses: nothing else can become of that authorisation, and the same request at once would be
    /// refused alike. No effect if another operation is pending, or none.
    pub fn refuse_operation(&mut self, pending: PendingOperation, now: Timestamp) {
        let stays = pending == PendingOperation::Void && self.order_change.order().is_cancelled_or_closed();
        if !stays {
            self.end_operation(
                pending,
                "The gateway refused a requested capture or void; the attempts of the payment say why. The \
                 payment is AUTHORIZED as before; correct the request and repeat it if it is still needed.",
                now,
            );
        }
    }

    fn end_operation(&mut self, pending: PendingOperation, detail: &'static str, now: Timestamp) {
        if self.transaction.pending_operation != Some(pending) {
            return;
        }
        let at = self.order_change.order().change_time(now);
        self.transaction.pending_operation = None;
        self.transaction.updated_at = self.transaction.updated_at.max(at);
        self.add_flag(FindingKind::Reconciliation, detail);
        self.follow_order_status(now);
    }

    /// Ends a refund whose request the gateway refused, or has not done within the lifetime of its key: the refund
    /// is `FAILED`, with a finding, until the gateway reports that it was made. Such a report counts whenever the
    /// refund was made. No effect if the refund has a result, or there is none of this id.
    pub fn fail_refund_request(&mut self, id: &RefundId, now: Timestamp) {
        let at = self.order_change.order().change_time(now);
        let transaction = &mut self.transaction;
        let is_open = |it: &&mut Refund| it.id == *id && it.status() == RefundStatus::Pending;
        let Some(refund) = transaction.refunds.iter_mut().find(is_open) else { return };
        refund.withdraw();
        transaction.updated_at = transaction.updated_at.max(at);
        self.flag_failed_refund();
    }

    /// Requests a refund. When the refunds cover everything that was captured for the order, it moves to
    /// `REFUND_PENDING`.
    /// Pieces that are to be restocked go back into stock in the commit of the request (ADR 0029).
    ///
    /// # Errors
    /// [`NotRefundable`] says why; nothing has changed then.
    pub fn request_refund(
        &mut self,
        request: RefundRequest,
        by: ChangedBy,
        fresh: RefundIds,
        now: Timestamp,
    ) -> Result<Refund, NotRefundable> {
        let now = self.order_change.order().change_time(now);
        let pays_order = self.returns_concern_order();
        let transaction = &mut self.transaction;
        if transaction.facts.capture().is_none() || transaction.status() == PaymentStatus::Refunded {
            return Err(NotRefundable::State);
        }
        // Pending refunds count as refunded. Otherwise two requests, each for the whole amount, would both be
        // accepted before the gateway answers the first.
        let left = transaction.refundable_amount();
        let RefundRequest { scope, reason, metadata } = request;
        let (amount, items) = match scope {
            RefundScope::Rest if left.is_zero() => return Err(NotRefundable::State),
            RefundScope::Rest => (left, Vec::new()),
            RefundScope::Amount(amount) => (amount, Vec::new()),
            // Its pieces were paid for by another payment, or by none.
            RefundScope::Pieces { .. } if !pays_order => return Err(NotRefundable::State),
            // A part of its amount was captured, and nothing was sent. It may still be paid in full, for all its pieces.
            RefundScope::Pieces { .. } if self.order_change.order().status == OrderStatus::Pending => {
                return Err(NotRefundable::State);
            }
            RefundScope::Pieces { pieces, other_refunds } => {
                let refunds: Vec<_> = transaction.refunds.iter().chain(&other_refunds).collect();
                plan_return(self.order_change.order(), &refunds, &pieces)?
            }
        };
        if amount.exceeds(left) {
            return Err(NotRefundable::Exceeds);
        }
        // Lines of an adopted order may cost nothing, and no gateway pays back nothing.
        if amount.is_zero() {
            return Err(NotRefundable::State);
        }
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
            items,
            metadata,
        };
        transaction.refunds.push(refund.clone());
        transaction.updated_at = transaction.updated_at.max(now);
        // Now and not when the gateway confirms: the pieces are on the shelf, whatever becomes of the money.
        for item in &refund.items {
            self.order_change.restock(usize::try_from(item.line).unwrap_or(usize::MAX), item.restocked);
        }
        let everything = self.transaction.unreturned_amount().is_zero() && self.returns_concern_order();
        if everything && self.order_change.order().allows_transition(OrderStatus::RefundPending, by.actor) {
            // The result may be dropped: the move was checked a line above.
            let _ = self.order_change.transition(OrderStatus::RefundPending, by, reason, now);
        }
        self.order_change.forbid_refund_rejection(now);
        Ok(refund)
    }
}

impl Transaction {
    fn begin_operation(&mut self, operation: PendingOperation, now: Timestamp) {
        self.pending_operation = Some(operation);
        self.check_at = Some(now.saturating_add(OPERATION_GRACE));
        self.checks = 0;
        self.updated_at = self.updated_at.max(now);
    }
}
