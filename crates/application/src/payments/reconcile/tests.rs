use domain::{
    ChangedBy, Refund, RefundId, RefundKey,
    order::OrderStatus,
    payment::{EventDisposition, EventKind},
};
use ports::ParsedNotice;

use super::*;
use crate::testing::*;

fn bench(transaction: Transaction) -> TestApp {
    TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(transaction);
    })
}

async fn check(it: &TestApp) {
    reconcile_payment(&it.app, &pending().id).await.unwrap();
}

fn only(it: &TestApp) -> Transaction {
    it.record.state().transactions[0].clone()
}

/// One of the refunds `r1` and `r2`.
fn refund(id: &str, check_at: Option<Timestamp>) -> Refund {
    Refund {
        key: RefundKey::new(if id == "r1" { 40 } else { 41 }),
        id: RefundId::new(id.to_owned()),
        transaction: pending().key,
        amount: yuan("5"),
        facts: domain::payment::RefundFacts::default(),
        requested_by: domain::ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at,
        checks: 0,
    }
}

#[tokio::test]
async fn what_the_gateway_knows_becomes_true() {
    let it = bench(pending());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!(
        it.journal_lines(),
        ["charge again t1 20.00", "commit RemoveOpenOrder UpdateOrder UpdateTransaction"]
    );
    assert_eq!((only(&it).status(), only(&it).check_at), (PaymentStatus::Captured, None));
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
}

#[tokio::test]
async fn what_is_open_decides_what_is_asked() {
    let asked = |asked| Transaction { pending_operation: Some(asked), check_at: Some(NOW), ..authorized() };
    let it = bench(asked(PendingOperation::Capture(yuan("5"))));
    check(&it).await;
    assert_eq!(it.journal_lines()[0], "capture t1 5.00");
    let it = bench(asked(PendingOperation::Void));
    check(&it).await;
    assert_eq!(it.journal_lines()[0], "void t1 20.00");
    let it = bench(Transaction { refunds: vec![refund("r1", Some(NOW)), refund("r2", None)], ..captured() });
    check(&it).await;
    assert_eq!(it.journal_lines()[..2], ["refund r1 5.00", "refund r2 5.00"]);
}

#[tokio::test]
async fn questions_in_vain_are_put_off_longer_and_longer_without_the_orders_guard() {
    let it = bench(pending());
    let revision = it.record.state().orders[0].revision;
    for pause in [1, 2, 4, 8] {
        check(&it).await;
        assert_eq!(only(&it).check_at, Some(it.app.clock.now().saturating_add(seconds(pause))));
        it.clock.advance(seconds(pause));
    }
    assert_eq!(it.journal_lines()[1], "commit Postpone");
    assert_eq!(it.record.state().orders[0].revision, revision);
    let it = bench(Transaction { checks: 30, ..pending() });
    check(&it).await;
    assert_eq!(only(&it).check_at, Some(NOW.saturating_add(CHECK_DELAY_MAX)));
}

#[tokio::test]
async fn an_operator_is_told_once() {
    let it = bench(Transaction { checks: CHECKS_BEFORE_FINDING - 1, ..pending() });
    for _ in 0..3 {
        check(&it).await;
        it.clock.advance(CHECK_DELAY_MAX);
    }
    assert_eq!(it.journal_lines()[1], "commit UpdateOrder UpdateTransaction InsertFinding");
    let findings = it.record.state().findings.clone();
    let about: Vec<_> = findings.iter().map(|it| (it.finding.kind, it.finding.transaction.clone())).collect();
    assert_eq!(about, [(FindingKind::Reconciliation, Some(pending().id))]);
}

#[tokio::test]
async fn of_two_instances_only_one_tells_the_operator() {
    let it = bench(Transaction { checks: CHECKS_BEFORE_FINDING - 1, ..pending() });
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        let later = Some(NOW.saturating_add(seconds(128)));
        (it.transactions[0].checks, it.transactions[0].check_at) = (CHECKS_BEFORE_FINDING, later);
    });
    check(&it).await;
    assert_eq!(it.journal_lines(), ["charge again t1 20.00"], "nothing was left to commit");
    assert_eq!(only(&it).checks, CHECKS_BEFORE_FINDING);
}

#[tokio::test]
async fn each_refund_has_its_own_pause() {
    let refunds = vec![
        refund("r1", Some(NOW)),
        Refund { checks: 3, ..refund("r2", Some(NOW.saturating_add(seconds(60)))) },
    ];
    let it = bench(Transaction { refunds, ..captured() });
    check(&it).await;
    let put_off: Vec<_> = only(&it).refunds.iter().map(|it| (it.checks, it.check_at)).collect();
    assert_eq!(
        put_off,
        [(1, Some(NOW.saturating_add(seconds(1)))), (3, Some(NOW.saturating_add(seconds(60))))]
    );
}

#[tokio::test]
async fn a_question_that_is_closed_without_an_answer_is_closed_under_the_guard() {
    // A notice was faster; at the same moment somebody asks for a capture, whose check must not be forgotten.
    let it = bench(Transaction { check_at: Some(NOW), ..authorized() });
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions[0].pending_operation = Some(PendingOperation::Capture(yuan("20")));
        it.transactions[0].check_at = Some(NOW.saturating_add(seconds(3)));
    });
    check(&it).await;
    assert_eq!(only(&it).check_at, Some(NOW.saturating_add(seconds(3))));
}

#[tokio::test]
async fn what_waited_is_applied_even_when_the_gateway_says_nothing() {
    let it =
        bench(pending()).with_state(|it| it.events.push(stored_event("early", EventDisposition::Overdue)));
    it.gateway.set_meaning("early", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    check(&it).await;
    assert_eq!(it.journal_lines()[1], "commit RemoveOpenOrder UpdateOrder UpdateTransaction MoveEvent");
    assert_eq!(only(&it).status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_late_answer_about_a_cancelled_order_gives_the_money_back() {
    let it = bench(pending());
    it.record.change(|it| {
        it.orders[0] = transition_order_to(order(), OrderStatus::Cancelled, ChangedBy::customer(ada().key))
    });
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!(it.journal_lines()[1], "commit UpdateOrder UpdateTransaction InsertFinding");
    assert_eq!(
        only(&it).refunds[0].check_at,
        Some(NOW.saturating_add(CHECK_DELAY_MIN)),
        "the next sweep asks for the refund"
    );
}

#[tokio::test]
async fn a_transaction_that_is_not_there_and_a_gateway_that_is_gone_are_no_failure() {
    check(&TestApp::new()).await;
    let mut it = bench(pending());
    it.app.gateways.clear();
    check(&it).await;
    assert_eq!((it.journal_lines(), only(&it).checks), (vec!["commit Postpone".to_owned()], 1));
}
