//! What requests and answers about orders hold.

use std::collections::BTreeMap;

use domain::{Actor, Currency, Invalid, Money, order::OrderStatus};
use serde::{Deserialize, Serialize};

use crate::Word;

/// An order to place: the service prices it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// The lines, 1 to 100. Lines for the same product are merged.
    pub items: Vec<PlaceItem>,
    /// Id of the customer; required with an API key, and refused otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The caller's own name of the order, 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Pairs of the caller's own: up to 50 keys of 40 characters, values of 500.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The person or company to ask about the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Where the goods go; `None`: not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
}

/// A line of an order to place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceItem {
    /// The operator's id of the product.
    pub product_id: String,
    /// Number of pieces, 1 to 9999.
    pub quantity: u32,
    /// Price of one piece that the buyer saw, in major units: with another one in the catalogue nothing is ordered. `None`:
    /// at the catalogue's price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

impl PlaceItem {
    /// A line at the catalogue's price.
    #[must_use]
    pub fn new(product_id: &str, quantity: u32) -> Self {
        Self { product_id: product_id.to_owned(), quantity, price: None }
    }
}

/// The person or company to ask about an order; a member that is `None` is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Full name, 1 to 200 characters.
    pub name: Option<String>,
    /// E-mail address, kept as it was sent.
    pub email: Option<String>,
    /// Telephone number, kept as it was sent.
    pub phone: Option<String>,
}

/// Where the goods go; a member that is `None` is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Name, street and number, 1 to 4 lines.
    pub lines: Vec<String>,
    /// City or town of the address.
    pub city: Option<String>,
    /// State or province, where addresses have one.
    pub region: Option<String>,
    /// Postal code, where addresses have one.
    pub postal_code: Option<String>,
    /// Code of the country, ISO 3166-1 alpha-2, such as `CN`.
    pub country: String,
}

/// The parcel; a member that is `None` is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// Name of the carrier, as the operator wrote it.
    pub carrier: Option<String>,
    /// The carrier's number of the parcel.
    pub number: Option<String>,
    /// Page that shows where the parcel is.
    pub url: Option<String>,
}

/// A move of an order to another status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Status that the order is to get.
    pub to: Word<OrderStatus>,
    /// Why; it is kept in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The parcel, only for a move to `SHIPPED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

impl Move {
    /// A move without a reason.
    #[must_use]
    pub const fn to(status: OrderStatus) -> Self {
        Self { to: Word::Known(status), reason: None, tracking: None }
    }
}

/// An order, as this caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Order {
    /// Public number of the order.
    pub order_number: String,
    /// Present status of the order.
    pub status: Word<OrderStatus>,
    /// Version, which grows with every visible change: for [`if_version`](crate::Request::if_version).
    pub version: u64,
    /// The lines, one for each product.
    pub items: Vec<Item>,
    /// Sum of the lines, in major units.
    pub amount: String,
    /// ISO 4217 code of all amounts of the order.
    pub currency: String,
    /// Statuses that this caller may move the order to now.
    pub allowed_transitions: Vec<Word<OrderStatus>>,
    /// The caller's own name of the order; `None`: it has none.
    pub reference: Option<String>,
    /// Pairs of the caller's own.
    pub metadata: BTreeMap<String, String>,
    /// The person or company to ask about the order; `None`: not known.
    pub contact: Option<Contact>,
    /// Where the goods go; `None`: not known.
    pub shipping_address: Option<Address>,
    /// The parcel; `None` before the order is shipped.
    pub tracking: Option<Tracking>,
    /// The user whose order it is; only operators and keys see it.
    #[serde(default)]
    pub customer: Option<Customer>,
    /// Time at which the order was placed.
    pub created_at: String,
    /// Time of the last change, which never goes backwards.
    pub updated_at: String,
    /// Time at which the order closes unless it is paid; `None` when it does not wait for money.
    pub expires_at: Option<String>,
}

impl Order {
    /// The amount as a number with its currency.
    ///
    /// # Errors
    /// [`Invalid`] if this version of the client does not know the currency.
    pub fn money(&self) -> Result<Money, Invalid> {
        parse_money(&self.amount, &self.currency)
    }
}

/// One product of an order, as it was when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Item {
    /// The operator's id of the product.
    pub product_id: String,
    /// Name of the product at that time.
    pub name: String,
    /// Number of pieces that were ordered.
    pub quantity: u32,
    /// Price of one piece at that time, in major units.
    pub price: String,
    /// Price times quantity, in major units.
    pub subtotal: String,
}

/// The user whose order it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Customer {
    /// Public id of the user.
    pub id: String,
    /// Name to log in with.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
}

/// The history of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HistoryPage {
    /// All changes of the status, oldest first.
    pub data: Vec<History>,
}

/// One change of an order's status.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct History {
    /// Number within the order, from 1.
    pub sequence: u64,
    /// Status before; `None` when the order was placed.
    pub from_status: Option<Word<OrderStatus>>,
    /// Status after the change.
    pub to_status: Word<OrderStatus>,
    /// The actor, whose change it is.
    pub changed_by: ChangedBy,
    /// Why, as the actor put it; `None`: no reason was given.
    pub reason: Option<String>,
    /// Time of the change; it never goes backwards within an order.
    pub created_at: String,
}

/// The actor of a change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChangedBy {
    /// What kind of actor it is; `SERVICE` is an API key.
    #[serde(rename = "type")]
    pub kind: Word<Actor>,
    /// Id of the user or of the key; `None` for a gateway and the service itself.
    pub id: Option<String>,
}

/// An amount of an answer as money, also in a currency that has been withdrawn since, and also zero.
pub(crate) fn parse_money(amount: &str, currency: &str) -> Result<Money, Invalid> {
    let currency = Currency::parse_historic(currency)?;
    if amount.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return Ok(Money::zero(currency));
    }
    Money::parse_in_currency(amount, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_money_and_so_is_zero() {
        assert_eq!(parse_money("19.98", "CNY").unwrap().minor_units(), 1998);
        assert!(parse_money("0.00", "DEM").unwrap().is_zero());
        assert!(parse_money("1.00", "ABC").is_err());
    }
}
