//! What requests and answers about payments hold.

use std::collections::BTreeMap;

use domain::{
    Invalid, Money,
    payment::{CaptureMethod, PaymentStatus, RefundStatus},
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::{ChangedBy, Word, orders::parse_money};

/// A payment to start, for the whole amount of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartPayment {
    /// Name of the gateway, such as `sandbox` or `stripe`.
    pub gateway: String,
    /// The gateway's token of the card or account. A card number is refused.
    #[serde(rename = "paymentMethod", serialize_with = "write_token")]
    pub token: String,
    /// Whether an authorisation is captured at once.
    pub capture_method: Word<CaptureMethod>,
    /// Pairs of the caller's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl StartPayment {
    /// A payment that is captured at once.
    #[must_use]
    pub fn new(gateway: &str, token: &str) -> Self {
        Self {
            gateway: gateway.to_owned(),
            token: token.to_owned(),
            capture_method: Word::Known(CaptureMethod::Automatic),
            metadata: BTreeMap::new(),
        }
    }
}

fn write_token<S: Serializer>(token: &str, to: S) -> Result<S::Ok, S::Error> {
    BTreeMap::from([("token", token)]).serialize(to)
}

/// A payment, as this caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Transaction {
    /// Public id of the transaction.
    pub transaction_id: String,
    /// Number of the order that it pays.
    pub order_number: String,
    /// Name of the gateway that was asked.
    pub gateway: String,
    /// The gateway's own id of the payment; `None` before its first word.
    pub gateway_reference: Option<String>,
    /// Present status; `PENDING`: the gateway has not answered yet.
    pub status: Word<PaymentStatus>,
    /// Amount that was asked for, in major units.
    pub amount: String,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Amount that was captured, in major units.
    pub captured_amount: String,
    /// Sum of the refunds that succeeded, in major units.
    pub refunded_amount: String,
    /// Sum of the disputes that are open or lost, in major units.
    pub disputed_amount: String,
    /// What the customer has to do: an object with `type` and, by that, `url`, `content` or `parameters`. `None`: nothing.
    pub next_action: Option<Value>,
    /// Last four digits of the card; `None`: not known, or no card.
    pub card_last4: Option<String>,
    /// Brand of the card, as the gateway calls it; `None`: not known.
    pub card_brand: Option<String>,
    /// Why the payment failed, in the gateway's words; `None`: it did not.
    pub failure_reason: Option<String>,
    /// Pairs of the caller's own.
    pub metadata: BTreeMap<String, String>,
    /// Time of the capture; `None`: not captured.
    pub captured_at: Option<String>,
    /// Time at which the payment was asked for.
    pub created_at: String,
    /// Time of the last change.
    pub updated_at: String,
}

impl Transaction {
    /// The captured amount as money.
    ///
    /// # Errors
    /// [`Invalid`] if this version of the client does not know the currency.
    pub fn captured_money(&self) -> Result<Money, Invalid> {
        parse_money(&self.captured_amount, &self.currency)
    }
}

/// Money to give back: an amount, pieces, or with neither everything that is left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MakeRefund {
    /// Amount in major units, at most what is left; `None`: by the pieces, or everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Pieces whose price is given back, instead of an amount.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReturnItem>,
    /// Why; it is kept with the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Pairs of the caller's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Pieces of a product that are given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnItem {
    /// The operator's id of the product.
    pub product_id: String,
    /// Number of pieces, 1 to 9999.
    pub quantity: u32,
    /// Whether they return to stock.
    pub restock: bool,
}

/// Money that is given back to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Refund {
    /// Public id of the refund.
    pub refund_id: String,
    /// Id of the transaction that is refunded.
    pub transaction_id: String,
    /// Amount that is given back, in major units.
    pub amount: String,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// Present status; `PENDING`: the gateway has not answered yet.
    pub status: Word<RefundStatus>,
    /// Why, as it was asked for; `None`: no reason was given.
    pub reason: Option<String>,
    /// Pairs of the caller's own.
    pub metadata: BTreeMap<String, String>,
    /// The user or the key that asked for it.
    pub requested_by: ChangedBy,
    /// Time at which the refund was asked for.
    pub created_at: String,
}

impl Refund {
    /// The amount as a number with its currency.
    ///
    /// # Errors
    /// [`Invalid`] if this version of the client does not know the currency.
    pub fn money(&self) -> Result<Money, Invalid> {
        parse_money(&self.amount, &self.currency)
    }
}
