//! How many unpaid orders a user has, and how many pieces are in them.

use domain::{ChangedBy, Order, OrderChange, Product, User, order::OrderStatus};
use ports::{CommitError, OpenLimit, UnitOfWork, Write};

use super::order_change;
use crate::{Backend, sample};

const MANY: u32 = 1_000;

/// What placing it commits, but for the stock.
fn place(order: &Order, orders: u32, pieces: u32) -> [Write; 2] {
    [sample::counted(order, orders, pieces), sample::insert_order(order)]
}

async fn goods(backend: &Backend) -> (User, Product) {
    (backend.user().await, backend.product(Some(1_000)).await)
}

fn is_limit(error: &CommitError, limit: OpenLimit) -> bool {
    matches!(error, CommitError::LimitReached(it) if *it == limit)
}

/// However many are placed at the same moment; and another user has places of their own.
pub async fn no_more_unpaid_orders_are_made_than_a_user_may_have(backend: &Backend) {
    let (owner, product) = goods(backend).await;
    let one = || place(&sample::order(&owner, &[(&product, 1)]), 10, MANY);
    let race = backend.race(|| UnitOfWork::new().with_writes(one()));
    race.await.assert_outcome(10, |error| is_limit(error, OpenLimit::Orders));
    let (other, product) = goods(backend).await;
    backend.commit(place(&sample::order(&other, &[(&product, 1)]), 1, MANY)).await;
}

/// However many are placed at the same moment, in however many lines; each product has a limit of its own.
pub async fn no_more_pieces_are_held_unpaid_than_a_user_may_hold(backend: &Backend) {
    let (owner, product) = goods(backend).await;
    let (_, other) = goods(backend).await;
    let mut even = false;
    let race = backend.race(|| {
        even = !even;
        let lines = if even { [(&product, 3), (&other, 1)] } else { [(&other, 1), (&product, 3)] };
        UnitOfWork::new().with_writes(place(&sample::order(&owner, &lines), MANY, 30))
    });
    race.await.assert_outcome(10, |error| is_limit(error, OpenLimit::Pieces));
    backend.commit(place(&sample::order(&owner, &[(&other, 20)]), MANY, 30)).await;
    let error = backend.expect_refusal(place(&sample::order(&owner, &[(&other, 1)]), MANY, 30)).await;
    assert!(is_limit(&error, OpenLimit::Pieces), "{error:?}");
    let (_, third) = goods(backend).await;
    let error = backend.expect_refusal(place(&sample::order(&owner, &[(&third, 31)]), MANY, 30)).await;
    assert!(is_limit(&error, OpenLimit::Pieces), "an order can be too large by itself: {error:?}");
}

/// Pieces that are not tracked were never counted.
pub async fn an_order_that_is_unpaid_no_more_makes_room(backend: &Backend) {
    let (owner, product) = goods(backend).await;
    let untracked = sample::product(None);
    let order = sample::order(&owner, &[(&product, 30), (&untracked, 900)]);
    backend.commit(place(&order, 1, 30)).await;
    let next = || place(&sample::order(&owner, &[(&product, 30)]), 1, 30);
    assert!(is_limit(&backend.expect_refusal(next()).await, OpenLimit::Orders));
    backend.commit_change(order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, sample::at(1))).await;
    backend.commit(next()).await;
    assert!(is_limit(&backend.expect_refusal(next()).await, OpenLimit::Orders), "it makes room once");
}

/// What does not change the status leaves it counted.
pub async fn an_unpaid_order_that_is_touched_stays_counted(backend: &Backend) {
    let (owner, product) = goods(backend).await;
    let order = sample::order(&owner, &[(&product, 1)]);
    backend.commit(place(&order, 1, MANY)).await;
    backend.commit_change(OrderChange::from_order(order)).await;
    let error = backend.expect_refusal(place(&sample::order(&owner, &[(&product, 1)]), 1, MANY)).await;
    assert!(is_limit(&error, OpenLimit::Orders), "{error:?}");
}

/// An order from before the counts is not missed in them.
pub async fn an_order_that_was_never_counted_can_end(backend: &Backend) {
    let order = backend.order_with(|_| ()).await;
    backend.commit_change(order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, sample::at(1))).await;
    assert_eq!(super::find_order(backend, &order).await.map(|it| it.status), Some(OrderStatus::Paid));
}
