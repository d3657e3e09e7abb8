mod actions;
mod notices;
mod services;

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use domain::{
    ChangedBy, FindingKind, Revision,
    payment::{EventDisposition, EventKind, NextAction, PaymentStatus},
};
use ports::{Claim, CommitError, MockClaimRepository, MockPaymentRepository, ParsedNotice};

use super::*;
use crate::{Limit, testing::*};

fn with_order() -> TestApp {
    TestApp::new().with_state(|it| it.orders.push(order()))
}

fn payment() -> NewPayment {
    NewPayment {
        number: order().number,
        gateway: sandbox(),
        token: PaymentToken::new("tok_visa".to_owned()),
        capture_method: CaptureMethod::Automatic,
        metadata: domain::order::Metadata::default(),
    }
}

fn show(shown: &VisibleTransaction) -> StoredReply {
    let transaction = &shown.transaction;
    reply(&format!("{} {}", transaction.id, transaction.status().as_str()))
}

async fn pay(it: &TestApp) -> Result<IdempotentReply, StartPaymentError> {
    start_payment(&it.app, &caller(ada()), request(), payment(), show).await
}

/// Whether the reply is new, and the status that it shows.
fn told(outcome: &IdempotentReply) -> (bool, &str) {
    let (is_new, reply) = match outcome {
        IdempotentReply::New(reply) => (true, reply),
        IdempotentReply::Replay(reply) => (false, reply),
    };
    (is_new, reply.body.split_once(' ').unwrap().1)
}

fn statuses(it: &TestApp) -> Vec<PaymentStatus> {
    it.record.state().transactions.iter().map(Transaction::status).collect()
}

#[tokio::test]
async fn a_payment_is_committed_before_the_gateway_is_asked() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    let id = it.record.state().transactions[0].id.clone();
    assert_eq!(
        it.journal_lines(),
        [
            "commit Claim UpdateOrder InsertTransaction InsertRequest".to_owned(),
            format!("charge {id} 20.00"),
            "commit RemoveOpenOrder UpdateOrder UpdateTransaction StoreReply".to_owned(),
        ]
    );
    let commits = it.record.commits();
    let [
        Write::Claim(claim),
        Write::UpdateOrder(order_change),
        Write::InsertTransaction(transaction),
        Write::InsertRequest(request),
    ] = commits[0].writes()
    else {
        panic!("four writes")
    };
    let by = caller(ada()).changed_by();
    assert_eq!((request.kind, request.requested_by), (PaymentRequestKind::Payment, by));
    assert_eq!((&claim.resource, &claim.reply), (&id.to_string(), &None));
    assert_eq!((order_change.base_revision(), order_change.history_entries().len()), (Revision::FIRST, 0));
    assert_eq!(
        (transaction.status(), transaction.check_at),
        (PaymentStatus::Pending, Some(NOW.saturating_add(OPERATION_GRACE)))
    );
    assert_eq!(it.record.state().orders[0].status, OrderStatus::Paid);
}

/// Lets payments be read only as cases, that many times.
fn read_cases(it: &mut TestApp, times: usize) {
    let (mut counted, record) = (MockPaymentRepository::new(), Arc::clone(&it.app.payments));
    counted.expect_find_cases().times(times).returning(move |keys| {
        // The record in memory answers at once.
        let mut read = pin!(record.find_cases(keys));
        let Poll::Ready(found) = read.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it is ready")
        };
        found
    });
    it.app.payments = Arc::new(counted);
}

#[tokio::test]
async fn an_answer_is_applied_to_what_was_committed_without_another_read() {
    let mut it = with_order();
    read_cases(&mut it, 1);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
}

#[tokio::test]
async fn a_reply_without_a_change_shows_what_is_read_after_the_call() {
    let mut it = with_order();
    read_cases(&mut it, 2);
    it.gateway.push_answer(answer_nothing);
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "PENDING"));
}

#[tokio::test]
async fn a_payment_without_an_answer_stays_pending_and_says_so() {
    for unanswered in [true, false] {
        let it = with_order();
        if !unanswered {
            it.gateway.push_answer(answer_nothing);
        }
        let first = pay(&it).await.unwrap();
        assert_eq!(told(&first), (true, "PENDING"));
        assert_eq!(statuses(&it), [PaymentStatus::Pending]);
        assert_eq!(it.journal_lines()[2], "commit StoreReply");
        let again = pay(&it).await.unwrap();
        assert_eq!(told(&again), (false, "PENDING"));
        assert_eq!(it.journal_lines().len(), 3, "nothing was sent again");
    }
}

#[tokio::test]
async fn a_refused_payment_leaves_the_order_payable() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Failed));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "FAILED"));
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let mut other = request();
    other.key.key = "k2".to_owned();
    let second = start_payment(&it.app, &caller(ada()), other, payment(), show).await.unwrap();
    assert_eq!(told(&second), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Failed, PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_retry_of_a_begun_payment_asks_again_for_the_same_one() {
    let it = with_order();
    it.record.accept_next_commit();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(pay(&it).await, Err(StartPaymentError::Key(KeyError::Failed(_)))));
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    let id = it.record.state().transactions[0].id.clone();
    assert_eq!(it.journal_lines()[1..3], [format!("charge {id} 20.00"), format!("look up {id} 20.00")]);
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_claim_whose_commit_has_no_answer_asks_nothing_before_the_retry() {
    let it = with_order();
    it.record.lose_next_answer();
    assert!(matches!(pay(&it).await, Err(StartPaymentError::Failed(_))));
    assert_eq!(it.journal_lines().len(), 1, "the gateway was not called");
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_begun_payment_whose_answer_is_being_worked_on_is_in_progress() {
    let it = with_order().with_busy_locks().with_state(|it| {
        it.transactions.push(pending());
        it.claims.push(claim_for("t1", None));
    });
    assert!(matches!(pay(&it).await, Err(StartPaymentError::Key(KeyError::InProgress))));
    assert_eq!(it.journal_lines(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_another_copy_kept_first_is_given_again() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Captured));
    it.record.accept_next_commit();
    it.record.before_next_commit(|it| it.claims[0].reply = Some(reply("t1 STORED")));
    assert_eq!(told(&pay(&it).await.unwrap()), (false, "STORED"));
}

#[tokio::test]
async fn what_cannot_be_paid_is_not_claimed() {
    let occupied = |transaction: Transaction| with_order().with_state(|it| it.transactions.push(transaction));
    let late = with_order();
    late.clock.advance(seconds(1_800));
    let paid = TestApp::new().with_state(|it| it.orders.push(paid()));
    for it in
        [occupied(pending()), occupied(authorized()), occupied(captured()), occupied(disputed()), late, paid]
    {
        assert!(matches!(pay(&it).await, Err(StartPaymentError::NotPayable)));
        assert_eq!(it.journal_lines(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn nothing_is_asked_of_a_wrong_gateway_token_or_caller() {
    let it = with_order();
    let other = NewPayment { gateway: domain::GatewayName::new("other".to_owned()), ..payment() };
    let unknown = NewPayment { token: PaymentToken::new("tok_unknown".to_owned()), ..payment() };
    let start = async |user, payment| start_payment(&it.app, &caller(user), request(), payment, show).await;
    assert!(matches!(start(ada(), other).await, Err(StartPaymentError::UnknownGateway)));
    assert!(matches!(start(ada(), unknown).await, Err(StartPaymentError::UnknownToken)));
    assert!(matches!(start(bob(), payment()).await, Err(StartPaymentError::NotFound)));
    assert_eq!(it.journal_lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stored_reply_is_sent_again_though_its_gateway_is_no_longer_configured() {
    let mut it = with_order();
    let IdempotentReply::New(first) = pay(&it).await.unwrap() else { panic!("it is new") };
    it.app.gateways.clear();
    assert_eq!(pay(&it).await.unwrap(), IdempotentReply::Replay(first));
    assert!(matches!(pay_under(&it, "another").await, Err(StartPaymentError::UnknownGateway)));
}

#[tokio::test]
async fn of_two_payments_at_once_one_is_too_late() {
    let it = with_order();
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions.push(pending());
    });
    assert!(matches!(pay(&it).await, Err(StartPaymentError::NotPayable)));
    assert_eq!(statuses(&it), [PaymentStatus::Pending]);
    assert_eq!(it.journal_lines(), Vec::<String>::new(), "the gateway was not called");
}

#[tokio::test]
async fn a_copy_that_finds_the_order_occupied_by_its_own_payment_goes_on_with_it() {
    let mut it = with_order().without_locks().with_state(|it| {
        it.transactions.push(pending());
        it.claims.push(claim_for("t1", None));
    });
    let mut claims = MockClaimRepository::new();
    let mut calls = 0;
    claims.expect_find_claim().returning(move |_| {
        calls += 1;
        Ok((calls > 1).then(|| claim_for("t1", None)))
    });
    it.app.claims = Arc::new(claims);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(it.journal_lines()[0], "look up t1 20.00");
}

#[tokio::test]
async fn a_key_of_another_payment_is_reused() {
    let it = with_order();
    it.record.before_next_commit(|it| {
        it.claims.push(Claim { fingerprint: other_request().fingerprint, ..claim_for("t1", None) })
    });
    assert!(matches!(pay(&it).await, Err(StartPaymentError::Key(KeyError::Reused))));
    assert_eq!(it.journal_lines(), Vec::<String>::new());
}

#[tokio::test]
async fn money_for_an_order_that_was_cancelled_meanwhile_goes_back() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Captured));
    it.record.accept_next_commit();
    it.record.before_next_commit(|it| {
        it.orders[0] =
            transition_order_to(it.orders[0].clone(), OrderStatus::Cancelled, ChangedBy::customer(ada().key))
    });
    pay(&it).await.unwrap();
    let state = it.record.state();
    assert_eq!(
        (state.orders[0].status, state.findings[0].finding.kind),
        (OrderStatus::Cancelled, FindingKind::LateCapture)
    );
    assert_eq!(state.transactions[0].refunds[0].amount, yuan("20"));
}

#[tokio::test]
async fn what_is_answered_is_what_was_committed() {
    // A notice about this payment is parked; the gateway itself does not answer.
    let it = with_order().with_state(|it| {
        it.transactions.push(pending());
        it.claims.push(claim_for("t1", None));
        it.events.push(stored_event("early", EventDisposition::Parked));
    });
    it.gateway.set_parsed_notice("early", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
    assert_eq!(it.record.state().events[0].disposition, EventDisposition::Applied);
}

/// Pays with this idempotency key.
async fn pay_under(it: &TestApp, key: &str) -> Result<IdempotentReply, StartPaymentError> {
    let key = ports::IdempotencyKey { key: key.to_owned(), ..request().key };
    start_payment(&it.app, &caller(ada()), IdempotentRequest { key, ..request() }, payment(), show).await
}

fn counting() -> TestApp {
    let mut it = with_order();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it
}

/// Starts one payment for each key; all are declined.
async fn decline(it: &TestApp, keys: &[&str]) {
    for key in keys {
        it.gateway.push_answer(answer_with(EventKind::Failed));
        assert_eq!(told(&pay_under(it, key).await.unwrap()), (true, "FAILED"));
    }
}

#[tokio::test]
async fn an_order_whose_payments_were_declined_too_often_is_not_paid_any_more() {
    let mut it = counting();
    it.app.policy.declines_per_order = 2;
    decline(&it, &["a", "b"]).await;
    it.clock.advance(seconds(800));
    let Err(StartPaymentError::Throttled(refused)) = pay_under(&it, "c").await else {
        panic!("one too many")
    };
    assert_eq!(
        refused,
        Throttled {
            reached: Limit::OrderDeclines,
            limit: 2,
            window: seconds(1_800),
            retry_after: seconds(1_000)
        }
    );
    assert_eq!(told(&pay_under(&it, "b").await.unwrap()), (false, "FAILED"), "a stored reply is replayed");
    assert_eq!(statuses(&it).len(), 2, "no payment is started");
}

#[tokio::test]
async fn a_user_whose_payments_were_declined_too_often_pays_no_other_order_either() {
    let mut it = counting();
    it.app.policy.declines_per_user = 2;
    decline(&it, &["a", "b"]).await;
    assert_eq!(told(&pay_under(&it, "b").await.unwrap()), (false, "FAILED"));
    it.record.change(|it| it.transactions.clear());
    let Err(StartPaymentError::Throttled(refused)) = pay_under(&it, "c").await else {
        panic!("one too many")
    };
    assert_eq!((refused.limit, refused.window), (2, seconds(86_400)));
    let key = ports::IdempotencyKey { owner: Some(domain::AuthorKey::User(bob().key)), ..request().key };
    it.record.change(|it| it.orders[0].owner = bob().key);
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let other =
        start_payment(&it.app, &caller(bob()), IdempotentRequest { key, ..request() }, payment(), show).await;
    assert_eq!(told(&other.unwrap()), (true, "CAPTURED"), "each user has a limit of its own");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_left_alone_refuses_before_anything_is_claimed_and_still_gives_answers_again() {
    let it = with_order();
    it.gateway.push_answer(answer_with(EventKind::Failed));
    pay_under(&it, "first").await.unwrap();
    for _ in 0..5 {
        let admission = it.app.gateways[0].admit().await.unwrap();
        it.gateway.push_answer(|_| Err(ports::NoResponse::unavailable("refused")));
        admission.charge(ports::Charge::from(&pending())).await.unwrap_err();
    }
    let before = it.journal_lines().len();
    let Err(StartPaymentError::GatewayUnavailable(refused)) = pay_under(&it, "second").await else {
        panic!("the breaker is open")
    };
    assert_eq!(
        (refused.retry_after, it.journal_lines().len()),
        (seconds(5), before),
        "nothing was claimed, and the gateway was not called"
    );
    assert_eq!(told(&pay_under(&it, "first").await.unwrap()), (false, "FAILED"));
    tokio::time::advance(seconds(5)).await;
    it.gateway.push_answer(answer_with(EventKind::Captured));
    assert_eq!(told(&pay_under(&it, "second").await.unwrap()), (true, "CAPTURED"));
}

#[tokio::test]
async fn the_reference_of_a_payment_without_a_word_is_kept_with_the_answer() {
    let it = with_order();
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Accepted(Some(reference("pi_1")))));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "PENDING"));
    assert_eq!(it.journal_lines()[2], "commit UpdateOrder UpdateTransaction LearnReference StoreReply");
    assert_eq!(it.record.state().transactions[0].reference(), Some(&reference("pi_1")));
}
