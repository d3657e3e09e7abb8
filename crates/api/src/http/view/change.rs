//! Views of what operators changed of a product.

use application::catalogue::AppliedAdjustment;
use domain::{
    AuthorId, ProductId,
    product::{ProductChange, StockChange, StoredProductChange},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, timestamp_text};

/// An adjustment of a product's stock, as it was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdjustmentView {
    /// Public id of the adjustment.
    pub id: String,
    /// The operator's id of the product.
    pub product_id: String,
    /// Number of pieces that came in, or went out if it is below zero.
    #[schema(example = -3)]
    pub by: i64,
    /// Reason given by the operator; null if none is stored.
    #[schema(required)]
    pub reason: Option<String>,
    /// The operator or the service that made the adjustment.
    pub created_by: ChangedByView,
    /// Time of the adjustment, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl AdjustmentView {
    fn new(change: &ProductChange, product: &ProductId, by: i64, author: Option<&AuthorId>) -> Self {
        Self {
            id: change.id.to_string(),
            product_id: product.to_string(),
            by,
            reason: reason_text(change),
            created_by: change_author(change, author),
            created_at: timestamp_text(change.at),
        }
    }
}

impl From<&AppliedAdjustment> for AdjustmentView {
    fn from(it: &AppliedAdjustment) -> Self {
        Self::new(&it.change, &it.adjustment.product, it.adjustment.by, Some(&it.author))
    }
}

impl From<&StoredProductChange> for AdjustmentView {
    fn from(it: &StoredProductChange) -> Self {
        Self::new(&it.change, &it.product, it.stock.adjusted_by(), it.author.as_ref())
    }
}

/// A change of a product, with the values that hold since then.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// Public id of the change.
    pub id: String,
    /// The operator's id of the product.
    pub product_id: String,
    /// Version of the product that the change made.
    pub version: i64,
    /// Price of one piece since the change, in major units.
    #[schema(example = "9.99")]
    pub price: String,
    /// ISO 4217 code of the price's currency.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Whether the product can be ordered since the change.
    pub active: bool,
    /// Effect on the stock: `KEPT`, `SET` or `ADJUSTED`.
    pub stock: &'static str,
    /// Number of pieces that the stock was set to or adjusted by; null when it was not changed, or is not
    /// tracked since.
    #[schema(required)]
    pub quantity: Option<i64>,
    /// Reason given by the operator; null if none was given.
    #[schema(required)]
    pub reason: Option<String>,
    /// The operator or the service that made the change.
    pub created_by: ChangedByView,
    /// Time of the change, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&StoredProductChange> for ChangeView {
    fn from(it: &StoredProductChange) -> Self {
        let (stock, quantity) = match it.stock {
            StockChange::Kept => ("KEPT", None),
            StockChange::Set(stock) => ("SET", stock),
            StockChange::Adjusted(by) => ("ADJUSTED", Some(by)),
        };
        Self {
            id: it.change.id.to_string(),
            product_id: it.product.to_string(),
            version: it.version.get(),
            price: it.price.to_string(),
            currency: it.price.currency().code(),
            active: it.active,
            stock,
            quantity,
            reason: reason_text(&it.change),
            created_by: change_author(&it.change, it.author.as_ref()),
            created_at: timestamp_text(it.change.at),
        }
    }
}

fn reason_text(change: &ProductChange) -> Option<String> {
    change.reason.as_ref().map(|it| it.as_str().to_owned())
}

fn change_author(change: &ProductChange, author: Option<&AuthorId>) -> ChangedByView {
    ChangedByView { actor: change.by.actor.as_str(), id: author.map(ToString::to_string) }
}
