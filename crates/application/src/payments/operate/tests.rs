use std::sync::Arc;

use domain::{
    FindingKind, Order,
    order::Status,
    payment::{Asked, Disposition, EventKind, PaymentStatus, RefundStatus, RequestKind},
};
use ports::{CommitError, MockReplyRepository, ParsedNotice, Write};

use super::*;
use crate::testing::*;

fn bench(order: Order, transaction: Transaction) -> Bench {
    Bench::new().with(|it| {
        it.orders.push(order);
        it.transactions.push(transaction);
    })
}

fn show(shown: &ShownTransaction, refund: Option<&RefundId>) -> StoredReply {
    let transaction = &shown.transaction;
    let refund =
        refund.map(|id| transaction.refunds.iter().find(|it| it.id == *id).unwrap().status().as_str());
    reply(&format!("{} {}", transaction.status().as_str(), refund.unwrap_or("-")))
}

async fn ask(it: &Bench, operation: Operation) -> Result<String, OperationError> {
    let answered = operate(&it.app, &operator(), request(), &pending().id, operation, show).await?;
    Ok(match answered {
        Answered::First(reply) => format!("first {}", reply.body),
        Answered::Again(reply) => format!("again {}", reply.body),
    })
}

fn refund(amount: &str) -> Operation {
    Operation::Refund(Some(amount.to_owned()), Some(Text::new("broken")))
}

#[tokio::test]
async fn a_capture_is_claimed_then_asked_then_answered() {
    let it = bench(order(), authorized());
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(ask(&it, Operation::Capture(None)).await.unwrap(), "first CAPTURED -");
    assert_eq!(
        it.journal(),
        [
            "commit Claim UpdateOrder UpdateTransaction InsertRequest",
            "capture t1 20.00",
            "commit UpdateOrder UpdateTransaction Answer"
        ]
    );
    let Write::UpdateTransaction(claimed) = it.record.commits()[0].writes()[2].clone() else {
        panic!("the claim")
    };
    assert_eq!(claimed.asked, Some(Asked::Capture(yuan("20"))));
    assert_eq!(it.record.state().orders[0].status, Status::Paid);
    assert_eq!(ask(&it, Operation::Capture(None)).await.unwrap(), "again CAPTURED -");
}

#[tokio::test]
async fn a_part_that_is_captured_does_not_pay_the_order() {
    let it = bench(order(), authorized());
    it.gateway.answers(says(EventKind::Captured));
    ask(&it, Operation::Capture(Some("5".to_owned()))).await.unwrap();
    let state = it.record.state();
    assert_eq!(state.transactions[0].captured(), yuan("5"));
    assert_eq!(
        (state.orders[0].status, state.findings[0].kind),
        (Status::Pending, FindingKind::PartialCapture)
    );
}

#[tokio::test]
async fn a_void_gives_the_authorisation_up() {
    let it = bench(order(), authorized());
    it.gateway.answers(says(EventKind::Voided));
    assert_eq!(ask(&it, Operation::Void).await.unwrap(), "first VOIDED -");
    assert_eq!(it.journal()[1], "void t1 20.00");
}

#[tokio::test]
async fn a_partial_refund_leaves_the_order_where_it_is() {
    let it = bench(paid(), captured());
    it.gateway.answers(says(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("5")).await.unwrap(), "first CAPTURED SUCCEEDED");
    let state = it.record.state();
    assert_eq!((state.orders[0].status, state.transactions[0].refunded()), (Status::Paid, yuan("5")));
}

#[tokio::test]
async fn a_refund_of_everything_moves_the_order_with_the_claim_and_with_the_answer() {
    let it = bench(paid(), captured());
    it.gateway.answers(says(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("20")).await.unwrap(), "first REFUNDED SUCCEEDED");
    let commits = it.record.commits();
    let moves = commits.iter().flat_map(|it| it.writes()).filter_map(|write| {
        if let Write::UpdateOrder(progress) = write { Some(progress.order().status) } else { None }
    });
    assert_eq!(moves.collect::<Vec<_>>(), [Status::RefundPending, Status::Refunded]);
}

#[tokio::test]
async fn a_retry_half_way_asks_again_for_the_same_and_claims_nothing_more() {
    let it = bench(paid(), captured());
    it.record.goes_well();
    it.record.refuses(CommitError::Failed(away()));
    assert!(matches!(ask(&it, refund("5")).await, Err(OperationError::Key(KeyError::Failed(_)))));
    it.gateway.answers(says(EventKind::RefundSucceeded));
    assert_eq!(ask(&it, refund("5")).await.unwrap(), "first CAPTURED SUCCEEDED");
    let asked = it.journal();
    assert_eq!(asked[2], asked[1].replace("refund", "look up"), "about the same refund");
    assert_eq!(it.record.state().transactions[0].refunds.len(), 1);
}

#[tokio::test]
async fn an_operation_without_an_answer_stays_asked() {
    let it = bench(order(), authorized());
    assert_eq!(ask(&it, Operation::Capture(None)).await.unwrap(), "first AUTHORIZED -");
    assert_eq!(it.journal()[2], "commit Answer");
    assert_eq!(it.record.state().transactions[0].asked, Some(Asked::Capture(yuan("20"))));

    let it = bench(paid(), captured());
    assert_eq!(ask(&it, refund("20")).await.unwrap(), "first CAPTURED PENDING");
    assert_eq!(it.record.state().transactions[0].refunds[0].status(), RefundStatus::Pending);
}

#[tokio::test]
async fn what_cannot_be_done_changes_nothing_and_asks_nothing() {
    let capture = |amount: &str| Operation::Capture(Some(amount.to_owned()));
    let it = bench(order(), authorized());
    let refused = ask(&it, capture("20.01")).await;
    assert!(matches!(refused, Err(OperationError::NotCapturable(NotCapturable::Exceeds))));
    assert!(matches!(ask(&it, capture("1.001")).await, Err(OperationError::Amount(_))));
    assert!(matches!(ask(&it, refund("1")).await, Err(OperationError::NotRefundable(NotRefundable::State))));
    assert_eq!(it.journal(), Vec::<String>::new());

    let it = bench(paid(), captured());
    assert!(matches!(
        ask(&it, refund("20.01")).await,
        Err(OperationError::NotRefundable(NotRefundable::Exceeds))
    ));
    assert!(matches!(ask(&it, Operation::Void).await, Err(OperationError::NotVoidable(NotVoidable))));
    let refused = ask(&it, Operation::Capture(None)).await;
    assert!(matches!(refused, Err(OperationError::NotCapturable(NotCapturable::State))));
    assert_eq!(it.journal(), Vec::<String>::new());

    assert!(matches!(ask(&Bench::new(), Operation::Void).await, Err(OperationError::NotFound)));
}

#[tokio::test]
async fn refunds_at_once_never_give_back_more_than_was_captured() {
    let it = bench(paid(), captured());
    it.record.meanwhile(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        let mut case = domain::payment::Case::of(paid(), captured(), false);
        let fresh =
            domain::payment::Fresh { key: domain::RefundKey::new(1), id: RefundId::new("r1".to_owned()) };
        case.ask_refund(Some(yuan("15")), None, operator().caller().changed_by(), fresh, NOW).unwrap();
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
    claimed.asked = Some(Asked::Capture(yuan("20")));
    let mut it = bench(order(), claimed).without_locks().with(|it| it.claims.push(used_for("t1", None)));
    let mut replies = MockReplyRepository::new();
    let mut asked = 0;
    replies.expect_find().returning(move |_| {
        asked += 1;
        Ok((asked > 1).then(|| used_for("t1", None)))
    });
    it.app.replies = Arc::new(replies);
    it.gateway.answers(says(EventKind::Captured));
    assert_eq!(ask(&it, Operation::Capture(None)).await.unwrap(), "first CAPTURED -");
}

#[tokio::test]
async fn a_notice_that_waited_for_the_transaction_is_settled_with_the_claim() {
    let it = bench(order(), pending()).with(|it| it.events.push(kept("early", Disposition::Parked)));
    it.gateway.means("early", ParsedNotice::Event(Box::new(event(EventKind::Authorized, "20.00"))));
    it.gateway.answers(says(EventKind::Captured));
    ask(&it, Operation::Capture(None)).await.unwrap();
    assert_eq!(it.journal()[0], "commit Claim UpdateOrder UpdateTransaction InsertRequest MoveEvent");
    let state = it.record.state();
    assert_eq!(state.events[0].disposition, Disposition::Applied);
    assert_eq!(state.transactions[0].status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_gateway_that_is_not_connected_any_more_is_asked_nothing() {
    let mut it = bench(order(), authorized());
    it.app.gateways.clear();
    assert_eq!(ask(&it, Operation::Void).await.unwrap(), "first AUTHORIZED -");
    assert_eq!(it.record.state().transactions[0].asked, Some(Asked::Void));
}

#[tokio::test]
async fn a_capture_and_a_void_say_who_asked_in_the_commit_that_claims_them() {
    for (operation, kind) in [
        (Operation::Capture(Some("4".to_owned())), RequestKind::Capture),
        (Operation::Void, RequestKind::Void),
    ] {
        let it = bench(order(), authorized());
        ask(&it, operation.clone()).await.unwrap();
        ask(&it, operation).await.unwrap();
        let by = operator().caller().changed_by();
        let requests: Vec<_> =
            it.record.state().requests.iter().map(|it| (it.kind, it.requested_by)).collect();
        assert_eq!(requests, [(kind, by)], "once");
        let shown = crate::payments::read::requests(&it.app, operator().caller(), order().key).await.unwrap();
        assert_eq!(shown.map(|it| it.len()), Some(1));
        assert_eq!(
            crate::payments::read::requests(&it.app, &caller(ada()), order().key).await.unwrap(),
            None
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_left_alone_refuses_an_operation_before_it_is_claimed() {
    let it = bench(order(), authorized());
    for _ in 0..5 {
        let admission = it.app.gateways[0].enter().await.unwrap();
        it.gateway.answers(|_| Err(ports::NoResponse::away("refused")));
        admission.charge(ports::Charge::from(&pending())).await.unwrap_err();
    }
    assert!(matches!(ask(&it, Operation::Void).await, Err(OperationError::GatewayUnavailable(_))));
    assert!(
        matches!(ask(&it, refund("1")).await, Err(OperationError::NotRefundable(_))),
        "refused as what it is"
    );
    assert_eq!(it.record.commits(), []);
}
