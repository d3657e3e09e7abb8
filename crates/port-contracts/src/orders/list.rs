//! Lists of orders: sorted, filtered, in pages that stay stable.

use domain::{
    ChangedBy, Order, OrderChange, Timestamp, User,
    order::{OrderDetails, OrderReference, OrderStatus},
};
use ports::{OrderCursor, OrderFilter, OrderSort};

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

/// The position behind an order in a list by `created_at`.
fn behind(order: &Order) -> OrderCursor {
    OrderCursor { at: order.created_at, number: order.number.clone() }
}

/// All pages of a list of two orders each. The list must end, and no page may be longer.
async fn all_pages(backend: &Backend, filter: &OrderFilter) -> Vec<Order> {
    const PAGES_MAX: usize = 100;
    let (mut listed, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let asked = OrderFilter { after, limit: 2, ..filter.clone() };
        let page = backend.orders.list_orders(asked).await.expect("read");
        assert!(page.data.len() <= 2, "a page has its limit");
        listed.extend(page.data);
        let Some(next) = page.next else { return listed };
        after = Some(OrderCursor::parse(&next).expect("a cursor"));
    }
    panic!("the list has an end: {filter:?}");
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
        let after = listed.last().map(behind);
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
    let after = listed.last().map(behind);
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
    let standing = |status| OrderFilter { statuses: vec![status], ..up_to(10) };
    assert_eq!(list(backend, standing(OrderStatus::Pending)).await, (vec![theirs, pending], false));
    assert_eq!(list(backend, standing(OrderStatus::Closed)).await, (vec![closed], false));
    assert_eq!(list(backend, standing(OrderStatus::Shipped)).await, (Vec::new(), false));
    let nobody = backend.user().await.key;
    assert_eq!(list(backend, OrderFilter { owner: Some(nobody), ..up_to(10) }).await, (Vec::new(), false));
}

/// One of the statuses is enough, and no status is none.
pub async fn an_account_is_asked_whether_it_has_an_order_in_a_status(backend: &Backend) {
    let (user, other) = (backend.user().await, backend.user().await);
    place(backend, &user, OrderStatus::Paid, sample::at(1)).await;
    place(backend, &other, OrderStatus::Shipped, sample::at(1)).await;
    for (statuses, expected) in [
        (vec![OrderStatus::Paid], true),
        (vec![OrderStatus::Pending, OrderStatus::Paid, OrderStatus::Closed], true),
        (vec![OrderStatus::Shipped, OrderStatus::Pending], false),
        (vec![], false),
    ] {
        let found = backend.orders.has_order_in(user.key, &statuses).await.expect("read");
        assert_eq!(found, expected, "{statuses:?}");
    }
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
        statuses: vec![OrderStatus::Pending],
        created_after: Some(sample::at(1)),
        created_before: Some(sample::at(5)),
        after,
        ..up_to(3)
    };
    let fitting = fitting.get(1..5).unwrap_or_default();
    let (mut listed, more) = list(backend, filter(None)).await;
    assert!(more, "the fourth is to come");
    let (rest, more) = list(backend, filter(listed.last().map(behind))).await;
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
        statuses: vec![OrderStatus::Pending],
        after: after.map(behind),
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

/// Twelve orders of two users, some with a reference, which changed in another order than they were placed in.
async fn place_many(backend: &Backend) -> (Vec<Order>, User) {
    let (user, other) = (backend.user().await, backend.user().await);
    let statuses = [OrderStatus::Pending, OrderStatus::Paid, OrderStatus::Closed];
    let mut placed = Vec::new();
    for (n, status) in (0..12_i64).zip(statuses.into_iter().cycle()) {
        let order = backend.order_with(|it| {
            it.owner = if n % 2 == 0 { user.key } else { other.key };
            it.status = status;
            // In pairs of one millisecond, and the changes from the last order to the first.
            (it.created_at, it.updated_at) = (sample::at(n / 2), sample::at(100 - n));
            let reference = OrderReference::new(if n % 4 == 3 { "PO-2" } else { "PO-1" }.to_owned());
            if n >= 4 {
                it.details = OrderDetails { reference: Some(reference), ..OrderDetails::default() };
            }
        });
        placed.push(order.await);
    }
    (placed, user)
}

/// What a list must show, from all orders.
fn expected(orders: &[Order], filter: &OrderFilter) -> Vec<Order> {
    let within = |at: Timestamp, after: Option<Timestamp>, before: Option<Timestamp>| {
        after.is_none_or(|it| it <= at) && before.is_none_or(|it| at < it)
    };
    let fits = |it: &&Order| {
        filter.owner.is_none_or(|owner| it.owner == owner)
            && (filter.statuses.is_empty() || filter.statuses.contains(&it.status))
            && within(it.created_at, filter.created_after, filter.created_before)
            && within(it.updated_at, filter.updated_after, filter.updated_before)
            && (filter.reference.is_none() || filter.reference == it.details.reference)
    };
    let mut fitting: Vec<_> = orders.iter().filter(fits).cloned().collect();
    fitting
        .sort_by_key(|it| (if filter.sort.is_by_change() { it.updated_at } else { it.created_at }, it.key));
    if filter.sort.is_descending() {
        fitting.reverse();
    }
    fitting
}

/// Every combination of filters in every order, page after page.
pub async fn every_list_is_filtered_and_sorted(backend: &Backend) {
    let (placed, user) = place_many(backend).await;
    let both = vec![OrderStatus::Closed, OrderStatus::Pending];
    let reference = OrderReference::new("PO-1".to_owned());
    let sorts = [
        OrderSort::NewestFirst,
        OrderSort::OldestFirst,
        OrderSort::LastChangeFirst,
        OrderSort::FirstChangeFirst,
    ];
    let mut seen = 0;
    for chosen in 0..1_u8 << 7 {
        let has = |bit: u8| chosen & (1 << bit) != 0;
        let filter = OrderFilter {
            owner: has(0).then_some(user.key),
            statuses: if has(1) {
                both.clone()
            } else if has(2) {
                vec![OrderStatus::Paid]
            } else {
                Vec::new()
            },
            created_after: has(3).then(|| sample::at(1)),
            created_before: has(4).then(|| sample::at(5)),
            updated_after: has(5).then(|| sample::at(91)),
            updated_before: has(6).then(|| sample::at(98)),
            reference: (chosen % 3 == 1).then(|| reference.clone()),
            sort: sorts.get(usize::from(chosen % 4)).copied().unwrap_or_default(),
            ..up_to(2)
        };
        let listed = all_pages(backend, &filter).await;
        assert_eq!(listed, expected(&placed, &filter), "{filter:?}");
        seen += listed.len();
    }
    assert!(seen > 100, "most lists have rows: {seen}");
}

/// A page behind an order begins where that order was, even if a change has moved it to the top since.
pub async fn a_list_by_change_goes_on_where_it_was(backend: &Backend) {
    let placed = place_some(backend, &backend.user().await, 4).await;
    let [fourth, third, second, first] = placed.as_slice() else { panic!("four were placed") };
    let filter = OrderFilter { sort: OrderSort::LastChangeFirst, ..up_to(2) };
    let page = backend.orders.list_orders(filter.clone()).await.expect("read");
    assert_eq!(page.data, [fourth.clone(), third.clone()]);
    let mut progress = OrderChange::from_order(third.clone());
    progress
        .transition(OrderStatus::Cancelled, ChangedBy::customer(third.owner), None, sample::at(9))
        .expect("may");
    backend.commit_change(progress).await;
    let after = page.next.as_deref().and_then(OrderCursor::parse);
    assert!(after.is_some(), "two are to come");
    let next = list(backend, OrderFilter { after, ..filter }).await;
    assert_eq!(next, (vec![second.clone(), first.clone()], false));
}
