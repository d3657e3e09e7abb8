//! The view of a product.

use domain::Product;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A product of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// The operator's id of the product, as in its path.
    pub product_id: String,
    /// Name of the product: 1-500 characters.
    pub name: String,
    /// Price of one piece, in major units.
    #[schema(example = "9.99")]
    pub price: String,
    /// ISO 4217 code of the price's currency.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Number of pieces that can still be ordered; null when the stock is not tracked.
    #[schema(required)]
    pub stock: Option<i64>,
    /// Whether the product can be ordered.
    pub active: bool,
    /// Version of the product, which grows with every change by an operator and not with sales; also its
    /// `ETag`.
    pub version: i64,
    /// Time at which the product was created, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change by an operator, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

impl From<&Product> for ProductView {
    fn from(it: &Product) -> Self {
        Self {
            product_id: it.id.to_string(),
            name: it.name.as_str().to_owned(),
            price: it.price.to_string(),
            currency: it.price.currency().code(),
            stock: it.stock,
            active: it.active,
            version: it.version.get(),
            created_at: timestamp_text(it.created_at),
            updated_at: timestamp_text(it.updated_at),
        }
    }
}
