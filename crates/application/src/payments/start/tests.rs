use std::sync::Arc;

use domain::{
    ChangedBy, FindingKind, Revision,
    payment::{Disposition, EventKind, PaymentStatus},
};
use ports::{Claim, CommitError, MockReplyRepository, ParsedNotice};

use super::*;
use crate::testing::*;

fn with_order() -> Bench {
    Bench::new().with(|it| it.orders.push(order()))
}

fn payment() -> Payment {
    Payment {
        number: order().number,
        gateway: sandbox(),
        token: PaymentToken::new("tok_visa".to_owned()),
        capture_method: CaptureMethod::Automatic,
    }
}

fn show(shown: &ShownTransaction) -> StoredReply {
    let transaction = &shown.transaction;
    reply(&format!("{} {}", transaction.id, transaction.status().as_str()))
}

async fn pay(it: &Bench) -> Result<Answered, StartError> {
    start(&it.app, &caller(ada()), request(), payment(), show).await
}

/// The status that was answered, and whether for the first time.
fn told(answered: &Answered) -> (bool, &str) {
    let (first, reply) = match answered {
        Answered::First(reply) => (true, reply),
        Answered::Again(reply) => (false, reply),
    };
    (first, reply.body.split_once(' ').unwrap().1)
}

fn statuses(it: &Bench) -> Vec<PaymentStatus> {
    it.record.state().transactions.iter().map(Transaction::status).collect()
}

#[tokio::test]
async fn a_payment_is_committed_before_the_gateway_is_asked() {
    let it = with_order();
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    let id = it.record.state().transactions[0].id.clone();
    assert_eq!(
        it.journal(),
        [
            "commit Claim UpdateOrder InsertTransaction InsertRequest".to_owned(),
            format!("charge {id} 20.00"),
            "commit UpdateOrder UpdateTransaction Answer".to_owned(),
        ]
    );
    let commits = it.record.commits();
    let [
        Write::Claim(claimed),
        Write::UpdateOrder(progress),
        Write::InsertTransaction(begun),
        Write::InsertRequest(asked),
    ] = commits[0].writes()
    else {
        panic!("the claim")
    };
    let by = caller(ada()).changed_by();
    assert_eq!((asked.kind, asked.requested_by), (RequestKind::Payment, by));
    assert_eq!((&claimed.resource, &claimed.reply), (&id.to_string(), &None));
    assert_eq!((progress.read(), progress.entries().len()), (Revision::FIRST, 0));
    assert_eq!((begun.status(), begun.check_at), (PaymentStatus::Pending, Some(NOW.plus(CLAIM_GRACE))));
    assert_eq!(it.record.state().orders[0].status, Status::Paid);
}

#[tokio::test]
async fn a_payment_without_an_answer_stays_pending_and_says_so() {
    for unanswered in [true, false] {
        let it = with_order();
        if !unanswered {
            it.gateway.answers(silent);
        }
        let first = pay(&it).await.unwrap();
        assert_eq!(told(&first), (true, "PENDING"));
        assert_eq!(statuses(&it), [PaymentStatus::Pending]);
        assert_eq!(it.journal()[2], "commit Answer");
        let again = pay(&it).await.unwrap();
        assert_eq!(told(&again), (false, "PENDING"));
        assert_eq!(it.journal().len(), 3, "nothing was asked again");
    }
}

#[tokio::test]
async fn a_refused_payment_leaves_the_order_payable() {
    let it = with_order();
    it.gateway.answers(says(EventKind::Failed));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "FAILED"));
    it.gateway.answers(says(EventKind::Captured));
    let mut other = request();
    other.key.key = "k2".to_owned();
    let second = start(&it.app, &caller(ada()), other, payment(), show).await.unwrap();
    assert_eq!(told(&second), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Failed, PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_retry_of_a_begun_payment_asks_again_for_the_same_one() {
    let it = with_order();
    it.record.goes_well();
    it.record.refuses(CommitError::Failed(away()));
    assert!(matches!(pay(&it).await, Err(StartError::Key(KeyError::Failed(_)))));
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    let id = it.record.state().transactions[0].id.clone();
    assert_eq!(it.journal()[1..3], [format!("charge {id} 20.00"), format!("look up {id} 20.00")]);
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_claim_whose_commit_has_no_answer_asks_nothing_before_the_retry() {
    let it = with_order();
    it.record.loses_the_answer();
    assert!(matches!(pay(&it).await, Err(StartError::Failed(_))));
    assert_eq!(it.journal().len(), 1, "the gateway was not asked");
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
}

#[tokio::test]
async fn a_begun_payment_whose_answer_is_being_worked_on_is_in_progress() {
    let it = with_order().with_locks_held().with(|it| {
        it.transactions.push(pending());
        it.claims.push(used_for("t1", None));
    });
    assert!(matches!(pay(&it).await, Err(StartError::Key(KeyError::InProgress))));
    assert_eq!(it.journal(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_another_copy_kept_first_is_given_again() {
    let it = with_order();
    it.gateway.answers(says(EventKind::Captured));
    it.record.goes_well();
    it.record.meanwhile(|it| it.claims[0].reply = Some(reply("t1 KEPT")));
    assert_eq!(told(&pay(&it).await.unwrap()), (false, "KEPT"));
}

#[tokio::test]
async fn what_cannot_be_paid_is_not_claimed() {
    let occupied = |transaction: Transaction| with_order().with(|it| it.transactions.push(transaction));
    let late = with_order();
    late.clock.advance(seconds(1_800));
    let paid = Bench::new().with(|it| it.orders.push(paid()));
    for it in
        [occupied(pending()), occupied(authorized()), occupied(captured()), occupied(disputed()), late, paid]
    {
        assert!(matches!(pay(&it).await, Err(StartError::NotPayable)));
        assert_eq!(it.journal(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn nothing_is_asked_of_a_wrong_gateway_token_or_caller() {
    let it = with_order();
    let other = Payment { gateway: domain::GatewayName::new("other".to_owned()), ..payment() };
    let unknown = Payment { token: PaymentToken::new("tok_unknown".to_owned()), ..payment() };
    let start = async |user, payment| start(&it.app, &caller(user), request(), payment, show).await;
    assert!(matches!(start(ada(), other).await, Err(StartError::UnknownGateway)));
    assert!(matches!(start(ada(), unknown).await, Err(StartError::UnknownToken)));
    assert!(matches!(start(bob(), payment()).await, Err(StartError::NotFound)));
    assert_eq!(it.journal(), Vec::<String>::new());
}

#[tokio::test]
async fn of_two_payments_at_once_one_is_too_late() {
    let it = with_order();
    it.record.meanwhile(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions.push(pending());
    });
    assert!(matches!(pay(&it).await, Err(StartError::NotPayable)));
    assert_eq!(statuses(&it), [PaymentStatus::Pending]);
    assert_eq!(it.journal(), Vec::<String>::new(), "the gateway was not asked");
}

#[tokio::test]
async fn a_copy_that_finds_the_order_occupied_by_its_own_payment_goes_on_with_it() {
    let mut it = with_order().without_locks().with(|it| {
        it.transactions.push(pending());
        it.claims.push(used_for("t1", None));
    });
    let mut replies = MockReplyRepository::new();
    let mut asked = 0;
    replies.expect_find().returning(move |_| {
        asked += 1;
        Ok((asked > 1).then(|| used_for("t1", None)))
    });
    it.app.replies = Arc::new(replies);
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(it.journal()[0], "look up t1 20.00");
}

#[tokio::test]
async fn a_key_of_another_payment_is_reused() {
    let it = with_order();
    it.record.meanwhile(|it| {
        it.claims.push(Claim { fingerprint: other_request().fingerprint, ..used_for("t1", None) })
    });
    assert!(matches!(pay(&it).await, Err(StartError::Key(KeyError::Reused))));
    assert_eq!(it.journal(), Vec::<String>::new());
}

#[tokio::test]
async fn money_for_an_order_that_was_cancelled_meanwhile_goes_back() {
    let it = with_order();
    it.gateway.answers(says(EventKind::Captured));
    it.record.goes_well();
    it.record.meanwhile(|it| {
        it.orders[0] = moved(it.orders[0].clone(), Status::Cancelled, ChangedBy::customer(ada().key))
    });
    pay(&it).await.unwrap();
    let state = it.record.state();
    assert_eq!(
        (state.orders[0].status, state.findings[0].kind),
        (Status::Cancelled, FindingKind::LateCapture)
    );
    assert_eq!(state.transactions[0].refunds[0].amount, yuan("20"));
}

#[tokio::test]
async fn what_is_answered_is_what_was_committed() {
    // A notice that was faster than everybody waits for this very payment; the gateway itself says nothing.
    let it = with_order().with(|it| {
        it.transactions.push(pending());
        it.claims.push(used_for("t1", None));
        it.events.push(kept("early", Disposition::Parked));
    });
    it.gateway.means("early", ParsedNotice::Event(Box::new(event(EventKind::Captured, "20.00"))));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "CAPTURED"));
    assert_eq!(statuses(&it), [PaymentStatus::Captured]);
    assert_eq!(it.record.state().events[0].disposition, Disposition::Applied);
}

/// Pays under a key of its own.
async fn pay_under(it: &Bench, key: &str) -> Result<Answered, StartError> {
    let key = ports::IdempotencyKey { key: key.to_owned(), ..request().key };
    start(&it.app, &caller(ada()), Request { key, ..request() }, payment(), show).await
}

fn counting() -> Bench {
    let mut it = with_order();
    it.app.throttle = Arc::new(Counts::new(it.clock.clone()));
    it
}

/// Is declined so often.
async fn decline(it: &Bench, keys: &[&str]) {
    for key in keys {
        it.gateway.answers(says(EventKind::Failed));
        assert_eq!(told(&pay_under(it, key).await.unwrap()), (true, "FAILED"));
    }
}

#[tokio::test]
async fn an_order_whose_payments_were_declined_too_often_is_not_paid_any_more() {
    let mut it = counting();
    it.app.policy.declines_per_order = 2;
    decline(&it, &["a", "b"]).await;
    it.clock.advance(seconds(800));
    let Err(StartError::Throttled(refused)) = pay_under(&it, "c").await else { panic!("one too many") };
    assert_eq!(refused, Throttled { limit: 2, window: seconds(1_800), retry_after: seconds(1_000) });
    assert_eq!(
        told(&pay_under(&it, "b").await.unwrap()),
        (false, "FAILED"),
        "what was answered is answered again"
    );
    assert_eq!(statuses(&it).len(), 2, "nothing is begun");
}

#[tokio::test]
async fn a_user_whose_payments_were_declined_too_often_pays_no_other_order_either() {
    let mut it = counting();
    it.app.policy.declines_per_user = 2;
    decline(&it, &["a", "b"]).await;
    assert_eq!(told(&pay_under(&it, "b").await.unwrap()), (false, "FAILED"));
    it.record.state().transactions.clear();
    let Err(StartError::Throttled(refused)) = pay_under(&it, "c").await else { panic!("one too many") };
    assert_eq!((refused.limit, refused.window), (2, seconds(86_400)));
    let key = ports::IdempotencyKey { user: Some(bob().key), ..request().key };
    it.record.state().orders[0].owner = bob().key;
    it.gateway.answers(says(EventKind::Captured));
    let other = start(&it.app, &caller(bob()), Request { key, ..request() }, payment(), show).await;
    assert_eq!(told(&other.unwrap()), (true, "CAPTURED"), "each user has a limit of its own");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_left_alone_refuses_before_anything_is_claimed_and_still_gives_answers_again() {
    let it = with_order();
    it.gateway.answers(says(EventKind::Failed));
    pay_under(&it, "first").await.unwrap();
    for _ in 0..5 {
        let admission = it.app.gateways[0].enter().await.unwrap();
        it.gateway.answers(|_| Err(ports::NoResponse::away("refused")));
        admission.charge(ports::Charge::from(&pending())).await.unwrap_err();
    }
    let before = it.journal().len();
    let Err(StartError::GatewayUnavailable(refused)) = pay_under(&it, "second").await else {
        panic!("it is left alone")
    };
    assert_eq!(
        (refused.retry_after, it.journal().len()),
        (seconds(5), before),
        "nothing was claimed or asked"
    );
    assert_eq!(told(&pay_under(&it, "first").await.unwrap()), (false, "FAILED"));
    tokio::time::advance(seconds(5)).await;
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(told(&pay_under(&it, "second").await.unwrap()), (true, "CAPTURED"));
}

#[tokio::test]
async fn the_reference_of_a_payment_without_a_word_is_kept_with_the_answer() {
    let it = with_order();
    it.gateway.answers(|_| Ok(Said::Accepted(Some(reference("pi_1")))));
    assert_eq!(told(&pay(&it).await.unwrap()), (true, "PENDING"));
    assert_eq!(it.journal()[2], "commit UpdateOrder UpdateTransaction LearnReference Answer");
    assert_eq!(it.record.state().transactions[0].reference(), Some(&reference("pi_1")));
}
