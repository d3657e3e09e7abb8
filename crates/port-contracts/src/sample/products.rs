use domain::{
    ChangeId, ChangeKey, ChangedBy, Product, ProductId, ProductKey, Text, User, Version,
    order::StockLine,
    product::{ProductChange, StockUpdate},
};
use ports::Write;

use super::{at, money, next_number, user};

/// An active product that costs 9.99 yuan.
#[must_use]
pub fn product(stock: Option<i64>) -> Product {
    let number = next_number();
    Product {
        key: ProductKey::new(number),
        id: ProductId::new(format!("sku-{number}")),
        name: Text::new("Tea"),
        price: money("9.99"),
        stock,
        active: true,
        version: Version::FIRST,
        stock_moves: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The entry for an operator's change of a product.
#[must_use]
pub fn change(by: &User) -> ProductChange {
    let number = next_number();
    ProductChange {
        key: ChangeKey::new(number),
        id: ChangeId::new(format!("change-{number}")),
        by: ChangedBy::operator(by.key),
        reason: None,
        at: at(0),
    }
}

/// The write that creates the product.
#[must_use]
pub fn insert_product(product: &Product) -> Write {
    Write::InsertProduct(product.clone(), change(&user()))
}

/// The write that replaces the version `read` by this product.
#[must_use]
pub fn replace_product(product: &Product, read: Version, stock_update: StockUpdate) -> Write {
    Write::ReplaceProduct { product: product.clone(), read, stock_update, change: change(&user()) }
}

/// The write that replaces a product by its next version, which differs in the stock update only.
#[must_use]
pub fn replace_with_next(read: &Product, stock_update: StockUpdate) -> Write {
    replace_product(&read.next_version(at(9)), read.version, stock_update)
}

/// The write that adds this many pieces to the stock of a product, whatever its version.
#[must_use]
pub fn adjust_stock(product: &Product, by: i64, change: ProductChange) -> Write {
    Write::AdjustStock { product: product.id.clone(), by, required: None, change }
}

/// The write that sells a quantity of a product as it was read.
#[must_use]
pub fn sell_product(read: &Product, quantity: u32) -> Write {
    Write::Sell { line: StockLine { product: read.id.clone(), quantity }, read: read.clone() }
}
