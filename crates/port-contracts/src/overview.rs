//! The suite for figures over time.

use std::collections::BTreeMap;

use domain::{
    Finding, FindingKind, Money, Refund, Sequence, Timestamp, Transaction,
    order::OrderStatus,
    payment::{Capture, RawFacts, RefundFacts},
};
use ports::{BucketSize, MoneyFigure, OrderFigure, OverviewFigures, OverviewWindow, Write};

use crate::{
    Backend,
    payments::replace,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! overview {
    ($($fixture:tt)+) => { $crate::stamp! { overview:
        orders_count_in_the_bucket_in_which_they_were_placed
        an_order_was_paid_by_its_status_and_its_history
        money_counts_when_it_moved_by_the_gateways_clock
        a_refund_counts_while_it_has_succeeded
        a_day_begins_by_the_clock_of_the_window
        sums_of_the_largest_amounts_are_exact
        beyond_the_limit_the_newest_are_counted
        open_findings_are_counted_by_kind
        ; $($fixture)+
    } };
}

/// More rows than any of these tests has.
const ROWS_MAX: u32 = 1_000;
/// The seconds from the start of the samples' time to the next full hour.
const TO_HOUR: i64 = 1_800;
const HOUR: i64 = 3_600;

/// The hours from the one of the start of the samples' time on.
fn hours(count: i64) -> OverviewWindow {
    let until = at((count - 1) * HOUR + 1);
    OverviewWindow::covering(BucketSize::Hour, 0, at(0), until).expect("some hours")
}

async fn read(backend: &Backend, window: OverviewWindow) -> OverviewFigures {
    backend.overview.read_figures(window, ROWS_MAX).await.expect("read")
}

type Orders = BTreeMap<(i64, &'static str), (u64, u64, u64, String)>;

/// Placed, pending and paid orders with their sum, by the bucket's place in the window and the currency.
fn orders_of(figures: &OverviewFigures, window: OverviewWindow) -> Orders {
    let mut sums = BTreeMap::<_, OrderFigure>::new();
    for it in &figures.orders {
        let place = (it.bucket - window.buckets().start, it.amount.currency().code());
        let add = |sum: &mut OrderFigure| {
            sum.placed += it.placed;
            sum.pending += it.pending;
            sum.paid += it.paid;
            sum.amount = sum.amount.add_amount(it.amount);
        };
        sums.entry(place).and_modify(add).or_insert(*it);
    }
    let show = |it: OrderFigure| (it.placed, it.pending, it.paid, it.amount.to_string());
    sums.into_iter().map(|(place, it)| (place, show(it))).collect()
}

/// Number and sum, by the bucket's place in the window.
fn money_of(figures: &[MoneyFigure], window: OverviewWindow) -> BTreeMap<i64, (u64, String)> {
    let mut sums = BTreeMap::<_, MoneyFigure>::new();
    for it in figures {
        let add = |sum: &mut MoneyFigure| {
            sum.count += it.count;
            sum.amount = sum.amount.add_amount(it.amount);
        };
        sums.entry(it.bucket - window.buckets().start).and_modify(add).or_insert(*it);
    }
    sums.into_iter().map(|(place, it)| (place, (it.count, it.amount.to_string()))).collect()
}

/// Stores an order of that amount.
async fn place(backend: &Backend, created_at: Timestamp, amount: Money) {
    let set = |it: &mut domain::Order| {
        (it.created_at, it.updated_at, it.status_changed_at) = (created_at, created_at, created_at);
        it.amount = amount;
    };
    backend.order_with(set).await;
}

/// Stores a payment of 20 yuan with that gateway that was captured at that time.
async fn capture(backend: &Backend, gateway: &str, captured_at: Timestamp) -> Transaction {
    let set = |it: &mut Transaction| {
        it.gateway = sample::gateway(gateway);
        it.amount = sample::money("20.00");
        let capture = Some(Capture { amount: it.amount, at: captured_at });
        it.facts = sample::restore_facts(RawFacts { capture, ..RawFacts::default() });
    };
    backend.transaction(&backend.order().await, set).await
}

/// Adds a refund with these facts to a payment.
async fn refund(backend: &Backend, transaction: &mut Transaction, amount: &str, facts: RefundFacts) {
    let refund = Refund { facts, check_at: None, ..sample::refund(transaction, amount) };
    transaction.refunds.push(refund);
    replace(backend, transaction).await;
}

/// By currency; the end of the window is not within.
pub async fn orders_count_in_the_bucket_in_which_they_were_placed(backend: &Backend) {
    let yen = Money::parse("700", "JPY").expect("an amount");
    place(backend, at(-TO_HOUR - HOUR), sample::money("1.00")).await;
    place(backend, at(0), sample::money("2.00")).await;
    place(backend, at(TO_HOUR - 1), sample::money("3.50")).await;
    place(backend, at(TO_HOUR), sample::money("4.00")).await;
    place(backend, at(TO_HOUR), yen).await;
    place(backend, at(TO_HOUR + HOUR), sample::money("5.00")).await;
    let window = hours(2);
    let expected = [
        ((0, "CNY"), (2, 2, 0, "5.50".to_owned())),
        ((1, "CNY"), (1, 1, 0, "4.00".to_owned())),
        ((1, "JPY"), (1, 1, 0, "700".to_owned())),
    ];
    let figures = read(backend, window).await;
    assert_eq!(orders_of(&figures, window), expected.into_iter().collect());
    assert_eq!(figures.complete_from, None);
}

/// A closed order was paid if its history is longer than that of one that was not.
pub async fn an_order_was_paid_by_its_status_and_its_history(backend: &Backend) {
    let stand = async |status: OrderStatus, entries: i64| {
        let set = |it: &mut domain::Order| {
            (it.status, it.last_sequence) = (status, Sequence::new(entries));
            it.status_before_refund = (status == OrderStatus::RefundPending).then_some(OrderStatus::Paid);
        };
        backend.order_with(set).await;
    };
    let window = hours(1);
    let (mut placed, mut pending, mut paid) = (0, 0, 0);
    for status in OrderStatus::ALL {
        for entries in [1, 3, 4] {
            stand(status, entries).await;
            placed += 1;
            pending += u64::from(status == OrderStatus::Pending);
            paid += u64::from(status.was_paid(entries));
        }
    }
    let figures = orders_of(&read(backend, window).await, window);
    let counts: Vec<_> = figures.values().map(|it| (it.0, it.1, it.2)).collect();
    assert_eq!(counts, [(placed, pending, paid)]);
}

/// Over all gateways.
pub async fn money_counts_when_it_moved_by_the_gateways_clock(backend: &Backend) {
    let mut early = capture(backend, "sandbox", at(1)).await;
    capture(backend, "stripe", at(2)).await;
    capture(backend, "sandbox", at(TO_HOUR)).await;
    capture(backend, "sandbox", at(TO_HOUR + HOUR)).await;
    let succeeded = RefundFacts { succeeded_at: Some(at(TO_HOUR + 5)), ..RefundFacts::default() };
    refund(backend, &mut early, "3.00", succeeded).await;
    let window = hours(2);
    let figures = read(backend, window).await;
    let captured = [(0, (2, "40.00".to_owned())), (1, (1, "20.00".to_owned()))];
    assert_eq!(money_of(&figures.captures, window), captured.into_iter().collect());
    assert_eq!(money_of(&figures.refunds, window), [(1, (1, "3.00".to_owned()))].into_iter().collect());
}

/// One that is pending does not count, and one that failed after it had succeeded no longer does.
pub async fn a_refund_counts_while_it_has_succeeded(backend: &Backend) {
    let mut transaction = capture(backend, "sandbox", at(1)).await;
    let (early, late) = (Some(at(5)), Some(at(9)));
    let returned = RefundFacts { succeeded_at: early, failed_at: late, ..RefundFacts::default() };
    refund(backend, &mut transaction, "1.00", RefundFacts::default()).await;
    refund(backend, &mut transaction, "2.00", returned).await;
    let window = hours(1);
    assert!(read(backend, window).await.refunds.is_empty());
    let kept = RefundFacts { succeeded_at: late, failed_at: early, ..RefundFacts::default() };
    refund(backend, &mut transaction, "4.00", kept).await;
    let figures = read(backend, window).await;
    assert_eq!(money_of(&figures.refunds, window), [(0, (1, "4.00".to_owned()))].into_iter().collect());
}

/// The samples begin at 08:30 in UTC, which is 16:30 in Shanghai.
pub async fn a_day_begins_by_the_clock_of_the_window(backend: &Backend) {
    let midnight = 7 * HOUR + TO_HOUR;
    place(backend, at(midnight - 1), sample::money("1.00")).await;
    place(backend, at(midnight), sample::money("2.00")).await;
    let days = |offset| {
        OverviewWindow::covering(BucketSize::Day, offset, at(0), at(midnight + HOUR)).expect("some days")
    };
    let figures = orders_of(&read(backend, days(8 * 60)).await, days(8 * 60));
    assert_eq!(figures.keys().map(|it| it.0).collect::<Vec<_>>(), [0, 1]);
    let figures = orders_of(&read(backend, days(0)).await, days(0));
    assert_eq!(figures.keys().map(|it| it.0).collect::<Vec<_>>(), [0]);
}

/// Two of them together are more than 64 bits hold.
pub async fn sums_of_the_largest_amounts_are_exact(backend: &Backend) {
    let most = Money::from_minor(Money::MAJOR_MAX * 100 - 1, sample::money("1.00").currency());
    let most = most.expect("the largest amount");
    for _ in 0..3 {
        place(backend, at(0), most).await;
    }
    let window = hours(1);
    let figures = orders_of(&read(backend, window).await, window);
    assert_eq!(figures.values().map(|it| it.3.as_str()).collect::<Vec<_>>(), ["2699999999999999.97"]);
}

/// The answer says from when on everything is counted.
pub async fn beyond_the_limit_the_newest_are_counted(backend: &Backend) {
    for seconds in [1, 2, 3] {
        place(backend, at(seconds), sample::money("1.00")).await;
    }
    let window = hours(1);
    let figures = backend.overview.read_figures(window, 2).await.expect("read");
    assert_eq!(orders_of(&figures, window).values().map(|it| it.0).sum::<u64>(), 2);
    let after = |at: Timestamp| Timestamp::from_millis(at.as_millis() + 1);
    assert_eq!(figures.complete_from, Some(after(at(2))));
    let figures = backend.overview.read_figures(window, 4).await.expect("read");
    assert_eq!(figures.complete_from, None);
    let mut transaction = capture(backend, "sandbox", at(11)).await;
    capture(backend, "sandbox", at(12)).await;
    for seconds in [20, 21] {
        let succeeded = RefundFacts { succeeded_at: Some(at(seconds)), ..RefundFacts::default() };
        refund(backend, &mut transaction, "1.00", succeeded).await;
    }
    let figures = backend.overview.read_figures(window, 1).await.expect("read");
    assert_eq!(money_of(&figures.captures, window), [(0, (1, "20.00".to_owned()))].into_iter().collect());
    assert_eq!(figures.complete_from, Some(after(at(21))), "the latest of all limits");
}

/// Whenever they were found; a resolved one does not count.
pub async fn open_findings_are_counted_by_kind(backend: &Backend) {
    let kinds =
        [FindingKind::Dispute, FindingKind::Dispute, FindingKind::Unreadable, FindingKind::LateCapture];
    let mut last = None;
    for kind in kinds {
        let finding = Finding { kind, created_at: at(-100 * HOUR), ..sample::finding() };
        backend.commit([Write::InsertFinding(finding.clone())]).await;
        last = Some(finding.id);
    }
    let resolution = Write::ResolveFinding {
        id: last.expect("there are some"),
        note: domain::Text::new("done"),
        by: domain::ChangedBy::SYSTEM,
        at: at(9),
    };
    backend.commit([resolution]).await;
    let mut counts = read(backend, hours(1)).await.findings;
    counts.sort_by_key(|(kind, _)| kind.as_str());
    assert_eq!(counts, [(FindingKind::Dispute, 2), (FindingKind::Unreadable, 1)]);
}
