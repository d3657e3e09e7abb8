//! Finding orders by a part of what people know about them.

use domain::{
    Email, Order, User, Username,
    order::{Contact, ContactName, OrderDetails, OrderReference, OrderStatus, PhoneNumber},
};
use ports::{OrderCursor, OrderFilter, OrderSearch, Write};

use crate::{Backend, sample};

/// An order of that user with that reference and contact.
async fn place(backend: &Backend, owner: &User, reference: &str, contact: Option<Contact>) -> Order {
    let reference = Some(OrderReference::new(reference.to_owned()));
    let details = OrderDetails { reference, contact, ..OrderDetails::default() };
    backend.order_with(|it| (it.owner, it.details) = (owner.key, details)).await
}

async fn search(backend: &Backend, text: &str, filter: OrderFilter) -> Vec<Order> {
    const PAGES_MAX: usize = 20;
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let search = Some(OrderSearch::parse(text).expect("a text"));
        let page =
            backend.orders.list_orders(OrderFilter { search, after, limit: 1, ..filter.clone() }).await;
        let page = page.expect("read");
        found.extend(page.data);
        let Some(next) = page.next else { return found };
        after = OrderCursor::parse(&next);
    }
    panic!("the list has an end: {text}");
}

/// By every text, regardless of case, newest first, page after page; and beside other filters.
pub async fn orders_are_found_by_a_part_of_any_text(backend: &Backend) {
    let (username, email) = (Username::new("Lovelace".to_owned()), Email::new("Ada@Seek.example".to_owned()));
    let ada = User { username, email, ..sample::user() };
    backend.commit([Write::InsertUser(ada.clone(), sample::hash("x"))]).await;
    let other = backend.user().await;
    let contact = Contact {
        name: Some(ContactName::new("Łucja \"Ödön\" 茶".to_owned())),
        email: Some(Email::new("Shop@Buyer.example".to_owned())),
        phone: Some(PhoneNumber::new("+49 (30) 123-4567".to_owned())),
    };
    let theirs = place(backend, &other, "PO-2026/17", Some(contact)).await;
    let hers = place(backend, &ada, "PO-2026/18", None).await;
    let bare = backend.order_with(|it| (it.owner, it.status) = (ada.key, OrderStatus::Closed)).await;
    let all = OrderFilter::default();
    for (text, expected) in [
        ("po-2026", vec![&hers, &theirs]),
        ("6/17", vec![&theirs]),
        ("łuc", vec![&theirs]),
        ("ödön", vec![&theirs]),
        ("n\" 茶", vec![&theirs]),
        ("@buyer", vec![&theirs]),
        ("301234567", vec![&theirs]),
        ("LOVEL", vec![&bare, &hers]),
        ("a@seek.EX", vec![&bare, &hers]),
        ("nothing has this", vec![]),
        (bare.number.as_str(), vec![&bare]),
    ] {
        let found = search(backend, text, all.clone()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{text}");
    }
    let closed = OrderFilter { statuses: vec![OrderStatus::Closed], ..OrderFilter::default() };
    assert_eq!(search(backend, "lovel", closed.clone()).await, [bare]);
    assert_eq!(search(backend, hers.number.as_str(), closed).await, []);
    let own = OrderFilter { owner: Some(other.key), ..OrderFilter::default() };
    assert_eq!(search(backend, "po-2026", own.clone()).await, [theirs]);
    assert_eq!(search(backend, hers.number.as_str(), own).await, [], "another's number");
    let named = OrderFilter { reference: hers.details.reference.clone(), ..OrderFilter::default() };
    assert_eq!(search(backend, "lovel", named).await, [hers]);
}

/// A text that is the number of an order finds only it, although it is a part of others.
pub async fn a_whole_number_finds_only_its_order(backend: &Backend) {
    let user = backend.user().await;
    let order = place(backend, &user, "PO-1", None).await;
    let naming = place(backend, &user, &format!("again {}", order.number), None).await;
    let part = format!("gain {}", order.number);
    assert_eq!(search(backend, order.number.clone().as_str(), OrderFilter::default()).await, [order]);
    assert_eq!(search(backend, &part, OrderFilter::default()).await, [naming]);
}
