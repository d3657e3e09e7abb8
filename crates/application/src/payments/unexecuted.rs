//! Requests that the gateway did not do, and what becomes of them.

use domain::{
    EventId, FindingKind, RefundId, Timestamp, Transaction,
    payment::{
        EventKind, EventReferences, EventTarget, Flag, PaymentDetails, PaymentEvent, PaymentStatus,
        PendingOperation, RefundStatus, ReportedAmount, TransactionChange,
    },
};

/// A request that was not done and is not sent again: the gateway refused it, may have forgotten its idempotency key, or
/// the order has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnexecutedRequest {
    /// The payment itself: the gateway does not know it.
    Payment,
    /// A capture or a void: the gateway reports only the authorisation, or does not know the payment.
    Operation(PendingOperation),
    /// A capture or a void that the gateway refused for good, while it holds the money as before.
    RefusedOperation(PendingOperation),
    /// A refund: the gateway refused it, or does not know it.
    Refund(RefundId),
}

impl UnexecutedRequest {
    /// Whether the request still has no result. A notice may have brought one since the lookup.
    pub(crate) fn is_open(&self, transaction: &Transaction) -> bool {
        match self {
            Self::Payment => transaction.status() == PaymentStatus::Pending,
            Self::Operation(operation) | Self::RefusedOperation(operation) => {
                transaction.pending_operation == Some(*operation)
            }
            Self::Refund(id) => {
                transaction.refunds.iter().any(|it| it.id == *id && it.status() == RefundStatus::Pending)
            }
        }
    }

    /// Returns the event that an unexecuted payment stands for: it failed. A later event of the gateway is still
    /// applied. `None` for the others, which [`end_in`](Self::end_in) ends.
    pub(crate) fn event(&self, transaction: &Transaction, now: Timestamp) -> Option<PaymentEvent> {
        let is_payment = match self {
            Self::Payment => true,
            Self::Operation(_) | Self::RefusedOperation(_) | Self::Refund(_) => false,
        };
        is_payment.then(|| PaymentEvent {
            id: EventId::new(format!("lapsed-{}", transaction.id)),
            kind: EventKind::Failed,
            target: EventTarget::Transaction(transaction.id.clone()),
            order: Some(transaction.order_number.clone()),
            reported: ReportedAmount::from(transaction.amount),
            refund: None,
            dispute: None,
            references: EventReferences::default(),
            details: PaymentDetails {
                failure_reason: Some("the gateway does not know this payment".to_owned()),
                ..PaymentDetails::default()
            },
            at: now,
        })
    }

    /// Ends a capture, a void or a refund. No effect for a payment, which its event ends.
    pub(crate) fn end_in(&self, case: &mut TransactionChange, now: Timestamp) {
        match self {
            Self::Operation(operation) => case.release_operation(*operation, now),
            Self::RefusedOperation(operation) => case.refuse_operation(*operation, now),
            Self::Refund(id) => case.fail_refund_request(id, now),
            Self::Payment => {}
        }
    }

    /// Returns the finding about an unexecuted payment. `None` for the others: the domain raises a finding for a
    /// failed refund and for a released operation.
    pub(crate) fn flag(&self) -> Option<Flag> {
        let detail = "The gateway does not know this payment. The charge is not sent again, because the lifetime of \
                      its idempotency key or the order has ended, and the payment is FAILED.";
        let flag = Flag { kind: FindingKind::Reconciliation, detail, event: None };
        matches!(self, Self::Payment).then_some(flag)
    }
}
