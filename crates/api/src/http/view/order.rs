//! Views of orders and their history.

use domain::{
    Actor, Order,
    order::{OrderLine, OrderStatus, StoredHistoryEntry},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// One product of an order, as it was when the order was placed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    /// The operator's id of the product.
    pub product_id: String,
    /// Name of the product at that time.
    pub name: String,
    /// Number of pieces that were ordered.
    pub quantity: u32,
    /// Price of one piece at that time, in major units.
    #[schema(example = "9.99")]
    pub price: String,
    /// Price times quantity, in major units.
    #[schema(example = "19.98")]
    pub subtotal: String,
}

impl From<&OrderLine> for ItemView {
    fn from(it: &OrderLine) -> Self {
        Self {
            product_id: it.product.to_string(),
            name: it.name.as_str().to_owned(),
            quantity: it.quantity,
            price: it.price.to_string(),
            // Cannot fail: placing checks that every subtotal is an amount. The view falls back instead of
            // failing, so that one odd row does not hide a whole page of orders.
            subtotal: it.subtotal().unwrap_or(it.price).to_string(),
        }
    }
}

/// An order, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// Public number of the order, as in its path.
    pub order_number: String,
    /// Present status of the order.
    #[schema(example = "PENDING")]
    pub status: &'static str,
    /// Version of the order, which grows with every visible change; also its `ETag`.
    pub version: i64,
    /// The lines of the order, one for each product.
    pub items: Vec<ItemView>,
    /// Sum of the subtotals, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// ISO 4217 code of all amounts of the order.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Statuses that this caller may move the order to now.
    #[schema(example = json!(["CANCELLED"]))]
    pub allowed_transitions: Vec<&'static str>,
    /// Time at which the order was placed, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change, RFC 3339 in UTC. It never goes backwards.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Time at which the order closes unless it is paid; null when it is not waiting for money.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
}

impl OrderView {
    /// An order as an actor of this kind sees it; only the allowed transitions depend on it.
    #[must_use]
    pub fn for_actor(it: &Order, actor: Actor) -> Self {
        Self {
            order_number: it.number.to_string(),
            status: it.status.as_str(),
            version: it.version.get(),
            items: it.items.iter().map(ItemView::from).collect(),
            amount: it.amount.to_string(),
            currency: it.amount.currency().code(),
            allowed_transitions: it.allowed_transitions(actor).into_iter().map(OrderStatus::as_str).collect(),
            created_at: timestamp_text(it.created_at),
            updated_at: timestamp_text(it.updated_at),
            // The time stays stored after the payment, but it no longer means anything to a client.
            expires_at: (it.status == OrderStatus::Pending).then(|| timestamp_text(it.expires_at)),
        }
    }
}

/// The author of a change: the kind of actor, and the user if it was one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedByView {
    /// `CUSTOMER`, `OPERATOR`, `GATEWAY` or `SYSTEM`.
    #[serde(rename = "type")]
    pub actor: &'static str,
    /// The user's public id; null for the gateway and the system.
    #[schema(required)]
    pub id: Option<String>,
}

/// One change of an order's status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// Position in the order's history: 1, 2, 3 and so on. Sort by it; several entries may have the same
    /// time.
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// Status before the change; null for the entry of the placing.
    #[schema(required)]
    pub from_status: Option<&'static str>,
    /// Status of the order after the change.
    pub to_status: &'static str,
    /// The actor who changed the status.
    pub changed_by: ChangedByView,
    /// Reason for the change; null if none was given.
    #[schema(required)]
    pub reason: Option<String>,
    /// Time of the change, RFC 3339 in UTC; never before that of the previous entry.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&StoredHistoryEntry> for HistoryView {
    fn from(it: &StoredHistoryEntry) -> Self {
        let entry = &it.entry;
        Self {
            sequence: entry.sequence.get(),
            from_status: entry.from.map(OrderStatus::as_str),
            to_status: entry.to.as_str(),
            changed_by: ChangedByView {
                actor: entry.by.actor.as_str(),
                id: it.user.as_ref().map(ToString::to_string),
            },
            reason: entry.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: timestamp_text(entry.at),
        }
    }
}
