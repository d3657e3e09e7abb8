//! The types of events, as one table of names and meanings.

use crate::{
    order::OrderStatus,
    payment::{DisputeStatus, PaymentStatus, RefundStatus},
};

/// Generates the enum, the list of all, the names and the sentences of the documentation from one table.
macro_rules! event_types {
    ($($variant:ident = $name:literal, $meaning:literal;)*) => {
        /// The type of an event: what it is about, and what happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FeedEventType {
            $(#[doc = $meaning] $variant,)*
        }

        impl FeedEventType {
            /// Every type, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the database and in JSON: what it is about, a point, and what happened.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// When the event is written, as a sentence of the documentation.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

event_types! {
    OrderPlaced = "order.placed", "An order was placed; its status is `PENDING`.";
    OrderPaid = "order.paid", "The captured money equals the order's amount, or the refund of a paid order was refused.";
    OrderProcessing = "order.processing", "The order is being prepared, or is again after its refund was refused.";
    OrderShipped = "order.shipped", "The goods are on their way.";
    OrderDelivered = "order.delivered", "The goods have arrived.";
    OrderCompleted = "order.completed", "The customer, an operator or the passing of time completed the order.";
    OrderCancelled = "order.cancelled", "The order was cancelled before it was paid.";
    OrderRefundPending = "order.refund_pending", "A refund of the order was requested.";
    OrderRefunded = "order.refunded", "All captured money of the order was refunded.";
    OrderClosed = "order.closed", "The order is over; an unpaid one was not paid in time.";
    OrderUpdated = "order.updated", "The order changed without a change of its status: reference, metadata, contact, address, tracking or allowed transitions.";
    PaymentPending = "payment.pending", "A payment was requested, and there is no result yet.";
    PaymentAuthorized = "payment.authorized", "The money is held.";
    PaymentCaptured = "payment.captured", "The money was captured, or a dispute about it has ended.";
    PaymentFailed = "payment.failed", "The gateway declined the payment, or it expired.";
    PaymentRefunded = "payment.refunded", "The captured amount was returned in full.";
    PaymentDisputed = "payment.disputed", "A dispute about the payment is open.";
    PaymentVoided = "payment.voided", "The authorisation was given up.";
    PaymentUpdated = "payment.updated", "The payment changed without a change of its status, such as its refunded amount.";
    RefundPending = "refund.pending", "A refund was requested, and there is no result yet.";
    RefundSucceeded = "refund.succeeded", "The customer has the money of the refund.";
    RefundFailed = "refund.failed", "The refund failed, or was withdrawn; the shop has its money.";
    DisputeOpened = "dispute.opened", "A cardholder disputes a payment, or a part of it.";
    DisputeWon = "dispute.won", "A dispute was decided for the shop.";
    DisputeLost = "dispute.lost", "A dispute was decided for the cardholder.";
    FindingOpened = "finding.opened", "A finding was created for operators.";
    UserRegistered = "user.registered", "A user registered.";
    UserUpdated = "user.updated", "An account changed: its role, its e-mail address, or whether it is disabled.";
    UserPasswordResetRequested = "user.password-reset-requested", "A password reset was requested. The event does not hold the token.";
    UserSecondFactorEnabled = "user.second-factor-enabled", "From now on a login needs a code of the user's device.";
    UserSecondFactorDisabled = "user.second-factor-disabled", "A login needs no code any more: the user disabled it, or an operator reset it.";
    UserEmailVerified = "user.email-verified", "A token showed that mails to the user's address arrive.";
    UserErased = "user.erased", "An account was erased, and its personal data with it.";
}

impl FeedEventType {
    /// Parses a name from the database or a request; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text)
    }

    /// The event of an order that got this status. `Pending` is the status of a new one.
    #[must_use]
    pub const fn from_order_status(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::OrderPlaced,
            OrderStatus::Paid => Self::OrderPaid,
            OrderStatus::Processing => Self::OrderProcessing,
            OrderStatus::Shipped => Self::OrderShipped,
            OrderStatus::Delivered => Self::OrderDelivered,
            OrderStatus::Completed => Self::OrderCompleted,
            OrderStatus::Cancelled => Self::OrderCancelled,
            OrderStatus::RefundPending => Self::OrderRefundPending,
            OrderStatus::Refunded => Self::OrderRefunded,
            OrderStatus::Closed => Self::OrderClosed,
        }
    }

    /// The event of a payment that got this status.
    #[must_use]
    pub const fn from_payment_status(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Pending => Self::PaymentPending,
            PaymentStatus::Authorized => Self::PaymentAuthorized,
            PaymentStatus::Captured => Self::PaymentCaptured,
            PaymentStatus::Failed => Self::PaymentFailed,
            PaymentStatus::Refunded => Self::PaymentRefunded,
            PaymentStatus::Disputed => Self::PaymentDisputed,
            PaymentStatus::Voided => Self::PaymentVoided,
        }
    }

    /// The event of a refund that got this status.
    #[must_use]
    pub const fn from_refund_status(status: RefundStatus) -> Self {
        match status {
            RefundStatus::Pending => Self::RefundPending,
            RefundStatus::Succeeded => Self::RefundSucceeded,
            RefundStatus::Failed => Self::RefundFailed,
        }
    }

    /// The event of a dispute that got this status.
    #[must_use]
    pub const fn from_dispute_status(status: DisputeStatus) -> Self {
        match status {
            DisputeStatus::Open => Self::DisputeOpened,
            DisputeStatus::Won => Self::DisputeWon,
            DisputeStatus::Lost => Self::DisputeLost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_lower_case_read_back_and_used_once() {
        for (at, it) in FeedEventType::ALL.iter().enumerate() {
            assert_eq!(FeedEventType::parse(it.as_str()), Some(*it), "{it:?} is the first of its name");
            assert_eq!(FeedEventType::ALL.iter().position(|other| other == it), Some(at));
            let allowed = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '_' | '-');
            assert!(it.as_str().chars().all(allowed), "{it:?}");
        }
        assert_eq!(FeedEventType::parse("order.PAID"), None);
    }

    #[test]
    fn the_event_of_a_status_has_its_name() {
        for status in OrderStatus::ALL {
            let name = format!("order.{}", status.as_str().to_lowercase());
            let expected = if status == OrderStatus::Pending { "order.placed".to_owned() } else { name };
            assert_eq!(FeedEventType::from_order_status(status).as_str(), expected);
        }
        for status in PaymentStatus::ALL {
            let name = format!("payment.{}", status.as_str().to_lowercase());
            assert_eq!(FeedEventType::from_payment_status(status).as_str(), name);
        }
        for status in RefundStatus::ALL {
            let name = format!("refund.{}", status.as_str().to_lowercase());
            assert_eq!(FeedEventType::from_refund_status(status).as_str(), name);
        }
    }
}
