mod unknown_here;

use std::ops::ControlFlow;

use domain::{
    ChangedBy, FindingKind, GatewayName, Refund, RefundId, RefundKey, Timestamp, Transaction, TransactionId,
    payment::{
        EventKind, EventReferences, KnownReference, PaymentEvent, PaymentStatus, ReferenceOwner, RefundFacts,
        ReportedAmount,
    },
};
use ports::{NoResponse, Statement, StatementEntry, StatementEntryKind, StatementPeriod};

use super::*;
use crate::testing::*;

/// Ends a run before this many payments are done.
struct Until(u64);

impl RunObserver for Until {
    fn before_payment(&mut self, done: u64) -> ControlFlow<()> {
        if done < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn bench(transaction: Transaction) -> TestApp {
    TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.push(transaction);
    })
}

async fn reconcile(it: &TestApp) -> PaymentsReport {
    it.clock.advance(seconds(1));
    reconcile_payments(&it.app, &sandbox(), NOW, &mut Until(u64::MAX)).await.unwrap().unwrap()
}

fn finding_kinds(it: &TestApp) -> Vec<FindingKind> {
    it.record.state().findings.iter().map(|it| it.finding.kind).collect()
}

fn refunded(amount: &str) -> Transaction {
    let refund = Refund {
        key: RefundKey::new(40),
        id: RefundId::new("r1".to_owned()),
        transaction: pending().key,
        amount: yuan(amount),
        facts: RefundFacts { succeeded_at: Some(NOW), ..RefundFacts::default() },
        requested_by: ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    };
    Transaction { refunds: vec![refund], ..captured() }
}

#[tokio::test]
async fn an_open_payment_is_asked_as_the_sweep_asks_and_gets_its_result() {
    let it = bench(pending());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let report = reconcile(&it).await;
    assert_eq!((report.looked_up, report.changed, report.open), (1, 1, 0));
    assert!(report.is_settled());
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
    assert_eq!(it.journal_lines()[0], "look up t1 20.00");
}

#[tokio::test]
async fn one_without_an_answer_is_open_and_the_run_is_not_settled() {
    let it = bench(pending());
    let report = reconcile(&it).await;
    assert_eq!((report.looked_up, report.changed, report.open), (1, 0, 1));
    assert!(!report.is_settled());
}

#[tokio::test]
async fn a_closed_payment_that_agrees_writes_nothing() {
    let it = bench(captured());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let report = reconcile(&it).await;
    assert_eq!((report.looked_up, report.changed), (1, 0));
    assert!(report.is_settled());
    assert_eq!(it.journal_lines(), ["look up t1 20.00"]);
}

/// Some gateways do not say when a refund was made, and its event has the time of the answer.
#[tokio::test]
async fn a_refund_that_agrees_keeps_the_time_at_which_it_was_made() {
    let it = bench(refunded("5"));
    let kinds = [EventKind::RefundSucceeded, EventKind::RefundFailed, EventKind::RefundFailed];
    let mut facts = RefundFacts { succeeded_at: Some(NOW), ..RefundFacts::default() };
    for (kind, later) in kinds.into_iter().zip(1..) {
        let now = NOW.saturating_add(seconds(later));
        it.gateway.push_answer(answer_with(EventKind::Captured));
        it.gateway.push_answer(move |asking| {
            let ScriptedAnswer::Event(event) = answer_with(kind)(asking)? else { panic!("an event") };
            let references =
                EventReferences { refund: Some(reference("re_1")), ..EventReferences::default() };
            Ok(ScriptedAnswer::Event(Box::new(PaymentEvent { at: now, references, ..*event })))
        });
        let commits = it.record.commits().len();
        let report = reconcile(&it).await;
        // The first report teaches the reference, the second one says something else.
        let is_new = later < 3;
        if later == 2 {
            facts.failed_at = Some(now);
        }
        assert_eq!(it.record.state().transactions[0].refunds[0].facts, facts, "{later}");
        assert_eq!(
            (it.record.commits().len() > commits, report.changed > 0),
            (is_new, later == 2),
            "{later}"
        );
    }
    assert_eq!(it.record.state().transactions[0].references.len(), 1);
}

#[tokio::test]
async fn what_the_gateway_says_wins_by_the_fold() {
    let it = bench(failed());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let report = reconcile(&it).await;
    assert_eq!((report.looked_up, report.changed), (1, 1));
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn another_amount_is_a_finding_once_and_nothing_is_mended() {
    let it = bench(captured());
    for _ in 0..2 {
        it.gateway.push_answer(|asking| {
            let mut event = event(EventKind::Captured, "19.99");
            event.order = Some(asking.charge.order.clone());
            Ok(ScriptedAnswer::Event(Box::new(event)))
        });
        let report = reconcile(&it).await;
        assert_eq!(report.differences.len(), 1, "{report:?}");
        assert_eq!(report.differences[0].kind, FindingKind::AmountMismatch);
        assert!(!report.is_settled());
    }
    assert_eq!(finding_kinds(&it), [FindingKind::AmountMismatch]);
    assert_eq!(it.record.state().transactions[0].captured_amount(), yuan("20"));
}

#[tokio::test]
async fn what_is_unknown_there_is_a_finding_once() {
    let it = bench(refunded("5"));
    for _ in 0..2 {
        it.gateway.push_answer(knows_nothing);
        it.gateway.push_answer(knows_nothing);
        let report = reconcile(&it).await;
        assert_eq!(report.differences.len(), 2, "the payment and its refund");
    }
    assert_eq!(finding_kinds(&it), [FindingKind::Reconciliation; 2]);
}

#[tokio::test]
async fn a_gateway_that_cannot_tell_or_does_not_answer_is_no_difference() {
    let it = bench(captured());
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::CannotTell));
    let report = reconcile(&it).await;
    assert_eq!((report.unclear, report.failed, report.differences.len()), (1, 0, 0));
    assert!(!report.is_settled());
    it.gateway.push_answer(|_| Err(NoResponse::Lost));
    let report = reconcile(&it).await;
    assert_eq!((report.unclear, report.failed, report.differences.len()), (0, 1, 0));
    assert!(!report.is_settled());
}

#[tokio::test]
async fn a_run_can_be_ended_between_two_payments() {
    let it = bench(captured());
    it.clock.advance(seconds(1));
    let report = reconcile_payments(&it.app, &sandbox(), NOW, &mut Until(0)).await.unwrap().unwrap();
    assert_eq!((report.looked_up, report.end), (0, RunEnd::Stopped));
    assert!(!report.is_settled() && it.journal_lines().is_empty());
}

#[tokio::test]
async fn a_gateway_that_is_down_ends_the_run() {
    let it = bench(captured());
    for _ in 0..5 {
        it.gateway.push_answer(|_| Err(NoResponse::unavailable("down")));
        reconcile(&it).await;
    }
    assert_eq!(reconcile(&it).await.end, RunEnd::GatewayUnavailable);
}

#[tokio::test]
async fn payments_from_before_are_left_out_unless_they_are_open() {
    let it = bench(Transaction { created_at: NOW.saturating_sub(seconds(1)), ..captured() });
    assert_eq!(reconcile(&it).await.looked_up, 0);
    let it = bench(Transaction { created_at: NOW.saturating_sub(seconds(1)), ..pending() });
    assert_eq!(reconcile(&it).await.looked_up, 1);
}

#[tokio::test]
async fn a_gateway_that_is_not_configured_is_named() {
    let it = bench(captured());
    let other = GatewayName::new("other".to_owned());
    assert_eq!(reconcile_payments(&it.app, &other, NOW, &mut Until(1)).await.unwrap(), None);
}

fn entry(kind: StatementEntryKind, amount: &str) -> StatementEntry {
    StatementEntry {
        line: 2,
        kind,
        transaction: Some(pending().id),
        payment: None,
        amount: Some(ReportedAmount { amount: amount.to_owned(), currency: "CNY".to_owned() }),
        at: Some(NOW),
    }
}

fn refund_entry(id: Option<&str>, refund: Option<&str>, amount: &str) -> StatementEntry {
    let id = id.map(|it| RefundId::new(it.to_owned()));
    entry(StatementEntryKind::Refund { id, reference: refund.map(reference) }, amount)
}

fn dispute_entry() -> StatementEntry {
    entry(StatementEntryKind::Dispute { reference: Some(reference("dp_1")) }, "20")
}

fn file(entries: Vec<StatementEntry>) -> Statement {
    let (from, until) = (NOW, NOW.saturating_add(seconds(1)));
    Statement { entries, skipped: 3, period: Some(StatementPeriod { from, until }) }
}

async fn compare(it: &TestApp, statement: &Statement) -> StatementReport {
    compare_statement(&it.app, &sandbox(), statement, &mut Until(u64::MAX)).await.unwrap()
}

fn details(report: &StatementReport) -> Vec<&str> {
    report.differences.iter().map(|it| it.detail.as_str()).collect()
}

#[tokio::test]
async fn a_file_that_agrees_is_settled_and_writes_nothing() {
    let it = bench(refunded("5"));
    let statement =
        file(vec![entry(StatementEntryKind::Payment, "20.00"), refund_entry(Some("r1"), None, "5")]);
    let report = compare(&it, &statement).await;
    assert!(report.is_settled(), "{report:?}");
    assert_eq!((report.compared, report.matched, report.skipped, report.expected), (2, 2, 3, 2));
    assert!(it.journal_lines().is_empty());
}

#[tokio::test]
async fn each_line_that_differs_says_how() {
    let it = bench(refunded("5"));
    let other = |id: &str| Some(TransactionId::new(id.to_owned()));
    let foreign = Some(ReportedAmount { amount: "20".to_owned(), currency: "EUR".to_owned() });
    for (odd, what) in [
        (entry(StatementEntryKind::Payment, "19.99"), "the amount differs"),
        (entry(StatementEntryKind::Payment, "20.001"), "the amount differs"),
        (
            StatementEntry { amount: foreign, ..entry(StatementEntryKind::Payment, "20") },
            "the currency differs",
        ),
        (
            StatementEntry { transaction: other("t9"), ..entry(StatementEntryKind::Payment, "20") },
            "a payment that is unknown",
        ),
        (refund_entry(Some("r1"), None, "4"), "the amount differs"),
        (refund_entry(Some("r9"), Some("re_9"), "5"), "a refund that is unknown"),
        (dispute_entry(), "a dispute that is unknown"),
    ] {
        let statement = Statement { entries: vec![odd], ..Statement::default() };
        let report = compare(&it, &statement).await;
        assert!(matches!(*details(&report), [detail] if detail.contains(what)), "{what}: {report:?}");
        assert!(report.differences[0].detail.starts_with("Line 2 of the settlement file: "));
    }
    let it = bench(failed());
    let report = compare(&it, &file(vec![entry(StatementEntryKind::Payment, "20")])).await;
    assert!(matches!(*details(&report), [detail] if detail.contains("not captured here")), "{report:?}");
}

#[tokio::test]
async fn what_the_file_lacks_within_its_period_is_found() {
    let it = bench(refunded("5"));
    let report = compare(&it, &file(Vec::new())).await;
    assert_eq!(report.expected, 2);
    assert!(matches!(*details(&report), [first, second]
        if first.starts_with("A payment was captured") && second.starts_with("A refund succeeded")));
    let later = NOW.saturating_add(seconds(1));
    let until = later.saturating_add(seconds(60));
    let outside = Statement { period: Some(StatementPeriod { from: later, until }), ..Statement::default() };
    assert!(compare(&it, &outside).await.is_settled());
}

#[tokio::test]
async fn a_refund_that_waits_here_agrees_and_one_that_failed_does_not() {
    let with = |facts| {
        let mut transaction = refunded("5");
        transaction.refunds[0].facts = facts;
        transaction
    };
    let statement = file(vec![entry(StatementEntryKind::Payment, "20"), refund_entry(Some("r1"), None, "5")]);
    let it = bench(with(RefundFacts::default()));
    assert!(compare(&it, &statement).await.is_settled());
    let it = bench(with(RefundFacts { failed_at: Some(NOW), ..RefundFacts::default() }));
    let report = compare(&it, &statement).await;
    assert!(matches!(*details(&report), [detail] if detail.contains("failed here")), "{report:?}");
}

#[tokio::test]
async fn a_refund_that_was_requested_before_the_period_may_be_in_an_earlier_file() {
    let mut transaction = refunded("5");
    transaction.refunds[0].created_at = NOW.saturating_sub(seconds(1));
    let it = bench(transaction);
    let report = compare(&it, &file(vec![entry(StatementEntryKind::Payment, "20")])).await;
    assert!(report.is_settled(), "{report:?}");
}

#[tokio::test]
async fn a_file_that_is_imported_again_doubles_nothing() {
    let it = bench(captured());
    let unknown = StatementEntry {
        transaction: None,
        payment: Some(reference("pi_9")),
        ..entry(StatementEntryKind::Payment, "1")
    };
    for _ in 0..2 {
        assert_eq!(compare(&it, &file(vec![unknown.clone()])).await.differences.len(), 2);
    }
    assert_eq!(finding_kinds(&it), [FindingKind::Reconciliation; 2]);
}

#[tokio::test]
async fn a_line_is_matched_by_the_gateways_references() {
    let known = |owner, text| KnownReference { owner, reference: reference(text) };
    let refund = ReferenceOwner::Refund(RefundId::new("r1".to_owned()));
    let references = vec![known(ReferenceOwner::Payment, "pi_1"), known(refund, "re_1")];
    let it = bench(Transaction { references, ..refunded("5") });
    let by = |payment: Option<&str>, of: StatementEntry| StatementEntry {
        transaction: None,
        payment: payment.map(reference),
        ..of
    };
    let report = compare(
        &it,
        &file(vec![
            by(Some("pi_1"), entry(StatementEntryKind::Payment, "20")),
            by(None, refund_entry(None, Some("re_1"), "5")),
        ]),
    )
    .await;
    assert!(report.is_settled(), "{report:?}");
}

#[tokio::test]
async fn a_payment_that_is_listed_twice_is_a_difference() {
    let it = bench(captured());
    let twice = vec![entry(StatementEntryKind::Payment, "20"), entry(StatementEntryKind::Payment, "20")];
    let report = compare(&it, &file(twice)).await;
    assert!(matches!(*details(&report), [detail] if detail.contains("a second time")), "{report:?}");
}

#[tokio::test]
async fn a_payment_that_waits_for_its_money_agrees_and_an_amount_that_is_not_stated_is_not_compared() {
    let it = bench(pending());
    assert!(compare(&it, &file(vec![entry(StatementEntryKind::Payment, "20")])).await.is_settled());
    let report = compare(&it, &file(vec![entry(StatementEntryKind::Payment, "19")])).await;
    assert!(matches!(*details(&report), [detail] if detail.contains("the amount differs")), "{report:?}");
    let unstated = StatementEntry { amount: None, ..entry(StatementEntryKind::Payment, "") };
    assert!(compare(&bench(captured()), &file(vec![unstated])).await.is_settled());
}

#[tokio::test]
async fn too_many_differences_end_the_run() {
    let it = bench(captured());
    let unknown = |line: u64| StatementEntry {
        line,
        transaction: Some(TransactionId::new(format!("other-{line}"))),
        ..entry(StatementEntryKind::Payment, "1")
    };
    let report = compare(&it, &file((1..=1_200).map(unknown).collect())).await;
    assert_eq!((report.compared, report.end), (1_000, RunEnd::TooManyDifferences));
}

#[tokio::test]
async fn without_a_stated_period_the_borders_of_the_file_are_left_to_its_neighbours() {
    let it = bench(captured());
    let unknown = |at: Timestamp| StatementEntry {
        transaction: Some(TransactionId::new("t9".to_owned())),
        at: Some(at),
        ..entry(StatementEntryKind::Payment, "1")
    };
    let around = |before: u64| {
        let entries =
            vec![unknown(NOW.saturating_sub(seconds(before))), unknown(NOW.saturating_add(seconds(3_600)))];
        Statement { entries, ..Statement::default() }
    };
    assert_eq!(compare(&it, &around(59)).await.expected, 0);
    assert_eq!(compare(&it, &around(60)).await.expected, 1);
}
