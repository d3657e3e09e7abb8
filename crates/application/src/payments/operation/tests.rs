use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    FindingKind, Order, Timestamp,
    order::OrderStatus,
    payment::{
        EventDisposition, EventKind, PaymentRequestKind, PaymentStatus, PendingOperation, RefundStatus,
    },
};
use ports::{CommitError, MockClaimRepository, NoResponse, ParsedNotice, Write};

use super::*;
use crate::payments::reconcile_payment;
use crate::testing::*;

fn bench(order: Order, transaction: Transaction) -> TestApp {
    TestApp::new().with_state(|it| {
        it.orders.push(order);
        it.transactions.push(transaction);
    })
}

fn show(shown: &VisibleTransaction, refund: Option<&RefundId>) -> StoredReply {
    let transaction = &shown.transaction;
    let refund =
        refund.map(|id| transaction.refunds.iter().find(|it| it.id == *id).unwrap().status().as_str());
    reply(&format!("{} {}", transaction.status().as_str(), refund.unwrap_or("-")))
}

async fn ask(it: &TestApp, operation: PaymentOperation) -> Result<String, OperationError> {
    ask_with(it, request(), operation).await
}

async fn ask_with(
    it: &TestApp,
    request: IdempotentRequest,
    operation: PaymentOperation,
) -> Result<String, OperationError> {
    let outcome = execute_operation(&it.app, &operator(), request, &pending().id, operation, show).await?;
    Ok(match outcome {
        IdempotentReply::New(reply) => format!("first {}", reply.body),
        IdempotentReply::Replay(reply) => format!("again {}", reply.body),
    })
}

fn refund(amount: &str) -> PaymentOperation {
    refund_of(Some(amount))
}

/// Without an amount: of all that is left.
fn refund_of(amount: Option<&str>) -> PaymentOperation {
    let (subject, reason) = (RefundSubject::Amount(amount.map(str::to_owned)), Some(Text::new("broken")));
    PaymentOperation::Refund(NewRefund { subject, reason, metadata: Metadata::default() })
}

#[tokio::test]
async fn a_capture_is_claimed_then_asked_then_answered() {
    let it = bench(order(), authorized());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(ask(&it, PaymentOperation::Capture(None)).await.unwrap(), "first CAPTURED -");
    assert_eq!(
        it.journal_lines(),
        [
            "commit Claim UpdateOrder UpdateTransaction InsertRequest",
            "capture t1 20.00",
            "commit RemoveOpenOrder UpdateOrder UpdateTransaction StoreReply"
        ]
    );
    let Write::UpdateTransaction(claimed) = it.record.commits()[0].writes()[2].clone() else {
        panic!("the claim")
    };
    assert_eq!(claimed.pending_operation, Some(PendingOperation::Capture(yuan("20"))));
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
    assert_eq!(ask(&it, PaymentOperation::Capture(None)).await.unwrap(), "again CAPTURED -");
}

#[tokio::test]
async fn a_part_that_is_captured_does_not_pay_the_order() {
    let it = bench(order(), authorized());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    ask(&it, PaymentOperation::Capture(Some("5".to_owned()))).await.unwrap();
    let state = it.record.state();
    assert_eq!(state.transactions[0].captured_amount(), yuan("5"));
    assert_eq!(
        (state.orders[0].status, state.findings[0].finding.kind),
        (OrderStatus::Pending, FindingKind::PartialCapture)
    );
}

#[tokio::test]
async fn a_void_gives_the_authorisation_up() {
    let it = bench(order(), authorized());
    it.gateway.push_answer(answer_with(EventKind::Voided));
    assert_eq!(ask(&it, PaymentOperation::Void).await.unwrap(), "first VOIDED -");
    assert_eq!(it.journal_lines()[1], "void t1 20.00");
}

#[tokio::test]
async fn a_refused_operation_is_released_with_a_finding_and_can_be_corrected_at_once() {
    let it = bench(order(), authorized());
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Refused));
    let capture = |amount: &str| PaymentOperation::Capture(Some(amount.to_owned()));
    assert_eq!(ask(&it, capture("0.30")).await.unwrap(), "first AUTHORIZED -");
    let state = it.record.state().clone();
    assert_eq!((state.transactions[0].pending_operation, state.transactions[0].check_at), (None, None));
    let kinds: Vec<_> = state.findings.iter().map(|it| it.finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Reconciliation]);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let corrected = ask_with(&it, request_with("k2"), capture("5")).await;
    assert_eq!(corrected.unwrap(), "first CAPTURED -");
}

#[tokio::test]
async fn a_request_and_its_repetition_have_the_time_of_the_request() {
    let it = bench(order(), authorized());
    it.clock.advance(Duration::from_secs(60));
    let requested_at = it.app.clock.now();
    let times: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let (first, again) = (times.clone(), times.clone());
    it.gateway.push_answer(move |it| {
        first.lock().unwrap().push(it.charge.requested_at);
        Err(NoResponse::Lost)
    });
    ask(&it, PaymentOperation::Void).await.unwrap();
    it.clock.advance(Duration::from_secs(60));
    it.gateway.push_answer(answer_with(EventKind::Authorized));
    it.gateway.push_answer(move |it| {
        again.lock().unwrap().push(it.charge.requested_at);
        Err(NoResponse::Lost)
    });
    reconcile_payment(&it.app, &authorized().id).await.unwrap();
    assert_eq!(*times.lock().unwrap(), [requested_at, requested_at]);
}

#[tokio::test]
async fn a_partial_refund_leaves_the_order_where_it_is() {
    let it = bench(paid(), captured());
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("5")).await.unwrap(), "first CAPTURED SUCCEEDED");
    let state = it.record.state();
    assert_eq!(
        (state.orders[0].status, state.transactions[0].refunded_amount()),
        (OrderStatus::Paid, yuan("5"))
    );
}

#[tokio::test]
async fn a_refund_of_everything_moves_the_order_with_the_claim_and_with_the_answer() {
    let it = bench(paid(), captured());
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("20")).await.unwrap(), "first REFUNDED SUCCEEDED");
    let commits = it.record.commits();
    let moves = commits.iter().flat_map(|it| it.writes()).filter_map(|write| {
        if let Write::UpdateOrder(progress) = write { Some(progress.order().status) } else { None }
    });
    assert_eq!(moves.collect::<Vec<_>>(), [OrderStatus::RefundPending, OrderStatus::Refunded]);
}

#[tokio::test]
async fn a_retry_half_way_asks_again_for_the_same_and_claims_nothing_more() {
    let it = bench(paid(), captured());
    it.record.accept_next_commit();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(ask(&it, refund("5")).await, Err(OperationError::Key(KeyError::Failed(_)))));
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("5")).await.unwrap(), "first CAPTURED SUCCEEDED");
    let lines = it.journal_lines();
    assert_eq!(lines[2], lines[1].replace("refund", "look up"), "the same refund is looked up");
    assert_eq!(it.record.state().transactions[0].refunds.len(), 1);
}

#[tokio::test]
async fn an_operation_without_an_answer_stays_asked() {
    let it = bench(order(), authorized());
    assert_eq!(ask(&it, PaymentOperation::Capture(None)).await.unwrap(), "first AUTHORIZED -");
    assert_eq!(it.journal_lines()[2], "commit StoreReply");
    assert_eq!(
        it.record.state().transactions[0].pending_operation,
        Some(PendingOperation::Capture(yuan("20")))
    );

    let it = bench(paid(), captured());
    assert_eq!(ask(&it, refund("20")).await.unwrap(), "first CAPTURED PENDING");
    assert_eq!(it.record.state().transactions[0].refunds[0].status(), RefundStatus::Pending);
}

#[tokio::test]
async fn what_cannot_be_done_changes_nothing_and_asks_nothing() {
    let capture = |amount: &str| PaymentOperation::Capture(Some(amount.to_owned()));
    let it = bench(order(), authorized());
    let refused = ask(&it, capture("20.01")).await;
    assert!(matches!(refused, Err(OperationError::NotCapturable(NotCapturable::Exceeds))));
    assert!(matches!(ask(&it, capture("1.001")).await, Err(OperationError::Amount(_))));
    assert!(matches!(ask(&it, refund("1")).await, Err(OperationError::NotRefundable(NotRefundable::State))));
    assert_eq!(it.journal_lines(), Vec::<String>::new());

    let it = bench(paid(), captured());
    assert!(matches!(
        ask(&it, refund("20.01")).await,
        Err(OperationError::NotRefundable(NotRefundable::Exceeds))
    ));
    assert!(matches!(ask(&it, PaymentOperation::Void).await, Err(OperationError::NotVoidable(NotVoidable))));
    let refused = ask(&it, PaymentOperation::Capture(None)).await;
    assert!(matches!(refused, Err(OperationError::NotCapturable(NotCapturable::State))));
    assert_eq!(it.journal_lines(), Vec::<String>::new());

    assert!(matches!(ask(&TestApp::new(), PaymentOperation::Void).await, Err(OperationError::NotFound)));
}

/// It can still be paid in full, for all its pieces.
#[tokio::test]
async fn no_pieces_of_an_order_that_is_not_paid_are_refunded() {
    let it = bench(order(), captured_part("10"));
    let product = order().items[0].product.clone();
    let subject = RefundSubject::Pieces(vec![ReturnedPieces { product, quantity: 1, restock: true }]);
    let refund = NewRefund { subject, reason: None, metadata: Metadata::default() };
    let refused = ask(&it, PaymentOperation::Refund(refund)).await;
    assert!(matches!(refused, Err(OperationError::NotRefundable(NotRefundable::State))));
    assert_eq!(it.journal_lines(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_gateway_cannot_represent_is_refused_before_anything_is_claimed() {
    let capture = PaymentOperation::Capture(Some("5".to_owned()));
    for (order, transaction, operation) in [
        (order(), authorized(), capture.clone()),
        (order(), authorized(), PaymentOperation::Capture(None)),
        (paid(), captured(), refund("5")),
        (paid(), captured(), refund_of(None)),
    ] {
        let it = bench(order, transaction);
        it.gateway.refuse_all(Unsupported::Amount);
        let refused = ask(&it, operation).await.unwrap_err();
        assert!(matches!(refused, OperationError::Unsupported(Unsupported::Amount)), "{refused}");
        assert!(refused.is_refusal());
        assert_eq!(it.journal_lines(), Vec::<String>::new());
    }
    let it = bench(order(), authorized());
    it.gateway.refuse_all(Unsupported::Amount);
    it.gateway.push_answer(answer_with(EventKind::Voided));
    assert_eq!(ask(&it, PaymentOperation::Void).await.unwrap(), "first VOIDED -", "a void has no amount");
    // The rules of the payment come first.
    let mut other = request();
    other.key.key = "k2".to_owned();
    assert!(matches!(ask_with(&it, other, capture).await, Err(OperationError::NotCapturable(_))));
}

#[tokio::test]
async fn a_refund_that_a_notice_withdraws_after_its_claim_is_not_sent() {
    let it = bench(paid(), captured());
    let begun_there = domain::payment::PaymentEvent {
        refund: Some(RefundId::new("dashboard".to_owned())),
        ..event(EventKind::RefundSucceeded, "20.00")
    };
    it.record.after_next_commit(move |it| {
        let (order, transaction) = (it.orders[0].clone(), it.transactions[0].clone());
        let mut case = domain::payment::TransactionChange::from_order(order, transaction, false);
        let fresh = || domain::payment::RefundIds {
            key: domain::RefundKey::new(99),
            id: RefundId::new("r99".to_owned()),
        };
        domain::payment::apply_events(&mut case, &[begun_there], fresh, NOW);
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions[0] = case.transaction;
    });
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("20")).await.unwrap(), "first REFUNDED FAILED");
    assert!(!it.journal_lines().iter().any(|it| it.starts_with("refund")), "{:?}", it.journal_lines());
    assert_eq!(it.record.state().transactions[0].refunded_amount(), yuan("20"), "once");
}

#[tokio::test]
async fn refunds_at_once_never_give_back_more_than_was_captured() {
    let it = bench(paid(), captured());
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        let mut case = domain::payment::TransactionChange::from_order(paid(), captured(), false);
        let fresh =
            domain::payment::RefundIds { key: domain::RefundKey::new(1), id: RefundId::new("r1".to_owned()) };
        case.request_refund(
            domain::payment::RefundRequest::for_amount(Some(yuan("15"))),
            operator().caller().changed_by(),
            fresh,
            NOW,
        )
        .unwrap();
        it.transactions[0] = case.transaction;
    });
    assert!(matches!(
        ask(&it, refund("15")).await,
        Err(OperationError::NotRefundable(NotRefundable::Exceeds))
    ));
    assert_eq!(it.record.state().transactions[0].refunds.len(), 1);
}

#[tokio::test]
async fn a_copy_that_finds_its_own_capture_in_the_way_goes_on_with_it() {
    let mut claimed = authorized();
    claimed.pending_operation = Some(PendingOperation::Capture(yuan("20")));
    let mut it =
        bench(order(), claimed).without_locks().with_state(|it| it.claims.push(claim_for("t1", None)));
    let mut claims = MockClaimRepository::new();
    let mut calls = 0;
    claims.expect_find_claim().returning(move |_| {
        calls += 1;
        Ok((calls > 1).then(|| claim_for("t1", None)))
    });
    it.app.claims = Arc::new(claims);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(ask(&it, PaymentOperation::Capture(None)).await.unwrap(), "first CAPTURED -");
}

#[tokio::test]
async fn a_notice_that_waited_for_the_transaction_is_settled_with_the_claim() {
    let it = bench(order(), pending())
        .with_state(|it| it.events.push(stored_event("early", EventDisposition::Parked)));
    it.gateway
        .set_parsed_notice("early", ParsedNotice::Event(Box::new(event(EventKind::Authorized, "20.00"))));
    it.gateway.push_answer(answer_with(EventKind::Captured));
    ask(&it, PaymentOperation::Capture(None)).await.unwrap();
    assert_eq!(it.journal_lines()[0], "commit Claim UpdateOrder UpdateTransaction InsertRequest MoveEvent");
    let state = it.record.state();
    assert_eq!(state.events[0].disposition, EventDisposition::Applied);
    assert_eq!(state.transactions[0].status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_gateway_that_is_not_connected_any_more_is_asked_nothing() {
    let mut it = bench(order(), authorized());
    it.app.gateways.clear();
    assert_eq!(ask(&it, PaymentOperation::Void).await.unwrap(), "first AUTHORIZED -");
    assert_eq!(it.record.state().transactions[0].pending_operation, Some(PendingOperation::Void));
}

#[tokio::test]
async fn a_capture_and_a_void_say_who_asked_in_the_commit_that_claims_them() {
    for (operation, kind) in [
        (PaymentOperation::Capture(Some("4".to_owned())), PaymentRequestKind::Capture),
        (PaymentOperation::Void, PaymentRequestKind::Void),
    ] {
        let it = bench(order(), authorized());
        ask(&it, operation.clone()).await.unwrap();
        ask(&it, operation).await.unwrap();
        let by = operator().caller().changed_by();
        let requests: Vec<_> =
            it.record.state().requests.iter().map(|it| (it.request.kind, it.request.requested_by)).collect();
        assert_eq!(requests, [(kind, by)], "the request is stored once");
        let shown = crate::payments::read::list_visible_requests(&it.app, operator().caller(), order().key)
            .await
            .unwrap();
        assert_eq!(shown.map(|it| it.len()), Some(1));
        assert_eq!(
            crate::payments::read::list_visible_requests(&it.app, &caller(ada()), order().key).await.unwrap(),
            None
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_left_alone_refuses_an_operation_before_it_is_claimed() {
    let it = bench(order(), authorized());
    for _ in 0..5 {
        let admission = it.app.gateways[0].admit().await.unwrap();
        it.gateway.push_answer(|_| Err(ports::NoResponse::unavailable("refused")));
        admission.charge(ports::Charge::from(&pending())).await.unwrap_err();
    }
    assert!(matches!(ask(&it, PaymentOperation::Void).await, Err(OperationError::GatewayUnavailable(_))));
    assert!(
        matches!(ask(&it, refund("1")).await, Err(OperationError::NotRefundable(_))),
        "the rules refuse before the gateway is checked"
    );
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn a_refund_that_a_notice_withdrew_meanwhile_is_not_sent() {
    let it = bench(paid(), captured());
    let mut case = domain::payment::TransactionChange::from_order(paid(), captured(), false);
    let refund = case.request_refund(
        domain::payment::RefundRequest::for_amount(Some(yuan("20"))),
        domain::ChangedBy::SYSTEM,
        it.app.new_refund_ids(),
        NOW,
    );
    let id = refund.unwrap().id.clone();
    let begun_there = domain::payment::PaymentEvent {
        refund: Some(RefundId::new("dashboard".to_owned())),
        ..event(EventKind::RefundSucceeded, "20.00")
    };
    domain::payment::apply_events(&mut case, &[begun_there], || it.app.new_refund_ids(), NOW);
    let admission = it.app.gateways[0].admit().await.unwrap();
    let report =
        super::super::gateway_calls::request_operation(&admission, &case.transaction, Some(&id), &[]).await;
    assert_eq!((it.journal_lines(), report.events), (Vec::<String>::new(), Vec::new()));
}
