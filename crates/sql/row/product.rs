use diesel::prelude::*;
use domain::{Product, ProductId, ProductKey, Text, Version};

use super::reader::RowReader;
use crate::sql::schema::products;
use crate::sql::value::{SqlAmount, SqlTimestamp};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
pub(in crate::sql) struct ProductRow {
    pub(in crate::sql) id: i64,
    product_id: String,
    name: String,
    pub(in crate::sql) price: SqlAmount,
    pub(in crate::sql) currency: String,
    stock: Option<i64>,
    pub(in crate::sql) active: bool,
    pub(in crate::sql) version: i64,
    moves: i64,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
}

impl From<&Product> for ProductRow {
    fn from(product: &Product) -> Self {
        Self {
            id: product.key.get(),
            product_id: product.id.as_str().to_owned(),
            name: product.name.as_str().to_owned(),
            price: product.price.into(),
            currency: product.price.currency().code().to_owned(),
            stock: product.stock,
            active: product.active,
            version: product.version.get(),
            moves: product.stock_moves,
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
        }
    }
}

impl ProductRow {
    pub(in crate::sql) fn public_id(&self) -> String {
        self.product_id.clone()
    }

    pub(in crate::sql) fn into_product(self) -> QueryResult<Product> {
        let row = RowReader::new("products", self.id).with_product(&self.product_id);
        Ok(Product {
            price: row.read_money(self.price, &self.currency, "price")?,
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            updated_at: row.read_timestamp(self.updated_at, "updatedAt")?,
            key: ProductKey::new(self.id),
            id: ProductId::new(self.product_id),
            name: Text::new(self.name),
            stock: self.stock,
            active: self.active,
            version: Version::new(self.version),
            stock_moves: self.moves,
        })
    }
}
