//! Products.

use domain::Product;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// Something that can be ordered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// The operator's id for it.
    pub product_id: String,
    /// What it is called.
    pub name: String,
    /// Price of one piece, in major units.
    #[schema(example = "9.99")]
    pub price: String,
    /// ISO 4217 code.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// How many can still be ordered; null when that is not tracked.
    #[schema(required)]
    pub stock: Option<i64>,
    /// Whether it can be ordered.
    pub active: bool,
    /// Grows with every change that an operator makes, and not with sales; the `ETag`.
    pub version: i64,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When an operator last changed it.
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
