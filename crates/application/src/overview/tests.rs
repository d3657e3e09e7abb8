use adapters_local::record::ArchivedOrderRow;
use domain::order::OrderStatus;
use ports::BucketSize;

use super::*;
use crate::testing::*;

/// The two hours that end after `NOW`.
fn two_hours(now: Timestamp) -> OverviewWindow {
    OverviewWindow::ending_at(BucketSize::Hour, 0, now, 2).unwrap()
}

#[tokio::test]
async fn figures_are_added_up_by_bucket_and_currency() {
    let it = TestApp::new();
    let now = it.app.clock.now();
    let hour_ago = Timestamp::from_millis(now.as_millis() - 3_600_000);
    let it = it.with_state(|state| {
        let mut placed = |number: i64, created_at, status| {
            let number_text = domain::OrderNumber::new(format!("n-{number}"));
            let key = domain::OrderKey::new(number);
            state.orders.push(domain::Order { key, number: number_text, created_at, status, ..order() });
        };
        placed(501, now, OrderStatus::Pending);
        placed(502, now, OrderStatus::Paid);
        placed(503, hour_ago, OrderStatus::Cancelled);
        let long_ago = Timestamp::from_millis(0);
        placed(504, long_ago, OrderStatus::Paid);
    });
    let overview = read_overview(&it.app, &operator(), two_hours(now)).await.unwrap();
    let counts = |it: &CurrencyFigures| (it.currency().code(), it.orders, it.pending, it.paid);
    let buckets: Vec<Vec<_>> =
        overview.buckets.iter().map(|it| it.currencies.iter().map(counts).collect()).collect();
    assert_eq!(buckets, [vec![("CNY", 1, 0, 0)], vec![("CNY", 2, 1, 1)]]);
    assert_eq!(overview.totals.iter().map(counts).collect::<Vec<_>>(), [("CNY", 3, 1, 1)]);
    let three_orders = (0..3)
        .fold(MoneySum::zero(order().amount.currency()), |sum, _| sum.add_amount(order().amount.into()));
    assert_eq!(overview.totals[0].ordered, three_orders);
    assert_eq!((overview.complete_from, overview.deliveries, overview.feed.events), (None, 0, 0));
}

#[tokio::test]
async fn a_bucket_without_figures_is_there() {
    let it = TestApp::new();
    let now = it.app.clock.now();
    let overview = read_overview(&it.app, &operator(), two_hours(now)).await.unwrap();
    assert_eq!(overview.buckets.len(), 2);
    assert!(overview.buckets.iter().all(|it| it.currencies.is_empty()));
    assert!(overview.totals.is_empty() && overview.findings.is_empty());
}

#[tokio::test]
async fn a_window_from_which_orders_may_be_archived_is_complete_from_the_time_on_that_none_is() {
    let old_window = |it: &TestApp| {
        OverviewWindow::ending_at(BucketSize::Day, 0, latest_archive_date(&it.app), 3).unwrap()
    };
    let complete_from =
        async |it: &TestApp, window| read_overview(&it.app, &operator(), window).await.unwrap().complete_from;
    let it = TestApp::new();
    assert_eq!(complete_from(&it, old_window(&it)).await, None, "nothing is archived");
    let it = it.with_state(|it| {
        it.orders.push(order());
        it.archived_orders.push(ArchivedOrderRow { order: order().key });
    });
    assert_eq!(complete_from(&it, old_window(&it)).await, Some(latest_archive_date(&it.app)));
    assert_eq!(complete_from(&it, two_hours(it.app.clock.now())).await, None, "all of it is later");
}
