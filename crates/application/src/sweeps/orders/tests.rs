use domain::{Transaction, payment::Asked};
use ports::Happening;

use super::*;
use crate::testing::*;

fn bench(order: Order) -> Bench {
    Bench::new().with(|it| it.orders.push(order))
}

/// An order whose time to be paid is over.
fn expired() -> Bench {
    let it = bench(order());
    it.clock.advance(seconds(1_800));
    it
}

fn status(it: &Bench) -> Status {
    it.record.state().orders[0].status
}

const DAY: u64 = 24 * 3_600;

#[tokio::test]
async fn an_order_that_was_not_paid_in_time_closes_and_gives_its_stock_back() {
    let it = expired();
    assert!(!expire_unpaid(&it.app).await.unwrap());
    assert_eq!(it.journal(), ["commit ReturnStock UpdateOrder"]);
    assert_eq!(status(&it), Status::Closed);
    assert_eq!(it.meter.count(Happening::Swept("expire", 1)), 1);
}

#[tokio::test]
async fn an_order_is_not_closed_before_its_time_nor_while_a_payment_is_under_way() {
    let it = bench(order());
    expire_unpaid(&it.app).await.unwrap();
    let occupied = expired().with(|it| it.transactions.push(pending()));
    expire_unpaid(&occupied.app).await.unwrap();
    assert_eq!((it.record.commits(), occupied.record.commits()), (vec![], vec![]));
    let refused = expired().with(|it| it.transactions.push(failed()));
    expire_unpaid(&refused.app).await.unwrap();
    assert_eq!(status(&refused), Status::Closed);
}

#[tokio::test]
async fn an_expiry_loses_to_a_payment_that_comes_in_between() {
    let it = expired();
    it.record.meanwhile(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions.push(pending());
    });
    expire_unpaid(&it.app).await.unwrap();
    assert_eq!((status(&it), it.record.commits()), (Status::Pending, vec![]));
    assert_eq!(it.meter.all(), [Happening::Retry], "stale, then occupied");
}

#[tokio::test]
async fn an_authorisation_that_is_not_captured_in_time_is_given_up_with_its_order() {
    let it = bench(order()).with(|it| it.transactions.push(authorized()));
    it.clock.advance(it.app.policy.authorization_ttl - seconds(1));
    release_uncaptured(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
    it.clock.advance(seconds(1));
    release_uncaptured(&it.app).await.unwrap();
    assert_eq!(it.journal(), ["commit ReturnStock UpdateOrder UpdateTransaction InsertRequest"]);
    let asked = it.record.state().transactions[0].asked;
    assert_eq!((status(&it), asked), (Status::Closed, Some(Asked::Void)));
}

#[tokio::test]
async fn an_authorisation_that_is_being_captured_is_left_alone() {
    let asked = Transaction { asked: Some(Asked::Capture(yuan("20"))), ..authorized() };
    let it = bench(order()).with(|it| it.transactions.push(asked));
    it.clock.advance(seconds(8 * DAY));
    release_uncaptured(&it.app).await.unwrap();
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn time_completes_what_was_delivered_and_closes_what_is_finished() {
    let by = operator().caller().changed_by();
    let delivered = [Status::Processing, Status::Shipped, Status::Delivered]
        .into_iter()
        .fold(paid(), |it, to| moved(it, to, by));
    let it = bench(delivered);
    complete_delivered(&it.app).await.unwrap();
    assert_eq!(status(&it), Status::Delivered);
    it.clock.advance(seconds(7 * DAY));
    complete_delivered(&it.app).await.unwrap();
    assert_eq!(status(&it), Status::Completed);
    close_finished(&it.app).await.unwrap();
    assert_eq!(status(&it), Status::Completed, "the after-sales period begins when it was completed");
    it.clock.advance(seconds(30 * DAY));
    close_finished(&it.app).await.unwrap();
    assert_eq!(status(&it), Status::Closed);
}

#[tokio::test]
async fn a_sweep_that_finds_the_record_away_says_so() {
    let it = expired();
    it.record.refuses(ports::CommitError::Failed(away()));
    assert!(expire_unpaid(&it.app).await.is_err());
}

#[tokio::test]
async fn a_full_batch_that_got_somewhere_is_followed_by_another() {
    let many = |state: &mut Snapshot| {
        let nth = |at: u32| Order {
            key: domain::OrderKey::new(i64::from(at)),
            number: OrderNumber::new(format!("n{at}")),
            ..order()
        };
        state.orders.extend((0..crate::sweeps::due::LIMIT).map(nth));
    };
    let it = Bench::new().with(many);
    assert!(!expire_unpaid(&it.app).await.unwrap(), "nothing was due after all");
    it.clock.advance(seconds(1_800));
    assert!(expire_unpaid(&it.app).await.unwrap());
}
