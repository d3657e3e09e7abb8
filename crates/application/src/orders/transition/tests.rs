use std::sync::Arc;

use domain::{
    ChangedBy, Refund, Role, User, Version,
    payment::{PaymentRequestKind, PendingOperation, RefundFacts},
};
use ports::Write;

use super::*;
use crate::testing::*;

fn to(status: OrderStatus) -> TransitionRequest {
    TransitionRequest {
        number: order().number,
        to: status,
        reason: None,
        tracking: None,
        if_match: IfMatch::Absent,
    }
}

fn with_order(order: Order) -> TestApp {
    TestApp::new().with_state(|it| it.orders.push(order))
}

/// Asks for a move, and gives the order after it.
async fn by(it: &TestApp, user: User, ask: TransitionRequest) -> Result<Order, TransitionError> {
    keyed(it, user, None, ask).await?;
    Ok(it.record.state().orders[0].clone())
}

async fn keyed(
    it: &TestApp,
    user: User,
    key: Option<IdempotentRequest>,
    ask: TransitionRequest,
) -> Result<IdempotentReply, TransitionError> {
    let render = |it: &Order| reply(&format!("{:?} {}", it.status, it.version.get()));
    transition_order(&it.app, &caller(user), key, ask, render).await
}

#[tokio::test]
async fn a_move_is_one_commit_with_one_row_of_history() {
    let it = with_order(paid());
    let reason = Some(Text::new("too late"));
    let ask = TransitionRequest { reason: reason.clone(), ..to(OrderStatus::RefundPending) };
    let after = by(&it, ada(), ask).await.unwrap();
    let mut progress = OrderChange::from_order(paid());
    progress.transition(OrderStatus::RefundPending, ChangedBy::customer(ada().key), reason, NOW).unwrap();
    assert_eq!(after, *progress.order());
    let [Write::UpdateOrder(written)] = &it.record.only_commit()[..] else { panic!("one write") };
    assert_eq!((&**written, written.history_entries().len()), (&progress, 1));
}

#[tokio::test]
async fn another_users_order_does_not_exist() {
    let it = with_order(order());
    assert!(matches!(by(&it, bob(), to(OrderStatus::Cancelled)).await, Err(TransitionError::NotFound)));
    let other = TransitionRequest { number: OrderNumber::new("n2".to_owned()), ..to(OrderStatus::Cancelled) };
    assert!(matches!(by(&it, ada(), other).await, Err(TransitionError::NotFound)));
}

#[tokio::test]
async fn a_version_that_was_not_meant_is_left_alone() {
    let it = with_order(order());
    let meant = |version| IfMatch::OneOf(vec![Version::new(version)]);
    let stale = TransitionRequest { if_match: meant(2), ..to(OrderStatus::Cancelled) };
    assert!(matches!(by(&it, ada(), stale).await, Err(TransitionError::PreconditionFailed)));
    assert_eq!(it.record.commits(), []);
    let fresh = TransitionRequest { if_match: meant(1), ..to(OrderStatus::Cancelled) };
    assert_eq!(by(&it, ada(), fresh).await.unwrap().version, Version::new(2));
}

#[tokio::test]
async fn a_version_that_moves_under_the_commit_is_not_meant_any_more() {
    let it = with_order(order());
    it.record.before_next_commit(|it| it.orders[0] = paid());
    let ask =
        TransitionRequest { if_match: IfMatch::OneOf(vec![Version::FIRST]), ..to(OrderStatus::Cancelled) };
    assert!(matches!(by(&it, ada(), ask).await, Err(TransitionError::PreconditionFailed)));
    assert_eq!(it.record.state().orders[0], paid());
}

#[tokio::test]
async fn a_move_that_is_not_allowed_names_those_that_are() {
    let it = with_order(paid());
    let refused = by(&it, ada(), to(OrderStatus::Processing)).await;
    assert!(
        matches!(refused, Err(TransitionError::NotAllowed(it)) if it.allowed == [OrderStatus::RefundPending])
    );
    let refused = by(&it, olga(), to(OrderStatus::Shipped)).await;
    let both = [OrderStatus::Processing, OrderStatus::RefundPending];
    assert!(matches!(refused, Err(TransitionError::NotAllowed(it)) if it.allowed == both));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn being_there_already_changes_and_commits_nothing() {
    let it = with_order(paid());
    assert_eq!(by(&it, ada(), to(OrderStatus::Paid)).await.unwrap(), paid());
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn cancelling_gives_stock_and_authorisation_back_in_one_commit() {
    let it = with_order(order()).with_state(|it| {
        it.products.push(product("tea", yuan("10"), Some(3)));
        it.transactions.push(authorized());
    });
    by(&it, ada(), to(OrderStatus::Cancelled)).await.unwrap();
    assert_eq!(
        it.journal_lines(),
        ["commit ReturnStock RemoveOpenOrder UpdateOrder UpdateTransaction InsertRequest"]
    );
    let state = it.record.state();
    let (kind, by) = (state.requests[0].request.kind, state.requests[0].request.requested_by);
    assert_eq!(
        (kind, by),
        (PaymentRequestKind::Void, ChangedBy::customer(ada().key)),
        "who cancels gives it up"
    );
    assert_eq!(state.products[0].stock, Some(5));
    assert_eq!(
        (state.transactions[0].pending_operation, state.transactions[0].check_at),
        (Some(PendingOperation::Void), Some(NOW))
    );
}

#[tokio::test]
async fn an_authorisation_that_comes_in_between_is_given_up_too() {
    let it = with_order(order());
    it.record.before_next_commit(|it| {
        it.orders[0].revision = it.orders[0].revision.next();
        it.transactions.push(authorized());
    });
    by(&it, ada(), to(OrderStatus::Cancelled)).await.unwrap();
    assert_eq!(it.record.state().transactions[0].pending_operation, Some(PendingOperation::Void));
}

#[tokio::test]
async fn a_part_that_was_captured_goes_back_when_the_order_is_cancelled() {
    let it = with_order(order()).with_state(|it| it.transactions.push(captured_part("5")));
    by(&it, ada(), to(OrderStatus::Cancelled)).await.unwrap();
    assert_eq!(
        it.journal_lines(),
        ["commit ReturnStock RemoveOpenOrder UpdateOrder UpdateTransaction InsertFinding"]
    );
    assert_eq!(it.record.state().transactions[0].refunds[0].amount, yuan("5"));
}

#[tokio::test]
async fn the_record_being_away_is_said() {
    let it = with_order(order());
    it.record.refuse_next_commit(ports::CommitError::Failed(unavailable_error()));
    assert!(matches!(by(&it, ada(), to(OrderStatus::Cancelled)).await, Err(TransitionError::Failed(_))));
}

#[tokio::test]
async fn a_move_is_decided_on_the_record_and_not_on_what_is_shown() {
    let mut it = TestApp::new().with_state(|it| it.orders.push(order()));
    let mut shown = ports::MockOrderRepository::new();
    shown.expect_find_order().returning(|_| Ok(Some(Order { status: OrderStatus::Closed, ..order() })));
    it.app.orders_for_display = std::sync::Arc::new(shown);
    let ask = TransitionRequest {
        number: order().number,
        to: OrderStatus::Cancelled,
        reason: None,
        tracking: None,
        if_match: IfMatch::OneOf(vec![order().version]),
    };
    let moved = by(&it, ada(), ask).await.unwrap();
    assert_eq!((moved.status, it.record.commits().len()), (OrderStatus::Cancelled, 1));
}

#[tokio::test]
async fn a_move_that_is_sent_again_gets_its_answer_and_refuses_no_refund() {
    let it = with_order(paid()).without_locks();
    let processing = || keyed(&it, olga(), Some(request_of(&olga())), to(OrderStatus::Processing));
    let IdempotentReply::New(first) = processing().await.unwrap() else { panic!("it is new") };
    assert_eq!(it.journal_lines(), ["commit Claim UpdateOrder"]);
    by(&it, ada(), to(OrderStatus::RefundPending)).await.unwrap();
    assert_eq!(processing().await.unwrap(), IdempotentReply::Replay(first));
    assert_eq!(it.record.state().orders[0].status, OrderStatus::RefundPending, "the refund is not decided");
}

#[tokio::test]
async fn a_refund_is_refused_only_by_an_operator_who_has_seen_that_it_was_asked_for() {
    let asked = transition_order_to(paid(), OrderStatus::RefundPending, ChangedBy::customer(ada().key));
    let it = with_order(asked.clone());
    let refuse = |if_match| by(&it, olga(), TransitionRequest { if_match, ..to(OrderStatus::Paid) });
    for unseen in [IfMatch::Absent, IfMatch::Any] {
        assert!(matches!(refuse(unseen).await, Err(TransitionError::PreconditionRequired)));
    }
    let before = IfMatch::OneOf(vec![paid().version]);
    assert!(matches!(refuse(before).await, Err(TransitionError::PreconditionFailed)));
    assert_eq!(it.record.commits(), []);
    let seen = IfMatch::OneOf(vec![asked.version]);
    assert_eq!(refuse(seen).await.unwrap().status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_caller_who_is_no_operator_any_more_is_given_no_answer_of_then() {
    let it = with_order(paid());
    keyed(&it, olga(), Some(request_of(&olga())), to(OrderStatus::Processing)).await.unwrap();
    let demoted = User { role: Role::Customer, ..olga() };
    let again = keyed(&it, demoted, Some(request_of(&olga())), to(OrderStatus::Processing)).await;
    assert!(matches!(again, Err(TransitionError::NotFound)));
}

#[tokio::test]
async fn a_move_to_the_present_status_counts_if_its_reply_is_stored() {
    let mut it = with_order(order()).without_locks();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.orders_per_minute = 1;
    let send = async |key| keyed(&it, ada(), key, to(OrderStatus::Pending)).await;
    send(Some(request())).await.unwrap();
    assert!(matches!(send(Some(request_with("k2"))).await, Err(TransitionError::Throttled(_))));
    send(None).await.expect("without a key nothing is stored");
}

#[tokio::test]
async fn a_refund_that_is_at_the_gateway_is_not_refused() {
    let asked = transition_order_to(paid(), OrderStatus::RefundPending, ChangedBy::customer(ada().key));
    let refuse = async |refund: Refund| {
        let it = with_order(asked.clone()).with_state(|it| {
            it.transactions.push(domain::Transaction { refunds: vec![refund], ..captured() });
        });
        let seen = IfMatch::OneOf(vec![asked.version]);
        let refused = by(&it, olga(), TransitionRequest { if_match: seen, ..to(OrderStatus::Paid) }).await;
        (refused.map(|it| it.status), it.record.commits().len())
    };
    let (refused, commits) = refuse(refund("20")).await;
    assert!(matches!(refused, Err(TransitionError::NotAllowed(it)) if it.allowed.is_empty()));
    assert_eq!(commits, 0);
    // A part is no refund of the order, and a refund that has failed moves nothing.
    let failed = RefundFacts { withdrawn: true, ..RefundFacts::default() };
    for allowed in [refund("19.99"), Refund { facts: failed, ..refund("20") }] {
        assert_eq!(refuse(allowed).await.0.unwrap(), OrderStatus::Paid);
    }
}

/// A pending refund of this much.
fn refund(amount: &str) -> Refund {
    Refund {
        key: domain::RefundKey::new(40),
        id: domain::RefundId::new("r1".to_owned()),
        transaction: captured().key,
        amount: yuan(amount),
        facts: RefundFacts::default(),
        requested_by: ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: Some(NOW),
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}
