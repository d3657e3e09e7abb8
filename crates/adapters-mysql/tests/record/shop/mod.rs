//! A record with something to sell, and an order of it.

use adapters_mysql::MySql;
use domain::{Order, Product, User};
use port_contracts::sample;
use ports::{Claim, Store, UnitOfWork, Write};
use test_servers::MariaDb;

/// How much there is of each product.
pub(crate) const STOCK: i64 = 1_000_000;

/// A fresh record on that server, and its URL.
pub(crate) async fn record(server: &MariaDb) -> (MySql, String) {
    server.create_database("record").unwrap();
    let url = server.url("record");
    MySql::migrate(&url).await.unwrap();
    (MySql::open(&url).await.unwrap(), url)
}

/// A customer and two products, in the order in which their stock is taken.
pub(crate) async fn stocked(record: &MySql) -> (User, [Product; 2]) {
    let (user, mut products) = (sample::user(), [sample::product(Some(STOCK)), sample::product(Some(STOCK))]);
    products.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
    let mut work = UnitOfWork::new().with_write(Write::InsertUser(user.clone(), sample::hash("x")));
    for product in &products {
        work = work.with_write(sample::insert_product(product));
    }
    record.commit(work).await.unwrap();
    (user, products)
}

/// An order of one of each product, as one commit: the key with its answer, the order, the stock.
pub(crate) fn placing(user: &User, products: &[Product]) -> (UnitOfWork, Order, Claim) {
    let lines: Vec<_> = products.iter().map(|it| (it, 1)).collect();
    let order = sample::order(user, &lines);
    let mut claim = sample::claim(user);
    claim.reply = Some(sample::reply());
    let counted = sample::counted(&order, u32::MAX, u32::MAX);
    let writes = [Write::Claim(claim.clone()), counted, sample::insert_order(&order)];
    let mut work = UnitOfWork::new().with_writes(writes);
    for product in products {
        work = work.with_write(sample::sell_product(product, 1));
    }
    (work, order, claim)
}
