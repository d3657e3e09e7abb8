//! The ten statuses of an order and the one table of moves between them.

use crate::Actor::{self, Customer, Gateway, Operator, System};

use OrderStatus::{
    Cancelled, Closed, Completed, Delivered, Paid, Pending, Processing, RefundPending, Refunded, Shipped,
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// Placed, stock reserved, not paid.
    Pending,
    /// All of its amount is captured.
    Paid,
    /// Being made ready.
    Processing,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// The customer is content.
    Completed,
    /// Called off before it was paid.
    Cancelled,
    /// A refund of everything is asked for.
    RefundPending,
    /// Everything captured was given back.
    Refunded,
    /// Nothing more will happen.
    Closed,
}

/// Every allowed move and who makes it. The rule, `allowedTransitions`, the documentation and the tests all read it.
///
/// From `RefundPending` an operator goes back only to the status that the order came from: see
/// [`Order::allows_transition`](crate::Order::allows_transition).
#[rustfmt::skip]
pub const TRANSITIONS: &[(OrderStatus, OrderStatus, &[Actor])] = &[
    (Pending,       Paid,          &[Gateway]),
    (Pending,       Cancelled,     &[Customer, Operator]),
    (Pending,       Closed,        &[System]),
    (Paid,          Processing,    &[Operator]),
    (Paid,          RefundPending, &[Customer, Operator, Gateway]),
    (Processing,    Shipped,       &[Operator]),
    (Processing,    RefundPending, &[Customer, Operator, Gateway]),
    (Shipped,       Delivered,     &[Operator]),
    (Shipped,       RefundPending, &[Operator, Gateway]),
    (Delivered,     Completed,     &[Customer, Operator, System]),
    (Delivered,     RefundPending, &[Customer, Operator, Gateway]),
    (Completed,     RefundPending, &[Operator, Gateway]),
    (Completed,     Closed,        &[System]),
    (RefundPending, Refunded,      &[Gateway]),
    (RefundPending, Paid,          &[Operator]),
    (RefundPending, Processing,    &[Operator]),
    (RefundPending, Shipped,       &[Operator]),
    (RefundPending, Delivered,     &[Operator]),
    (RefundPending, Completed,     &[Operator]),
    (Refunded,      Closed,        &[System]),
    (Refunded,      RefundPending, &[Gateway]),
    (Cancelled,     Closed,        &[System]),
];

impl OrderStatus {
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

    /// Whether the table has the move from this status to `to` for `actor`.
    #[must_use]
    pub fn allows_transition(self, to: Self, actor: Actor) -> bool {
        TRANSITIONS.iter().any(|(from, into, actors)| *from == self && *into == to && actors.contains(&actor))
    }

    /// Whether goods have not left yet, so that their stock can be given back.
    #[must_use]
    pub const fn is_before_shipping(self) -> bool {
        matches!(self, Pending | Paid | Processing)
    }

    /// The name in the record and in JSON.
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

    /// Reads the name of the record or of a request.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}
