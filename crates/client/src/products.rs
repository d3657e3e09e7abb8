//! The catalogue.

use futures_util::Stream;
use hyper::Method;
use serde::{Deserialize, Serialize};

use crate::{Client, Error, Request, page::stream_pages};

/// Calls about products: see [`Client::products`].
#[derive(Debug, Clone, Copy)]
pub struct Products<'c>(pub(crate) &'c Client);

/// A product to create or to replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutProduct {
    /// Name that customers see, 1 to 500 characters.
    pub name: String,
    /// Price of one piece in major units, above zero.
    pub price: String,
    /// ISO 4217 code of a currency in use.
    pub currency: String,
    /// Pieces in stock. `None`: a new product is not tracked, and an existing one keeps its stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u64>,
    /// Whether it can be ordered.
    pub active: bool,
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Product {
    /// The operator's id of the product.
    pub product_id: String,
    /// Name that customers see now; orders keep the former one.
    pub name: String,
    /// Price of one piece, in major units.
    pub price: String,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// Pieces that can be ordered; `None`: not tracked.
    pub stock: Option<u64>,
    /// Whether it can be ordered.
    pub active: bool,
    /// Version, which counts the changes by operators: for [`if_version`](crate::Request::if_version).
    pub version: u64,
    /// Time at which it was created.
    pub created_at: String,
    /// Time of the last change.
    pub updated_at: String,
}

impl Products<'_> {
    /// Creates or replaces a product; for operators and keys with `products:write`.
    pub fn put(self, product_id: &str, product: &PutProduct) -> Request<Product> {
        Request::write(self.0, Method::PUT, self.0.url(&["products", product_id]), product)
    }

    /// One product, for anyone.
    pub fn find(self, product_id: &str) -> Request<Product> {
        Request::read(self.0, self.0.url(&["products", product_id]))
    }

    /// Every product of the catalogue.
    pub fn stream(self) -> impl Stream<Item = Result<Product, Error>> + Send + use<> {
        stream_pages(self.0, self.0.url(&["products"]))
    }
}
