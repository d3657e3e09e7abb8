//! Lists of orders: newest first, filtered, in pages that stay stable.

use domain::{ChangedBy, Order, OrderChange, Timestamp, User, order::OrderStatus};
use ports::OrderFilter;

use crate::{Backend, sample};

/// An order that `owner` placed at that time, in that status.
async fn place(backend: &Backend, owner: &User, status: OrderStatus, now: Timestamp) -> Order {
    let order = backend.order_with(|it| {
        (it.owner, it.status) = (owner.key, status);
        (it.created_at, it.updated_at) = (now, now);
    });
    order.await
}

/// Places that number of pending orders of a user and returns them newest first.
async fn place_some(backend: &Backend, owner: &User, count: i64) -> Vec<Order> {
    let mut placed = Vec::new();
    for second in 0..count {
        placed.insert(0, place(backend, owner, OrderStatus::Pending, sample::at(second)).await);
    }
    placed
}

async fn list(backend: &Backend, filter: OrderFilter) -> (Vec<Order>, bool) {
    let page = backend.orders.list_orders(filter).await.expect("read");
    (page.data, page.next.is_some())
}

fn up_to(limit: u32) -> OrderFilter {
    OrderFilter { limit, ..OrderFilter::default() }
}

/// With their items, page after page, to the last; also those of one millisecond.
pub async fn orders_are_listed_newest_first(backend: &Backend) {
    assert_eq!(list(backend, up_to(10)).await, (Vec::new(), false), "nothing yet");
    let owner = backend.user().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.insert(0, place(backend, &owner, OrderStatus::Pending, sample::at(0)).await);
    }
    assert_eq!(list(backend, up_to(5)).await, (placed.clone(), false), "all in one page");
    let mut listed: Vec<Order> = Vec::new();
    for more in [true, true, false] {
        let after = listed.last().map(|it| it.number.clone());
        let (data, goes_on) = list(backend, OrderFilter { after, ..up_to(2) }).await;
        assert_eq!(goes_on, more, "after {} of 5", listed.len() + data.len());
        listed.extend(data);
    }
    assert_eq!(listed, placed);
}

/// The rows come from clocks that differ: each is behind the one of the row before. An order that a slow
/// clock adds meanwhile has the position of its timestamp. What was there is listed once.
pub async fn orders_are_listed_by_the_stamps_they_show(backend: &Backend) {
    let owner = backend.user().await;
    let mut placed = Vec::new();
    for second in (0..5).rev() {
        placed.push(place(backend, &owner, OrderStatus::Pending, sample::at(second)).await);
    }
    let (mut listed, more) = list(backend, up_to(2)).await;
    assert!(more, "three are to come");
    place(backend, &owner, OrderStatus::Pending, sample::at(9)).await;
    let late = place(backend, &owner, OrderStatus::Pending, sample::at(1)).await;
    let after = listed.last().map(|it| it.number.clone());
    let (rest, more) = list(backend, OrderFilter { after, ..up_to(9) }).await;
    assert!(!more, "that is all");
    listed.extend(rest);
    placed.insert(3, late);
    assert_eq!(listed, placed);
}

/// Each filter on its own.
pub async fn a_list_keeps_to_its_owner_and_status(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let pending = place(backend, &user, OrderStatus::Pending, sample::at(1)).await;
    let theirs = place(backend, &other, OrderStatus::Pending, sample::at(2)).await;
    let closed = place(backend, &user, OrderStatus::Closed, sample::at(3)).await;
    let own = OrderFilter { owner: Some(user.key), ..up_to(10) };
    assert_eq!(list(backend, own).await, (vec![closed.clone(), pending.clone()], false));
    let standing = |status| OrderFilter { status: Some(status), ..up_to(10) };
    assert_eq!(list(backend, standing(OrderStatus::Pending)).await, (vec![theirs, pending], false));
    assert_eq!(list(backend, standing(OrderStatus::Closed)).await, (vec![closed], false));
    assert_eq!(list(backend, standing(OrderStatus::Shipped)).await, (Vec::new(), false));
    let nobody = backend.user().await.key;
    assert_eq!(list(backend, OrderFilter { owner: Some(nobody), ..up_to(10) }).await, (Vec::new(), false));
}

/// The first timestamp is included and the last one is not.
pub async fn a_list_begins_at_a_moment_and_ends_before_another(backend: &Backend) {
    let placed = place_some(backend, &backend.user().await, 4).await;
    let [fourth, third, second, first] = placed.as_slice() else { panic!("four were placed") };
    let from = OrderFilter { created_after: Some(third.created_at), ..up_to(10) };
    assert_eq!(list(backend, from).await, (vec![fourth.clone(), third.clone()], false));
    let until = OrderFilter { created_before: Some(third.created_at), ..up_to(10) };
    assert_eq!(list(backend, until).await, (vec![second.clone(), first.clone()], false));
    let within = OrderFilter {
        created_after: Some(second.created_at),
        created_before: Some(fourth.created_at),
        ..up_to(10)
    };
    assert_eq!(list(backend, within).await, (vec![third.clone(), second.clone()], false));
}

/// All combinations of filters, on all pages.
pub async fn a_list_keeps_to_all_its_filters_at_once(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    let mut fitting = Vec::new();
    for second in 0..6 {
        place(backend, &other, OrderStatus::Pending, sample::at(second)).await;
        place(backend, &user, OrderStatus::Shipped, sample::at(second)).await;
        fitting.insert(0, place(backend, &user, OrderStatus::Pending, sample::at(second)).await);
    }
    let filter = |after| OrderFilter {
        owner: Some(user.key),
        status: Some(OrderStatus::Pending),
        created_after: Some(sample::at(1)),
        created_before: Some(sample::at(5)),
        after,
        limit: 3,
    };
    let fitting = fitting.get(1..5).unwrap_or_default();
    let (mut listed, more) = list(backend, filter(None)).await;
    assert!(more, "the fourth is to come");
    let (rest, more) = list(backend, filter(listed.last().map(|it| it.number.clone()))).await;
    assert!(!more, "there is no fifth");
    listed.extend(rest);
    assert_eq!(listed, fitting);
}

/// The next page begins behind the cursor even if its order no longer matches the filter.
pub async fn a_page_of_orders_stays_while_others_are_placed_and_change(backend: &Backend) {
    let user = backend.user().await;
    let placed = place_some(backend, &user, 4).await;
    let [fourth, third, second, first] = placed.as_slice() else { panic!("four were placed") };
    let pending = |after: Option<&Order>| OrderFilter {
        status: Some(OrderStatus::Pending),
        after: after.map(|it| it.number.clone()),
        ..up_to(2)
    };
    assert_eq!(list(backend, pending(None)).await, (vec![fourth.clone(), third.clone()], true));
    for second in 4..7 {
        place(backend, &user, OrderStatus::Pending, sample::at(second)).await;
    }
    let mut progress = OrderChange::from_order(third.clone());
    let step =
        progress.transition(OrderStatus::Cancelled, ChangedBy::customer(user.key), None, sample::at(9));
    step.expect("a customer may cancel");
    backend.commit_change(progress).await;
    let next = list(backend, pending(Some(third))).await;
    assert_eq!(next, (vec![second.clone(), first.clone()], false), "the next page is what it was");
}
