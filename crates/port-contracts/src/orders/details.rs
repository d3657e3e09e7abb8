//! What clients store with orders.

use domain::{
    Order, OrderChange,
    order::{
        Address, AddressLine, CarrierName, Contact, ContactName, Country, Metadata, MetadataKey,
        MetadataValue, OrderDetails, OrderReference, PhoneNumber, PlaceName, PostalCode, Tracking,
        TrackingNumber, TrackingUrl,
    },
};
use ports::{OrderFilter, UnitOfWork, Write};

use super::find_order;
use crate::{Backend, sample};

/// Every member at its limit, in letters of four bytes, with everything that JSON and SQL escape.
fn largest_details() -> OrderDetails {
    let long = |chars: usize| format!("{:🍵<chars$}", "\"'\\%_\u{2028}é");
    let pair = |n: usize| {
        let key = MetadataKey::parse(&format!("{n:🍵>40}")).expect("a key");
        (key, MetadataValue::parse(&format!("\n{}", long(499))).expect("a value"))
    };
    OrderDetails {
        reference: Some(OrderReference::parse(&long(100)).expect("a reference")),
        metadata: Metadata::new((0..50).map(pair).collect()).expect("fifty pairs"),
        contact: Some(Contact {
            name: Some(ContactName::parse(&long(200)).expect("a name")),
            email: Some(domain::Email::parse("Ada.O'Neil+tea@example.com").expect("an address")),
            phone: Some(PhoneNumber::parse("+49 (30) 1234-5").expect("a number")),
        }),
        shipping_address: Some(Address {
            lines: vec![AddressLine::parse(&long(200)).expect("a line"); 4],
            city: Some(PlaceName::parse(&long(100)).expect("a city")),
            region: None,
            postal_code: Some(PostalCode::parse("SW1A 1AA").expect("a code")),
            country: Country::parse("GB").expect("a country"),
        }),
        tracking: Some(Tracking {
            carrier: Some(CarrierName::parse(" carrier ").expect("a carrier")),
            number: Some(TrackingNumber::parse(&long(100)).expect("a number")),
            url: Some(TrackingUrl::parse("https://track.example/?id=1&x=%20").expect("a page")),
        }),
    }
}

fn named(text: &str) -> OrderDetails {
    OrderDetails { reference: Some(OrderReference::new(text.to_owned())), ..OrderDetails::default() }
}

fn edit(order: &Order, details: OrderDetails) -> OrderChange {
    let mut change = OrderChange::from_order(order.clone());
    change.edit_details(details, sample::at(5));
    change
}

/// Alone and in a list, next to an order without any.
pub async fn details_are_read_back_as_written(backend: &Backend) {
    let plain = backend.order().await;
    let full = backend.order_with(|it| it.details = largest_details()).await;
    let part = backend.order_with(|it| it.details = named("PO-1")).await;
    for order in [&plain, &full, &part] {
        assert_eq!(find_order(backend, order).await.as_ref(), Some(order));
    }
    let filter = OrderFilter { limit: 9, ..OrderFilter::default() };
    let mut listed = backend.orders.list_orders(filter).await.expect("read").data;
    listed.reverse();
    assert_eq!(listed, [plain, full, part]);
}

/// Each step is one commit of the order, whose row for details is inserted, replaced and deleted.
pub async fn details_come_change_and_go_with_the_order(backend: &Backend) {
    let bystander = backend.order_with(|it| it.details = named("PO-1")).await;
    let mut order = backend.order().await;
    let steps = [named("a"), largest_details(), named("b"), OrderDetails::default(), named("c")];
    for details in steps {
        let change = edit(&order, details);
        let after = change.order().clone();
        backend.commit_change(change).await;
        order = find_order(backend, &order).await.expect("it is there");
        assert_eq!(order, after);
    }
    backend.commit_change(OrderChange::from_order(order.clone())).await;
    let touched = find_order(backend, &order).await.expect("it is there");
    assert_eq!(touched.details, named("c"), "a change of something else leaves them");
    assert_eq!(find_order(backend, &bystander).await, Some(bystander));
}

/// Whatever the order has now.
pub async fn a_stale_change_of_details_changes_nothing(backend: &Backend) {
    for before in [OrderDetails::default(), named("a")] {
        let order = backend.order_with(|it| it.details = before.clone()).await;
        let change = edit(&order, named("b"));
        let after = change.order().clone();
        backend.commit_change(change).await;
        for late in [named("c"), OrderDetails::default()] {
            backend.expect_stale([Write::UpdateOrder(Box::new(edit(&order, late)))]).await;
        }
        assert_eq!(find_order(backend, &order).await, Some(after));
    }
}

/// Orders with and without details that are placed, and changed, in one batch.
pub async fn details_belong_to_one_order_in_a_batch(backend: &Backend) {
    let (user, product) = (backend.user().await, backend.product(None).await);
    let new = |details| sample::order(&user, &[(&product, 1)]).with_details(details);
    let orders = [new(named("a")), new(OrderDetails::default()), new(largest_details())];
    let units = orders.iter().map(|it| UnitOfWork::new().with_write(sample::insert_order(it))).collect();
    assert!(backend.store.commit_all(units).await.iter().all(Result::is_ok));
    let changes: Vec<_> = orders.iter().map(|it| edit(it, named(it.number.as_str()))).collect();
    let units = changes.iter().map(|it| UnitOfWork::new().with_order_change(it.clone())).collect();
    for order in &orders {
        assert_eq!(find_order(backend, order).await.as_ref(), Some(order));
    }
    assert!(backend.store.commit_all(units).await.iter().all(Result::is_ok));
    for change in &changes {
        assert_eq!(find_order(backend, change.order()).await.as_ref(), Some(change.order()));
    }
}
