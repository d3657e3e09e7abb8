use domain::{
    Refund, RefundKey, Transaction,
    order::OrderStatus,
    payment::{CaptureMethod, EventKind, PaymentStatus, PaymentToken, RefundFacts},
};
use ports::{AttemptOutcome, CommitError, NoResponse, StoredReply};

use super::*;
use crate::{
    IdempotentReply,
    payments::{
        NewPayment, PaymentOperation, VisibleTransaction, execute_operation, reconcile_payment, start_payment,
    },
    testing::*,
};

fn bench(transactions: impl IntoIterator<Item = Transaction>) -> TestApp {
    let it = TestApp::new().with_state(|it| {
        it.orders.push(order());
        it.transactions.extend(transactions);
    });
    it.gateway.record_attempts();
    it
}

fn show(shown: &VisibleTransaction) -> StoredReply {
    reply(shown.transaction.status().as_str())
}

async fn pay(it: &TestApp) -> IdempotentReply {
    let payment = NewPayment {
        number: order().number,
        gateway: sandbox(),
        token: PaymentToken::new("tok_visa".to_owned()),
        capture_method: CaptureMethod::Automatic,
        metadata: domain::order::Metadata::default(),
    };
    start_payment(&it.app, &caller(ada()), request(), payment, show).await.unwrap()
}

/// Each stored attempt: its operation, the refund, and the reason if there was no answer.
fn stored(it: &TestApp) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let all = it.record.state().attempts.clone();
    let line = |it: StoredAttempt| {
        let reason = match it.attempt.outcome {
            AttemptOutcome::Answered { .. } => None,
            AttemptOutcome::Failed(reason) => Some(reason),
        };
        (it.operation.as_str(), it.refund.map(|it| it.to_string()), reason)
    };
    all.into_iter().map(line).collect()
}

fn refund(id: &str) -> Refund {
    Refund {
        key: RefundKey::new(40),
        id: RefundId::new(id.to_owned()),
        transaction: pending().key,
        amount: yuan("5"),
        facts: RefundFacts::default(),
        requested_by: domain::ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: Some(NOW),
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}

#[tokio::test]
async fn a_charge_is_stored_in_the_commit_of_its_answer() {
    let it = bench([]);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    pay(&it).await;
    let lines = it.journal_lines();
    assert_eq!(lines[2], "commit RemoveOpenOrder UpdateOrder UpdateTransaction InsertAttempts StoreReply");
    assert_eq!(stored(&it), [("CHARGE", None, None)]);
    let state = it.record.state();
    assert_eq!(state.attempts[0].transaction, state.transactions[0].key);
    assert!(state.attempts[0].attempt.request.starts_with("charge "), "{state:?}");
}

#[tokio::test]
async fn a_charge_without_an_answer_is_stored_with_the_reply_of_the_client() {
    let it = bench([]);
    it.gateway.push_answer(|_| Err(NoResponse::Lost));
    pay(&it).await;
    assert_eq!(it.journal_lines()[2], "commit InsertAttempts StoreReply");
    assert_eq!(stored(&it), [("CHARGE", None, Some("the gateway's answer was lost".to_owned()))]);
}

#[tokio::test]
async fn what_the_gateway_said_is_stored_although_another_request_has_replied() {
    let it = bench([]);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    it.record.accept_next_commit();
    it.record.before_next_commit(|it| it.claims[0].reply = Some(reply("faster")));
    assert!(matches!(pay(&it).await, IdempotentReply::Replay(_)));
    assert_eq!(stored(&it), [("CHARGE", None, None)]);
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_stale_round_stores_nothing_and_the_next_one_everything_once() {
    let it = bench([pending()]);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    it.record.refuse_next_commit(CommitError::Stale);
    reconcile_payment(&it.app, &pending().id).await.unwrap();
    assert_eq!(stored(&it), [("LOOK_UP", None, None)]);
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_lookup_without_a_result_is_stored_without_the_orders_guard() {
    let it = bench([pending()]);
    let revision = it.record.state().orders[0].revision;
    it.gateway.push_answer(answer_nothing);
    reconcile_payment(&it.app, &pending().id).await.unwrap();
    // Not due any more: nothing but the attempt is left to be stored.
    it.gateway.push_answer(answer_nothing);
    reconcile_payment(&it.app, &pending().id).await.unwrap();
    let lines = it.journal_lines();
    assert_eq!([&lines[1], &lines[3]], ["commit Postpone InsertAttempts", "commit InsertAttempts"]);
    assert_eq!(it.record.state().orders[0].revision, revision);
    assert_eq!(stored(&it).len(), 2);
}

#[tokio::test]
async fn every_operation_is_stored_under_its_name() {
    let it = bench([Transaction { refunds: vec![refund("r1")], ..captured() }]);
    it.gateway.push_answer(knows_nothing);
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    reconcile_payment(&it.app, &pending().id).await.unwrap();
    let r1 = Some("r1".to_owned());
    assert_eq!(stored(&it), [("LOOK_UP", r1.clone(), None), ("REFUND", r1, None)]);
    for (operation, kind, name) in [
        (PaymentOperation::Capture(None), EventKind::Captured, "CAPTURE"),
        (PaymentOperation::Void, EventKind::Voided, "VOID"),
    ] {
        let it = bench([authorized()]);
        it.gateway.push_answer(answer_with(kind));
        let render = |it: &VisibleTransaction, _: Option<&RefundId>| show(it);
        execute_operation(&it.app, &operator(), request(), &pending().id, operation, render).await.unwrap();
        assert_eq!(stored(&it), [(name, None, None)]);
    }
}

#[tokio::test]
async fn an_operator_reads_them_page_by_page() {
    let it = bench([pending()]);
    for _ in 0..3 {
        it.gateway.push_answer(answer_nothing);
        reconcile_payment(&it.app, &pending().id).await.unwrap();
    }
    let first = list_attempts(&it.app, &operator(), &pending().id, None, 2).await.unwrap().unwrap();
    let after = first.next.map(AttemptId::new);
    assert_eq!((first.data.len(), after.is_some()), (2, true));
    let rest = list_attempts(&it.app, &operator(), &pending().id, after, 2).await.unwrap().unwrap();
    assert_eq!((rest.data.len(), rest.next), (1, None));
    let unknown = TransactionId::new("t9".to_owned());
    assert_eq!(list_attempts(&it.app, &operator(), &unknown, None, 2).await.unwrap(), None);
}
