//! Views of orders and their history.

use std::collections::BTreeMap;

use domain::{
    Actor, Order, User,
    order::{Address, Contact, OrderLine, OrderStatus, StoredHistoryEntry, Tracking},
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

/// The person or company to ask about an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactView {
    /// Name of the person or company; null if it is not known.
    #[schema(required, example = "Ada Lovelace")]
    pub name: Option<String>,
    /// E-mail address, which need not be that of the account; null if it is not known.
    #[schema(required, example = "ada@example.com")]
    pub email: Option<String>,
    /// Phone number as it was sent; null if it is not known.
    #[schema(required, example = "+49 30 1234567")]
    pub phone: Option<String>,
}

impl From<&Contact> for ContactView {
    fn from(it: &Contact) -> Self {
        Self {
            name: it.name.as_ref().map(|it| it.as_str().to_owned()),
            email: it.email.as_ref().map(|it| it.as_str().to_owned()),
            phone: it.phone.as_ref().map(|it| it.as_str().to_owned()),
        }
    }
}

/// Where the goods of an order go.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressView {
    /// Lines before city and country, the most exact one first.
    #[schema(min_items = 1, max_items = 4, example = json!(["Unter den Linden 1"]))]
    pub lines: Vec<String>,
    /// City; null if there is none.
    #[schema(required, example = "Berlin")]
    pub city: Option<String>,
    /// State, province or prefecture; null if there is none.
    #[schema(required)]
    pub region: Option<String>,
    /// Postal code; null if there is none.
    #[schema(required, example = "10117")]
    pub postal_code: Option<String>,
    /// Country code of ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
}

impl From<&Address> for AddressView {
    fn from(it: &Address) -> Self {
        Self {
            lines: it.lines.iter().map(|it| it.as_str().to_owned()).collect(),
            city: it.city.as_ref().map(|it| it.as_str().to_owned()),
            region: it.region.as_ref().map(|it| it.as_str().to_owned()),
            postal_code: it.postal_code.as_ref().map(|it| it.as_str().to_owned()),
            country: it.country.as_str().to_owned(),
        }
    }
}

/// The parcel of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrackingView {
    /// Company that carries the parcel; null if it is not known.
    #[schema(required, example = "DHL")]
    pub carrier: Option<String>,
    /// The carrier's number of the parcel; null if there is none.
    #[schema(required, example = "JD014600003828")]
    pub number: Option<String>,
    /// Page that shows where the parcel is; null if there is none.
    #[schema(required, example = "https://track.example/JD014600003828")]
    pub url: Option<String>,
}

impl From<&Tracking> for TrackingView {
    fn from(it: &Tracking) -> Self {
        Self {
            carrier: it.carrier.as_ref().map(|it| it.as_str().to_owned()),
            number: it.number.as_ref().map(|it| it.as_str().to_owned()),
            url: it.url.as_ref().map(|it| it.as_str().to_owned()),
        }
    }
}

/// The user who placed an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerView {
    /// The user's public id.
    pub id: String,
    /// Name of the account.
    pub username: String,
    /// E-mail address of the account.
    pub email: String,
}

impl From<&User> for CustomerView {
    fn from(it: &User) -> Self {
        Self {
            id: it.id.to_string(),
            username: it.username.as_str().to_owned(),
            email: it.email.as_str().to_owned(),
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
    /// The caller's own name of the order; null if it has none.
    #[schema(required, example = "PO-2026-77")]
    pub reference: Option<String>,
    /// Pairs of the caller's own, as they were sent; empty if there are none.
    #[schema(example = json!({"channel": "web"}))]
    pub metadata: BTreeMap<String, String>,
    /// The person or company to ask about the order; null if nothing of it is known.
    #[schema(required)]
    pub contact: Option<ContactView>,
    /// Where the goods go; null if it is not known.
    #[schema(required)]
    pub shipping_address: Option<AddressView>,
    /// The parcel; null before the order is shipped, or if nothing of it is known.
    #[schema(required)]
    pub tracking: Option<TrackingView>,
    /// Time at which the order was placed, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change, RFC 3339 in UTC. It never goes backwards.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Time at which the order closes unless it is paid; null when it is not waiting for money.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
    /// The user whose order it is. Only operators and services see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer: Option<CustomerView>,
}

impl OrderView {
    /// An order as an actor of this kind sees it; the allowed transitions depend on it. An operator or a service sees the
    /// customer, too: see [`with_customer`](Self::with_customer).
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
            reference: it.details.reference.as_ref().map(|it| it.as_str().to_owned()),
            metadata: it.details.metadata.pairs().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            contact: it.details.contact.as_ref().map(ContactView::from),
            shipping_address: it.details.shipping_address.as_ref().map(AddressView::from),
            tracking: it.details.tracking.as_ref().map(TrackingView::from),
            created_at: timestamp_text(it.created_at),
            updated_at: timestamp_text(it.updated_at),
            // The time stays stored after the payment, but it no longer means anything to a client.
            expires_at: (it.status == OrderStatus::Pending).then(|| timestamp_text(it.expires_at)),
            customer: None,
        }
    }

    /// The same, with the user whose it is: for operators and services only.
    #[must_use]
    pub fn with_customer(self, customer: Option<&User>) -> Self {
        Self { customer: customer.map(CustomerView::from), ..self }
    }
}

/// The author of a change: the kind of actor, and the user or API key behind it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedByView {
    /// `CUSTOMER`, `OPERATOR`, `GATEWAY`, `SYSTEM`, or `SERVICE` for an API key.
    #[serde(rename = "type")]
    pub actor: &'static str,
    /// The public id of the user, or for a `SERVICE` of the API key; null for the gateway and the system.
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
                id: it.author.as_ref().map(ToString::to_string),
            },
            reason: entry.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: timestamp_text(entry.at),
        }
    }
}
