//! Orders and their history.

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
    /// Which product.
    pub product_id: String,
    /// What it was called.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, in major units.
    #[schema(example = "9.99")]
    pub price: String,
    /// Price times quantity.
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
            // An order with a subtotal that money cannot be was never placed.
            subtotal: it.subtotal().unwrap_or(it.price).to_string(),
        }
    }
}

/// An order, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// Public number.
    pub order_number: String,
    /// Where it stands.
    #[schema(example = "PENDING")]
    pub status: &'static str,
    /// Grows with every change that can be seen; the `ETag`.
    pub version: i64,
    /// What was bought.
    pub items: Vec<ItemView>,
    /// What all of it costs, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Where this caller may move it.
    #[schema(example = json!(["CANCELLED"]))]
    pub allowed_transitions: Vec<&'static str>,
    /// When it was placed.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed. It never goes backwards.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it closes unless it is paid; null when it is not waiting for money.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
}

impl OrderView {
    /// An order as that kind of actor sees it.
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
            expires_at: (it.status == OrderStatus::Pending).then(|| timestamp_text(it.expires_at)),
        }
    }
}

/// Who changed something.
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

/// One change of status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// Its place in the order's path: 1, 2, 3 and so on. That is the order of things; times may be the same.
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// Where the order stood; null when it was placed.
    #[schema(required)]
    pub from_status: Option<&'static str>,
    /// Where it stood then.
    pub to_status: &'static str,
    /// Who did it.
    pub changed_by: ChangedByView,
    /// Why, if anybody said.
    #[schema(required)]
    pub reason: Option<String>,
    /// When; never before the one that it follows.
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
