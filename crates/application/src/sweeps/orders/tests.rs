use domain::{Transaction, payment::PendingOperation};
use ports::Observation;

use super::*;
use crate::testing::*;

fn bench(order: Order) -> TestApp {
    TestApp::new().with_state(|it| it.orders.push(order))
}

/// An unpaid order that has expired.
fn expired() -> TestApp {
    let it = bench(order());
    it.clock.advance(seconds(1_800));
    it
}

fn status(it: &TestApp) -> OrderStatus {
    it.record.state().orders[0].status
}

const DAY: u64 = 24 * 3_600;

#[tokio::test]
async fn an_order_that_was_not_paid_in_time_closes_and_gives_its_stock_back() {
    let it = expired();
    assert!(!expire_unpaid_orders(&it.app).await.unwrap());
    assert_eq!(it.journal_lines(), ["commit ReturnStock RemoveOpenOrder UpdateOrder"]);
    assert_eq!(status(&it), OrderStatus::Closed);
    assert_eq!(it.metrics.count(Observation::BatchProcessed("expire-unpaid", 1)), 1);
}

#[tokio::test]
async fn an_order_is_not_closed_before_its_time_nor_while_a_payment_is_under_way() {
    let it = bench(order());
    expire_unpaid_orders(&it.app).await.unwrap();
    let occupied = expired().with_state(|it| it.transactions.push(pending()));
    expire_unpaid_orders(&occupied.app).await.unwrap();
    assert_eq!((it.record.commits(), occupied.record.commits()), (vec![], vec![]));
    let refused = expired().with_state(|it| it.transactions.push(failed()));
    expire_unpaid_orders(&refused.app).await.unwrap();
    assert_eq!(status(&refused), OrderStatus::Closed);
}

#[tokio::test]
async fn an_expiry_loses_to_a_payment_that_comes_in_between() {
    let it = expired();
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions.push(pending());
    });
    expire_unpaid_orders(&it.app).await.unwrap();
    assert_eq!((status(&it), it.record.commits()), (OrderStatus::Pending, vec![]));
    assert_eq!(it.metrics.all_observations(), [Observation::Retry], "stale, then occupied");
}

#[tokio::test]
async fn an_authorisation_that_is_not_captured_in_time_is_given_up_with_its_order() {
    let it = bench(order()).with_state(|it| it.transactions.push(authorized()));
    it.clock.advance(it.app.policy.authorization_ttl - seconds(1));
    release_uncaptured_orders(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    it.clock.advance(seconds(1));
    release_uncaptured_orders(&it.app).await.unwrap();
    assert_eq!(
        it.journal_lines(),
        ["commit ReturnStock RemoveOpenOrder UpdateOrder UpdateTransaction InsertRequest"]
    );
    let pending = it.record.state().transactions[0].pending_operation;
    assert_eq!((status(&it), pending), (OrderStatus::Closed, Some(PendingOperation::Void)));
}

#[tokio::test]
async fn an_authorisation_that_is_being_captured_is_left_alone() {
    let capturing =
        Transaction { pending_operation: Some(PendingOperation::Capture(yuan("20"))), ..authorized() };
    let it = bench(order()).with_state(|it| it.transactions.push(capturing));
    it.clock.advance(seconds(8 * DAY));
    release_uncaptured_orders(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn time_completes_what_was_delivered_and_closes_what_is_finished() {
    let by = operator().caller().changed_by();
    let delivered = [OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered]
        .into_iter()
        .fold(paid(), |it, to| transition_order_to(it, to, by));
    let it = bench(delivered);
    complete_delivered_orders(&it.app).await.unwrap();
    assert_eq!(status(&it), OrderStatus::Delivered);
    it.clock.advance(seconds(7 * DAY));
    complete_delivered_orders(&it.app).await.unwrap();
    assert_eq!(status(&it), OrderStatus::Completed);
    close_finished_orders(&it.app).await.unwrap();
    assert_eq!(status(&it), OrderStatus::Completed, "the after-sales period begins when it was completed");
    it.clock.advance(seconds(30 * DAY));
    close_finished_orders(&it.app).await.unwrap();
    assert_eq!(status(&it), OrderStatus::Closed);
}

#[tokio::test]
async fn a_sweep_that_finds_the_record_away_says_so() {
    let it = expired();
    it.record.refuse_next_commit(ports::CommitError::Failed(unavailable_error()));
    assert!(expire_unpaid_orders(&it.app).await.is_err());
}

#[tokio::test]
async fn a_full_batch_that_got_somewhere_is_followed_by_another() {
    let many = |state: &mut Snapshot| {
        let nth = |at: u32| Order {
            key: domain::OrderKey::new(i64::from(at)),
            number: OrderNumber::new(format!("n{at}")),
            ..order()
        };
        state.orders.extend((0..crate::sweeps::batch_loop::BATCH_SIZE).map(nth));
    };
    let it = TestApp::new().with_state(many);
    assert!(!expire_unpaid_orders(&it.app).await.unwrap(), "no order has expired");
    it.clock.advance(seconds(1_800));
    assert!(expire_unpaid_orders(&it.app).await.unwrap());
}
