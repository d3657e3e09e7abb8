use std::sync::Mutex;

use domain::{
    Product,
    payment::{EventDisposition, StoredEvent},
};
use port_contracts::sample::{self, at};
use ports::{Batch, Credentials, EventRepository, ProductRepository, Write};

use super::*;

/// A record with a user, a product, an order of it and a transaction.
async fn shop() -> (MemoryRecord, Product) {
    let record = MemoryRecord::default();
    let (user, product) = (sample::user(), sample::product(Some(5)));
    let order = sample::order(&user, &[(&product, 2)]);
    let work = UnitOfWork::new()
        .with_write(Write::InsertUser(user, sample::hash("x")))
        .with_write(sample::insert_product(&product))
        .with_write(sample::insert_order(&order))
        .with_write(sample::sell_product(&product, 2))
        .with_write(Write::InsertTransaction(Box::new(sample::transaction(&order))));
    record.commit(work).await.unwrap();
    (record, product)
}

#[tokio::test]
async fn a_snapshot_makes_the_same_record_again() {
    let (record, product) = shop().await;
    let copy = MemoryRecord::default();
    copy.restore(record.snapshot()).unwrap();
    assert_eq!(copy.snapshot(), record.snapshot());
    let found = ProductRepository::find_product(&copy, &product.id).await.unwrap();
    assert_eq!(found.and_then(|it| it.stock), Some(3), "by its id too");
    copy.commit(UnitOfWork::new().with_write(sample::sell_product(&product, 1))).await.unwrap();
    assert_ne!(copy.snapshot(), record.snapshot(), "they share nothing");
}

#[tokio::test]
async fn a_refused_unit_leaves_the_same_snapshot() {
    let (record, product) = shop().await;
    let before = record.snapshot();
    let work = UnitOfWork::new()
        .with_write(Write::InsertEvent(sample::event("sandbox", None)))
        .with_write(sample::sell_product(&product, 1))
        .with_write(sample::sell_product(&product, 4))
        .with_write(Write::Probe(at(1)));
    assert!(matches!(record.commit(work).await, Err(CommitError::OutOfStock(_))));
    assert_eq!(record.snapshot(), before);
}

#[tokio::test]
async fn a_snapshot_with_a_unique_key_twice_changes_nothing() {
    let (record, _) = shop().await;
    let before = record.snapshot();
    let mut twice = before.clone();
    let user = domain::User { username: before.users[0].user.username.clone(), ..sample::user() };
    twice.users.push(Credentials { user, hash: sample::hash("x") });
    assert_eq!(record.restore(twice), Err(Duplicate));
    assert_eq!(record.snapshot(), before);
}

/// Counts the reported rows.
#[derive(Default)]
struct Noted(Mutex<usize>);

impl UnreadableObserver for Noted {
    fn record_unreadable(&self, _: &UnreadableRow) {
        *self.0.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn a_corrupt_event_is_due_in_its_place() {
    let noted = Arc::<Noted>::default();
    let record = MemoryRecord::default().watched_by(noted.clone());
    let [bad, good] =
        [1, 2].map(|second| StoredEvent { received_at: at(second), ..sample::event("sandbox", None) });
    let work = UnitOfWork::new().with_writes([&bad, &good].map(|it| Write::InsertEvent(it.clone())));
    record.commit(work).await.unwrap();
    let (table, column, key) = ("payment_events", "disposition", bad.key.get().to_string());
    let row = UnreadableRow { table, column, key, owner: None };
    record.corrupt_row(row.clone());
    let due =
        record.list_old_events(EventDisposition::Parked, at(9), Batch { skip: 0, limit: 9 }).await.unwrap();
    assert_eq!(due, [Err(row), Ok(good)]);
    assert_eq!(*noted.0.lock().unwrap(), 1);
    assert!(matches!(
        EventRepository::find_event(&record, &bad.gateway, &bad.id).await,
        Err(PortError::Unreadable(_))
    ));
}
