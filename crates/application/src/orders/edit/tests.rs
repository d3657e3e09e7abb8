use std::sync::Arc;

use domain::{
    User, Version,
    order::{OrderDetails, OrderReference, Tracking, TrackingNumber, TrackingPatch},
};
use ports::Write;

use super::*;
use crate::testing::*;

fn reference(text: &str) -> OrderReference {
    OrderReference::parse(text).unwrap()
}

fn named(text: &str) -> EditRequest {
    let patch = DetailsPatch { reference: Patch::Set(reference(text)), ..DetailsPatch::default() };
    EditRequest { number: order().number, patch, if_match: IfMatch::Absent }
}

fn tracked(text: &str) -> EditRequest {
    let number = Patch::Set(TrackingNumber::parse(text).unwrap());
    let tracking = Patch::Set(TrackingPatch { number, ..TrackingPatch::default() });
    EditRequest { patch: DetailsPatch { tracking, ..DetailsPatch::default() }, ..named("x") }
}

fn with_order(order: Order) -> TestApp {
    TestApp::new().with_state(|it| it.orders.push(order))
}

async fn by(it: &TestApp, user: User, ask: EditRequest) -> Result<Order, EditError> {
    let render = |it: &Order| reply(&it.version.get().to_string());
    edit_order(&it.app, &caller(user), None, ask, render).await?;
    Ok(it.record.state().orders[0].clone())
}

#[tokio::test]
async fn an_edit_is_one_commit_without_history() {
    let it = with_order(order());
    let after = by(&it, ada(), named("PO-1")).await.unwrap();
    assert_eq!((after.version, after.details.reference), (Version::FIRST.next(), Some(reference("PO-1"))));
    let [Write::UpdateOrder(written)] = &it.record.only_commit()[..] else { panic!("one write") };
    assert_eq!(written.history_entries(), []);
}

#[tokio::test]
async fn what_is_so_already_changes_nothing_in_any_status() {
    let named_one =
        paid().with_details(OrderDetails { reference: Some(reference("PO-1")), ..OrderDetails::default() });
    let it = with_order(named_one.clone());
    for user in [ada(), olga()] {
        assert_eq!(by(&it, user, named("PO-1")).await.unwrap(), named_one);
    }
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn an_owner_edits_a_pending_order_and_an_operator_any() {
    let it = with_order(paid());
    assert!(matches!(by(&it, ada(), named("PO-1")).await, Err(EditError::NotPending)));
    assert!(matches!(by(&it, bob(), named("PO-1")).await, Err(EditError::NotFound)));
    assert_eq!(by(&it, olga(), named("PO-1")).await.unwrap().details.reference, Some(reference("PO-1")));
}

#[tokio::test]
async fn only_an_operator_tracks_and_only_what_was_sent() {
    let it = with_order(order());
    assert!(matches!(by(&it, ada(), tracked("1")).await, Err(EditError::TrackingForbidden)));
    assert!(matches!(by(&it, olga(), tracked("1")).await, Err(EditError::NotShipped)));
    let it = with_order(Order { status: OrderStatus::Delivered, ..order() });
    let number = TrackingNumber::parse("1").ok();
    let expected = Some(Tracking { number, ..Tracking::default() });
    assert_eq!(by(&it, olga(), tracked("1")).await.unwrap().details.tracking, expected);
}

#[tokio::test]
async fn a_version_that_moves_under_the_commit_is_not_meant_any_more() {
    let it = with_order(order());
    it.record.before_next_commit(|it| it.orders[0] = paid());
    let ask = EditRequest { if_match: IfMatch::OneOf(vec![Version::FIRST]), ..named("PO-1") };
    assert!(matches!(by(&it, ada(), ask).await, Err(EditError::PreconditionFailed)));
    it.record.change(|it| it.orders[0] = order());
    it.record.before_next_commit(|it| it.orders[0] = paid());
    assert!(matches!(by(&it, ada(), named("PO-1")).await, Err(EditError::NotPending)), "decided again");
}

#[tokio::test]
async fn an_owner_changes_orders_only_so_often_within_a_minute() {
    let mut it = with_order(order());
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.orders_per_minute = 2;
    for name in ["PO-1", "PO-2", "PO-2"] {
        by(&it, ada(), named(name)).await.unwrap();
    }
    assert!(matches!(by(&it, ada(), named("PO-3")).await, Err(EditError::Throttled(_))));
    assert!(by(&it, olga(), named("PO-4")).await.is_ok(), "an operator has no limit");
}

#[tokio::test]
async fn an_edit_that_changes_nothing_counts_if_its_reply_is_stored() {
    let mut it = with_order(order()).without_locks();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.orders_per_minute = 1;
    let unchanged = EditRequest { patch: DetailsPatch::default(), ..named("x") };
    let send = async |key| {
        let render = |it: &Order| reply(&it.version.get().to_string());
        edit_order(&it.app, &caller(ada()), key, unchanged.clone(), render).await
    };
    send(Some(request())).await.unwrap();
    assert!(matches!(send(Some(request_with("k2"))).await, Err(EditError::Throttled(_))));
    send(Some(request())).await.expect("a stored reply costs nothing");
    send(None).await.expect("without a key nothing is stored");
}
