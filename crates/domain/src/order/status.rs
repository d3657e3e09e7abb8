//! The ten statuses of an order and the table of transitions between them.

use crate::Actor::{self, Customer, Gateway, Operator, Service, System};

use OrderStatus::{
    Cancelled, Closed, Completed, Delivered, Paid, Pending, Processing, RefundPending, Refunded, Shipped,
};

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// Placed with its stock taken, and not paid yet.
    Pending,
    /// The whole amount was captured. A person only returns an order to it, from a refund that failed.
    Paid,
    /// An operator prepares the goods for shipping.
    Processing,
    /// The goods have left the shop; stock is not returned from here on.
    Shipped,
    /// The goods have reached the customer.
    Delivered,
    /// The customer confirmed, or the time for objections has passed.
    Completed,
    /// Cancelled by customer, operator or service before it was paid.
    Cancelled,
    /// A refund of everything was requested and has no result yet.
    RefundPending,
    /// Everything that was captured was returned.
    Refunded,
    /// The final status, set by a sweep: no transition leaves it.
    Closed,
}

/// Every allowed transition and its actors. The rule, `allowedTransitions`, the documentation and the tests
/// all read this table.
///
/// From `RefundPending` an operator or a service returns only to the status that the order came from: see
/// [`Order::allows_transition`](crate::Order::allows_transition).
#[rustfmt::skip]
pub const TRANSITIONS: &[(OrderStatus, OrderStatus, &[Actor])] = &[
    // Only the gateway makes a pending order paid: no person can claim that money has arrived.
    (Pending,       Paid,          &[Gateway]),
    (Pending,       Cancelled,     &[Customer, Operator, Service]),
    (Pending,       Closed,        &[System]),
    (Paid,          Processing,    &[Operator, Service]),
    (Paid,          RefundPending, &[Customer, Operator, Gateway, Service]),
    (Processing,    Shipped,       &[Operator, Service]),
    (Processing,    RefundPending, &[Customer, Operator, Gateway, Service]),
    (Shipped,       Delivered,     &[Operator, Service]),
    (Shipped,       RefundPending, &[Operator, Gateway, Service]),
    (Delivered,     Completed,     &[Customer, Operator, System, Service]),
    (Delivered,     RefundPending, &[Customer, Operator, Gateway, Service]),
    (Completed,     RefundPending, &[Operator, Gateway, Service]),
    (Completed,     Closed,        &[System]),
    (RefundPending, Refunded,      &[Gateway]),
    (RefundPending, Paid,          &[Operator, Service]),
    (RefundPending, Processing,    &[Operator, Service]),
    (RefundPending, Shipped,       &[Operator, Service]),
    (RefundPending, Delivered,     &[Operator, Service]),
    (RefundPending, Completed,     &[Operator, Service]),
    (Refunded,      Closed,        &[System]),
    // A refund may fail days after it succeeded, which is normal with cards; then the money has to be
    // refunded again.
    (Refunded,      RefundPending, &[Gateway]),
    (Cancelled,     Closed,        &[System]),
];

/// The most history entries that an order which was never paid can have: `PENDING`, `CANCELLED`, `CLOSED`. One that was
/// paid has more when it is closed, so the number tells the two apart.
pub const UNPAID_ENTRIES_MAX: i64 = 3;

impl OrderStatus {
    /// Whether an order in this status, with `entries` entries in its history, was paid at some time.
    #[must_use]
    pub const fn was_paid(self, entries: i64) -> bool {
        match self {
            Pending | Cancelled => false,
            Paid | Processing | Shipped | Delivered | Completed | RefundPending | Refunded => true,
            Closed => entries > UNPAID_ENTRIES_MAX,
        }
    }

    /// Whether the shop still owes its customer goods or money, or the customer the shop, so that neither can do
    /// without the other. The account of the owner is not erased meanwhile.
    #[must_use]
    pub const fn needs_customer(self) -> bool {
        match self {
            Pending | Paid | Processing | Shipped | Delivered | RefundPending => true,
            // The after-sales period of a completed order is a promise of the shop, which the order itself proves.
            Completed | Cancelled | Refunded | Closed => false,
        }
    }

    /// Every status, in the order of an order's life.
    pub const ALL: [Self; 10] = [
        Pending,
        Paid,
        Processing,
        Shipped,
        Delivered,
        Completed,
        Cancelled,
        RefundPending,
        Refunded,
        Closed,
    ];

    /// Whether the table allows `actor` to move an order from this status to `to`.
    #[must_use]
    pub fn allows_transition(self, to: Self, actor: Actor) -> bool {
        TRANSITIONS.iter().any(|(from, into, actors)| *from == self && *into == to && actors.contains(&actor))
    }

    /// Whether the goods have not left yet, so that their stock can be returned.
    #[must_use]
    pub const fn is_before_shipping(self) -> bool {
        matches!(self, Pending | Paid | Processing)
    }

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Pending => "PENDING",
            Paid => "PAID",
            Processing => "PROCESSING",
            Shipped => "SHIPPED",
            Delivered => "DELIVERED",
            Completed => "COMPLETED",
            Cancelled => "CANCELLED",
            RefundPending => "REFUND_PENDING",
            Refunded => "REFUNDED",
            Closed => "CLOSED",
        }
    }

    /// Parses the name from the database or a request; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}
