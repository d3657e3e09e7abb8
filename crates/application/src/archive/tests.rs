use std::sync::Arc;

use adapters_local::record::ArchivedOrderRow;
use domain::{OrderNumber, Refund, payment::EventDisposition};
use futures_util::FutureExt;
use ports::OrderFilter;

use super::*;
use crate::{outage_watch::UNAVAILABLE_MAX, testing::*};

/// A closed order with its payment and a notice of it, whose time has come.
fn bench() -> TestApp {
    let it = TestApp::new().with_state(|it| {
        it.orders.push(domain::Order { status: OrderStatus::Closed, ..order() });
        it.transactions.push(captured());
        it.events.push(stored_event("e1", EventDisposition::Applied));
    });
    it.clock.advance(it.app.policy.event_retention);
    it.clock.advance(Duration::from_millis(1));
    it
}

/// A refund that its gateway has not answered.
fn open_refund() -> Refund {
    Refund {
        key: domain::RefundKey::new(5),
        id: domain::RefundId::new("r5".to_owned()),
        transaction: captured().key,
        amount: yuan("1"),
        facts: domain::payment::RefundFacts::default(),
        requested_by: domain::ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}

async fn run(it: &TestApp) -> ArchiveReport {
    archive_orders(&it.app, it.app.clock.now(), None, |_| ()).await.unwrap()
}

fn archived(it: &TestApp) -> Vec<ArchivedOrderRow> {
    it.record.state().archived_orders
}

#[tokio::test]
async fn a_closed_order_is_archived_once_and_read_by_its_number() {
    let it = bench();
    assert_eq!(run(&it).await, ArchiveReport { archived: 1, ..ArchiveReport::default() });
    assert_eq!(it.journal_lines(), ["commit ArchiveOrders"]);
    assert_eq!(run(&it).await, ArchiveReport::default());
    assert_eq!(archived(&it), [ArchivedOrderRow { order: order().key }]);
    let listed = it.app.orders.list_orders(OrderFilter { limit: 9, ..OrderFilter::default() }).await.unwrap();
    assert_eq!(listed.data, []);
    let found = it.app.orders.find_order(&order().number).await.unwrap().unwrap();
    assert_eq!((found.key, found.revision), (order().key, order().revision.next()));
}

#[tokio::test]
async fn the_order_must_be_old_whatever_date_is_asked_for() {
    let it = TestApp::new()
        .with_state(|it| it.orders.push(domain::Order { status: OrderStatus::Closed, ..order() }));
    it.clock.advance(it.app.policy.event_retention);
    assert_eq!(run(&it).await, ArchiveReport::default(), "it changed exactly then");
}

#[tokio::test]
async fn nothing_that_is_open_is_archived() {
    type Change = fn(&mut Snapshot);
    let changes: [(&str, Change); 6] = [
        ("order", |it| it.orders[0].status = OrderStatus::Completed),
        ("payment", |it| it.transactions[0] = pending()),
        ("question", |it| it.transactions[0].check_at = Some(NOW)),
        ("late payment", |it| it.transactions[0].updated_at = NOW.saturating_add(Duration::from_secs(9))),
        ("notice", |it| it.events[0].disposition = EventDisposition::Waiting),
        ("erasure", |it| {
            let progress = ports::ErasureProgress::Waiting;
            it.erasures.push(ports::Erasure { user: order().owner, erased_at: NOW, progress });
        }),
    ];
    for (what, change) in changes {
        let it = bench().with_state(change);
        assert_eq!(run(&it).await.archived, 0, "{what}");
        assert_eq!(archived(&it), [], "{what}");
    }
    let it = bench().with_state(|it| it.transactions[0].refunds.push(open_refund()));
    assert_eq!(run(&it).await, ArchiveReport { open: 1, ..ArchiveReport::default() });
}

#[tokio::test]
async fn an_order_that_changes_meanwhile_stays_and_the_others_go() {
    let it = bench().with_state(|it| {
        let other = OrderNumber::new("other".to_owned());
        it.orders.push(domain::Order {
            key: OrderKey::new(generated_key(77)),
            number: other,
            ..it.orders[0].clone()
        });
    });
    it.record.before_next_commit(|it| it.orders[0].revision = it.orders[0].revision.next());
    assert_eq!(run(&it).await, ArchiveReport { archived: 1, busy: 1, ..ArchiveReport::default() });
    assert_eq!(archived(&it), [ArchivedOrderRow { order: OrderKey::new(generated_key(77)) }]);
}

#[tokio::test]
async fn a_run_ends_at_its_limit_and_the_next_one_goes_on() {
    let it = with_orders(bench(), 120);
    let mut batches = Vec::new();
    let before = it.app.clock.now();
    archive_orders(&it.app, before, Some(70), |it| batches.push(it.archived)).await.unwrap();
    assert_eq!(batches, [50, 70]);
    assert_eq!(run(&it).await.archived, 50);
    assert_eq!(archived(&it).len(), 120);
}

fn fault() -> CommitError {
    CommitError::Failed(PortError::bug("a rule of the archive is broken"))
}

/// That many closed orders without payments, of keys from 1.
fn with_orders(it: TestApp, count: i64) -> TestApp {
    it.with_state(|it| {
        it.transactions.clear();
        let first = it.orders.remove(0);
        it.orders.extend((1..=count).map(|n| {
            let number = OrderNumber::new(format!("n{n}"));
            domain::Order { key: OrderKey::new(n), number, ..first.clone() }
        }));
    })
}

#[tokio::test]
async fn an_order_that_cannot_be_moved_has_one_finding_and_the_others_go() {
    let it = with_orders(bench(), 3);
    for _ in 0..2 {
        it.record.refuse_next_commit(fault());
    }
    assert_eq!(run(&it).await, ArchiveReport { archived: 2, failed: 1, ..ArchiveReport::default() });
    // Alone in its batch, it is tried twice.
    for _ in 0..2 {
        it.record.refuse_next_commit(fault());
    }
    assert_eq!(run(&it).await, ArchiveReport { failed: 1, ..ArchiveReport::default() });
    let findings = it.record.state().findings;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].finding.kind, FindingKind::ArchiveFailed);
    assert_eq!(findings[0].finding.order, Some(OrderNumber::new("n1".to_owned())));
    assert_eq!(run(&it).await.archived, 1);
}

#[tokio::test]
async fn an_order_whose_rows_are_locked_stays_and_the_others_go() {
    let it = with_orders(bench(), 3);
    for _ in 0..2 {
        it.record.refuse_next_commit(unavailable_error().into());
    }
    assert_eq!(run(&it).await, ArchiveReport { archived: 2, busy: 1, ..ArchiveReport::default() });
    assert_eq!(it.record.state().findings, []);
}

#[tokio::test]
async fn a_database_that_is_away_ends_the_run_after_few_orders() {
    let it = with_orders(bench(), 9);
    for _ in 0..=UNAVAILABLE_MAX {
        it.record.refuse_next_commit(unavailable_error().into());
    }
    let outcome = archive_orders(&it.app, it.app.clock.now(), None, |_| ()).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))), "{outcome:?}");
    assert_eq!(archived(&it), []);
    assert_eq!(run(&it).await.archived, 9);
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_archived_once() {
    let it = with_orders(bench(), 3);
    it.record.lose_next_answer();
    assert_eq!(run(&it).await, ArchiveReport { busy: 3, ..ArchiveReport::default() });
    assert_eq!(archived(&it).len(), 3);
}

#[tokio::test]
async fn an_order_that_is_unavailable_to_read_stays_and_the_others_go() {
    let mut it = with_orders(bench(), 3);
    let record = it.app.payments.clone();
    let mut payments = ports::MockPaymentRepository::new();
    payments.expect_find_cases().returning(move |keys| match keys {
        [CaseKey::Order(one)] if one.as_str() != "n1" => record.find_cases(keys).now_or_never().unwrap(),
        _ => Err(unavailable_error()),
    });
    it.app.payments = Arc::new(payments);
    assert_eq!(run(&it).await, ArchiveReport { archived: 2, busy: 1, ..ArchiveReport::default() });
}
