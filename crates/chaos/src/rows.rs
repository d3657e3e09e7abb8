//! The rows of the record that a judgement needs, read with the database's own client and not through the service.

use std::collections::BTreeMap;

use crate::ChaosError;

/// The reads, in this order. Every line of the answer has the columns of its statement, separated by tabs.
pub(crate) const STATEMENTS: [&str; 6] = [
    "SELECT 'user', username FROM user",
    "SELECT 'order', o.orderNumber, u.username, o.status FROM orders o JOIN user u ON u.id = o.userId",
    "SELECT 'payment', p.transaction_id, o.orderNumber, p.status FROM payment_transactions p JOIN orders o ON o.id = p.order_key",
    "SELECT 'refund', r.refund_id, p.transaction_id FROM refunds r JOIN payment_transactions p ON p.id = r.transaction_key WHERE r.actor = 'OPERATOR'",
    "SELECT 'event', event_id FROM payment_events",
    "SELECT 'feed', event_id, sequence FROM feed_events WHERE sequence IS NOT NULL",
];

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The name of the customer.
    pub owner: String,
    /// The status of the order, such as `PAID`.
    pub status: String,
}

/// A payment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRow {
    /// The number of its order.
    pub order: String,
    /// The status of the payment, such as `CAPTURED`.
    pub status: String,
}

/// A refund that an operator asked for, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRow {
    /// The id of its payment.
    pub payment: String,
}

/// Everything that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The number of accounts with each name.
    pub users: BTreeMap<String, usize>,
    /// Orders by number.
    pub orders: BTreeMap<String, OrderRow>,
    /// Payments by public id.
    pub payments: BTreeMap<String, PaymentRow>,
    /// Refunds by public id.
    pub refunds: BTreeMap<String, RefundRow>,
    /// The number of stored events with each id.
    pub events: BTreeMap<String, usize>,
    /// The numbers of the feed by the id of the event.
    pub feed: BTreeMap<String, u64>,
}

impl Rows {
    /// Parses what the database's client prints for the statements.
    ///
    /// # Errors
    /// When a line is none of a statement.
    pub fn parse(printed: &str) -> Result<Self, ChaosError> {
        let mut rows = Self::default();
        for line in printed.lines() {
            let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
            match columns.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["user", name] => count_up(&mut rows.users, name),
                ["event", id] => count_up(&mut rows.events, id),
                ["feed", id, sequence] => {
                    rows.feed.insert((*id).to_owned(), sequence.parse()?);
                }
                ["order", number, owner, status] => {
                    let row = OrderRow { owner: (*owner).to_owned(), status: (*status).to_owned() };
                    rows.orders.insert((*number).to_owned(), row);
                }
                ["payment", id, order, status] => {
                    let row = PaymentRow { order: (*order).to_owned(), status: (*status).to_owned() };
                    rows.payments.insert((*id).to_owned(), row);
                }
                ["refund", id, payment] => {
                    rows.refunds.insert((*id).to_owned(), RefundRow { payment: (*payment).to_owned() });
                }
                _ => return Err(format!("a row that was not asked for: {line}").into()),
            }
        }
        Ok(rows)
    }
}

fn count_up(counts: &mut BTreeMap<String, usize>, name: &str) {
    let count = counts.entry(name.to_owned()).or_default();
    *count = count.saturating_add(1);
}
