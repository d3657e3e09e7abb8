mod buyers;
mod ended_orders;
mod refunds;
mod slow_refunds;

use adapters_local::record::RequestRow;
use domain::{
    ChangedBy, EventId, Refund, RefundId, RefundKey,
    order::OrderStatus,
    payment::{
        EventDisposition, EventKind, EventTarget, KnownReference, PaymentEvent, PaymentRequest,
        PaymentRequestKind, PaymentStatus, PendingOperation, ReferenceOwner,
    },
};
use ports::{NoResponse, ParsedNotice};

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

/// A pending refund with id `r1` or `r2`.
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
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}

#[tokio::test]
async fn what_the_gateway_knows_becomes_true() {
    let it = bench(pending());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!(
        it.journal_lines(),
        ["look up t1 20.00", "commit RemoveOpenOrder UpdateOrder UpdateTransaction"]
    );
    assert_eq!((only(&it).status(), only(&it).check_at), (PaymentStatus::Captured, None));
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
}

#[tokio::test]
async fn what_is_open_decides_what_is_asked() {
    let with_operation =
        |operation| Transaction { pending_operation: Some(operation), check_at: Some(NOW), ..authorized() };
    let it = bench(with_operation(PendingOperation::Capture(yuan("5"))));
    check(&it).await;
    assert_eq!(it.journal_lines()[0], "look up t1 20.00");
    let it = bench(with_operation(PendingOperation::Void));
    check(&it).await;
    assert_eq!(it.journal_lines()[0], "look up t1 20.00");
    let it = bench(Transaction { refunds: vec![refund("r1", Some(NOW)), refund("r2", None)], ..captured() });
    check(&it).await;
    assert_eq!(it.journal_lines()[..2], ["look up r1 5.00", "look up r2 5.00"]);
}

#[tokio::test]
async fn questions_in_vain_are_put_off_longer_and_longer_without_the_orders_guard() {
    let it = bench(pending());
    let revision = it.record.state().orders[0].revision;
    for delay in [1, 2, 4, 8] {
        check(&it).await;
        assert_eq!(only(&it).check_at, Some(it.app.clock.now().saturating_add(seconds(delay))));
        it.clock.advance(seconds(delay));
    }
    assert_eq!(it.journal_lines()[1], "commit Postpone");
    assert_eq!(it.record.state().orders[0].revision, revision);
    let it = bench(Transaction { checks: 30, ..pending() });
    check(&it).await;
    assert_eq!(only(&it).check_at, Some(NOW.saturating_add(CHECK_DELAY_MAX)));
}

#[tokio::test]
async fn an_operator_finds_it_once() {
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
    assert_eq!(it.journal_lines(), ["look up t1 20.00"], "the other instance has made the check");
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
    let checks: Vec<_> = only(&it).refunds.iter().map(|it| (it.checks, it.check_at)).collect();
    assert_eq!(
        checks,
        [(1, Some(NOW.saturating_add(seconds(1)))), (3, Some(NOW.saturating_add(seconds(60))))]
    );
}

#[tokio::test]
async fn a_question_that_is_closed_without_an_answer_is_closed_under_the_guard() {
    // A notice has ended the open operation. At the same time another commit requests a capture, whose check
    // must not be removed.
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
    it.gateway.set_parsed_notice("early", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
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
        "the next sweep looks up the refund"
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

/// The calls to the gateway, without the commits.
fn asked(it: &TestApp) -> Vec<String> {
    it.journal_lines().into_iter().filter(|it| !it.starts_with("commit")).collect()
}

#[tokio::test]
async fn a_charge_that_never_arrived_is_asked_for_again_only_while_its_key_lives() {
    let it = bench(pending());
    it.clock.advance(KEY_LIFETIME - seconds(1));
    it.gateway.push_answer(knows_nothing);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!(asked(&it), ["look up t1 20.00", "charge t1 20.00"]);
    assert_eq!(only(&it).status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_charge_whose_key_may_be_forgotten_is_never_repeated_and_has_failed_if_it_is_unknown() {
    let it = bench(pending());
    it.clock.advance(KEY_LIFETIME);
    it.gateway.push_answer(knows_nothing);
    check(&it).await;
    assert_eq!(asked(&it), ["look up t1 20.00"]);
    let transaction = only(&it);
    assert_eq!((transaction.status(), transaction.check_at), (PaymentStatus::Failed, None));
    assert_eq!(transaction.failure_reason(), Some("the gateway does not know this payment"));
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Reconciliation]);
    assert!(!transaction.occupies_order(), "the order can be paid again");
}

#[tokio::test]
async fn a_charge_that_a_lookup_cannot_find_is_asked_for_again_only_while_its_key_lives() {
    let it = bench(pending());
    it.clock.advance(KEY_LIFETIME - seconds(1));
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::CannotTell));
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!(asked(&it), ["look up t1 20.00", "charge t1 20.00"]);
    assert_eq!(only(&it).status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn what_may_be_at_the_gateway_is_neither_repeated_nor_failed() {
    let named = KnownReference { owner: ReferenceOwner::Payment, reference: reference("pi_1") };
    let known = Transaction { references: vec![named], ..pending() };
    for (payment, wait, answer) in [
        (pending(), KEY_LIFETIME, Ok(ScriptedAnswer::CannotTell)),
        (known.clone(), seconds(0), Ok(ScriptedAnswer::CannotTell)),
        (known, KEY_LIFETIME, Ok(ScriptedAnswer::CannotTell)),
        (pending(), seconds(0), Err(NoResponse::Lost)),
        (pending(), KEY_LIFETIME, Err(NoResponse::Lost)),
        (pending(), seconds(0), Ok(ScriptedAnswer::Accepted(None))),
        (pending(), KEY_LIFETIME, Ok(ScriptedAnswer::Accepted(None))),
    ] {
        let it = bench(payment);
        it.clock.advance(wait);
        it.gateway.push_answer(move |_| answer);
        check(&it).await;
        assert_eq!(asked(&it), ["look up t1 20.00"]);
        assert_eq!((only(&it).status(), only(&it).checks), (PaymentStatus::Pending, 1));
    }
}

#[tokio::test]
async fn of_two_instances_one_gives_a_lapsed_charge_up() {
    let it = bench(pending());
    it.clock.advance(KEY_LIFETIME);
    it.gateway.push_answer(knows_nothing);
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions[0] = failed();
    });
    check(&it).await;
    assert_eq!(it.record.state().findings, []);
}

/// An authorisation whose capture or void was requested at [`NOW`].
fn claimed(operation: PendingOperation, kind: PaymentRequestKind) -> TestApp {
    let it = bench(Transaction { pending_operation: Some(operation), check_at: Some(NOW), ..authorized() });
    let request = PaymentRequest {
        transaction: pending().key,
        kind,
        amount: yuan("20"),
        requested_by: ChangedBy::SYSTEM,
        requested_at: NOW,
    };
    it.with_state(|it| it.requests.push(RequestRow { number: 1, request }))
}

#[tokio::test]
async fn a_capture_or_void_that_was_not_done_is_asked_for_again_while_its_key_lives_and_then_released() {
    for (operation, kind, again) in [
        (PendingOperation::Capture(yuan("5")), PaymentRequestKind::Capture, "capture t1 5.00"),
        (PendingOperation::Void, PaymentRequestKind::Void, "void t1 20.00"),
    ] {
        let it = claimed(operation, kind);
        it.clock.advance(KEY_LIFETIME - seconds(1));
        it.gateway.push_answer(answer_with(EventKind::Authorized));
        check(&it).await;
        assert_eq!(asked(&it), ["look up t1 20.00", again]);

        let it = claimed(operation, kind);
        it.clock.advance(KEY_LIFETIME);
        it.gateway.push_answer(answer_with(EventKind::Authorized));
        check(&it).await;
        assert_eq!(asked(&it), ["look up t1 20.00"]);
        assert_eq!((only(&it).pending_operation, only(&it).status()), (None, PaymentStatus::Authorized));
        let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
        assert_eq!((kinds, only(&it).check_at), (vec![FindingKind::Reconciliation], None));
    }
}

#[tokio::test]
async fn an_operation_that_the_gateway_may_be_working_on_is_asked_for_again_while_its_key_lives_and_not_released()
 {
    for (wait, calls) in [(seconds(0), 2), (KEY_LIFETIME, 1)] {
        let it = claimed(PendingOperation::Void, PaymentRequestKind::Void);
        it.clock.advance(wait);
        it.gateway.push_answer(answer_nothing);
        check(&it).await;
        assert_eq!((asked(&it).len(), only(&it).pending_operation), (calls, Some(PendingOperation::Void)));
        assert_eq!(it.record.state().findings, []);
    }
}

#[tokio::test]
async fn a_capture_that_was_done_is_found_and_not_asked_for_again() {
    let it = claimed(PendingOperation::Capture(yuan("20")), PaymentRequestKind::Capture);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    check(&it).await;
    assert_eq!((asked(&it).len(), only(&it).status()), (1, PaymentStatus::Captured));
}

#[tokio::test]
async fn a_reference_is_learnt_from_a_lookup_that_has_no_word_yet() {
    let it = bench(pending());
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Accepted(Some(reference("pi_1")))));
    check(&it).await;
    assert_eq!(it.journal_lines()[1], "commit UpdateOrder UpdateTransaction LearnReference");
    assert_eq!(only(&it).reference(), Some(&reference("pi_1")));
    assert_eq!((only(&it).status(), only(&it).checks), (PaymentStatus::Pending, 1));
}

#[tokio::test]
async fn what_a_lookup_reports_against_the_payment_again_and_again_is_one_open_finding() {
    let it = bench(pending());
    for _ in 0..3 {
        it.gateway.push_answer(|_| {
            let other =
                PaymentEvent { id: EventId::new("lookup".to_owned()), ..event(EventKind::Captured, "19.00") };
            let target = EventTarget::Transaction(pending().id);
            let reported =
                domain::payment::ReportedAmount { currency: "USD".to_owned(), ..other.reported.clone() };
            Ok(ScriptedAnswer::Event(Box::new(PaymentEvent { target, reported, ..other })))
        });
        check(&it).await;
        it.record.change(|it| it.transactions[0].check_at = Some(NOW));
    }
    let kinds: Vec<_> = it.record.state().findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!((kinds, only(&it).status()), (vec![FindingKind::CurrencyMismatch], PaymentStatus::Pending));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_or_put_off_while_the_gateway_is_left_alone() {
    let it = bench(pending());
    for _ in 0..5 {
        it.gateway.push_answer(|_| Err(NoResponse::unavailable("refused")));
        check(&it).await;
        it.record.change(|it| it.transactions[0].check_at = Some(NOW));
    }
    let before = it.journal_lines().len();
    assert!(matches!(reconcile_payment(&it.app, &pending().id).await, Err(PortError::Unavailable(_))));
    assert_eq!((it.journal_lines().len(), only(&it).checks), (before, 5));
}
