//! Statements are prepared once, not each time: that is worth half of the orders a second.
//!
//! The only test of its binary, because it listens to all connections of the process.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::sync::atomic::{AtomicUsize, Ordering};

use adapters_sqlite::Sqlite;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use domain::OrderChange;
use port_contracts::sample;
use ports::{OrderRepository, PaymentRepository, Store, UnitOfWork, Write};

static PREPARED: AtomicUsize = AtomicUsize::new(0);

fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
            PREPARED.fetch_add(1, Ordering::Relaxed);
        }
    }))
}

/// Places an order and pays for it; gives back how many statements were prepared for that and kept.
async fn sell(record: &Sqlite) -> usize {
    let before = PREPARED.load(Ordering::Relaxed);
    let (user, product) = (sample::user(), sample::product(Some(5)));
    let account = Write::InsertUser(user.clone(), sample::hash("x"));
    record
        .commit(UnitOfWork::new().with_write(account).with_write(sample::insert_product(&product)))
        .await
        .unwrap();

    let order = sample::order(&user, &[(&product, 1)]);
    let work = UnitOfWork::new()
        .with_write(Write::Claim(sample::claim(&user)))
        .with_write(sample::insert_order(&order))
        .with_write(sample::sell_product(&product, 1));
    record.commit(work).await.unwrap();

    let mut transaction = sample::transaction(&order);
    let payment = UnitOfWork::new()
        .with_order_change(OrderChange::from_order(order.clone()))
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())));
    record.commit(payment).await.unwrap();
    transaction.facts = sample::restore_facts(sample::authorized_facts());
    record
        .commit(UnitOfWork::new().with_write(sample::update_transaction(transaction.clone())))
        .await
        .unwrap();

    assert!(OrderRepository::find_order(record, &order.number).await.unwrap().is_some());
    assert!(PaymentRepository::find_transaction(record, &transaction.id).await.unwrap().is_some());
    PREPARED.load(Ordering::Relaxed) - before
}

#[tokio::test]
async fn the_second_sale_prepares_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Before there are connections: a connection has what was the default when it was opened.
    set_default_instrumentation(listener).unwrap();
    let record = Sqlite::open(&folder.path().join("record.db")).await.unwrap();
    let writes = [
        "user", "product", "change", "claim", "order", "item", "history", "stock", "revision", "payment",
        "update",
    ];
    let reads = ["order", "items", "payment", "references"];
    assert_eq!(sell(&record).await, writes.len() + reads.len());
    assert_eq!(sell(&record).await, 0);
}
