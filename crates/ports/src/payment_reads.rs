//! What reads of payments are asked for and bring.

use crate::UnreadableRow;
use domain::{
    EventKey, GatewayName, Order, OrderNumber, Timestamp, Transaction, TransactionId,
    payment::{EventTarget, StoredEvent},
};

/// What happened to a payment, to list payments by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentMoment {
    /// It was requested, by this service's clock.
    Requested,
    /// Its money was captured, by the gateway's clock.
    Captured,
    /// A refund of it succeeded, by the gateway's clock.
    Refunded,
}

/// A page of the payments of one gateway to which something happened within a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPeriod {
    /// The gateway of the payments.
    pub gateway: GatewayName,
    /// What must have happened within the period.
    pub moment: PaymentMoment,
    /// The first time of the period.
    pub from: Timestamp,
    /// The first time after the period.
    pub until: Timestamp,
    /// The last element of the page before; `None` for the first page.
    pub after: Option<DatedPayment>,
    /// Page size, from 1.
    pub limit: u32,
}

/// A payment with the time of what happened to it; it is also the cursor of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedPayment {
    /// The public id of the transaction.
    pub id: TransactionId,
    /// When it happened.
    pub at: Timestamp,
    /// The key of the row that has the time: the transaction, or its refund.
    pub row: i64,
}

/// The place of an event in a list by `received_at` and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// When the event was received, by this service's clock.
    pub at: Timestamp,
    /// The row key of the event.
    pub key: EventKey,
}

/// A part of the `OVERDUE` events, and what of it can be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueStretch {
    /// The events whose transaction exists by now, oldest first.
    pub applicable: Vec<Result<StoredEvent, UnreadableRow>>,
    /// The last event that was looked at; `None` if none come after it.
    pub next: Option<EventPosition>,
}

/// The public name under which the payments of an order are looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKey {
    /// The number of the order.
    Order(OrderNumber),
    /// The id of one of its transactions.
    Transaction(TransactionId),
}

/// An order with everything that decisions about its money rest on, as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCase {
    /// The order; its revision guards everything else here.
    pub order: Order,
    /// All its transactions, oldest first.
    pub transactions: Vec<Transaction>,
    /// The readable events that wait (`WAITING`, `PARKED` or `OVERDUE`) for one of the transactions, by
    /// `received_at` and row, oldest first.
    pub waiting: Vec<StoredEvent>,
}

impl PaymentCase {
    /// Whether it can be looked up under that key.
    #[must_use]
    pub fn has_key(&self, key: &CaseKey) -> bool {
        match key {
            CaseKey::Order(number) => self.order.number == *number,
            CaseKey::Transaction(id) => self.transactions.iter().any(|it| it.id == *id),
        }
    }
}

/// Whether an event of that gateway is about the transaction: it names the transaction, or one of its references.
#[must_use]
pub fn is_event_about(event: &StoredEvent, transaction: &Transaction) -> bool {
    let is_named = match &event.target {
        Some(EventTarget::Transaction(id)) => *id == transaction.id,
        Some(EventTarget::Reference(named)) => transaction.references.iter().any(|it| it.name() == *named),
        None => false,
    };
    is_named && event.gateway == transaction.gateway
}
