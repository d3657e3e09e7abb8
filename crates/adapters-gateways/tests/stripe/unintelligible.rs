//! Notices whose object is not what their type promises. Such an object may be ours, so it is never irrelevant.

use ports::ParsedNotice;
use serde_json::{Value, json};

use crate::{
    bench,
    notices::{event_of, receive},
};

/// The object with other members on top; `null` removes one.
pub(crate) fn change_object(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    object
}

pub(crate) fn intent_object() -> Value {
    json!({"id": "pi_1", "object": "payment_intent", "amount": 1998, "amount_received": 1998, "currency": "cny",
        "status": "requires_capture", "metadata": {"transaction_id": "t1", "order_number": "o1"}})
}

fn refund_object() -> Value {
    json!({"id": "re_1", "object": "refund", "amount": 5, "currency": "cny", "metadata": {},
        "payment_intent": "pi_1", "charge": "ch_1", "status": "succeeded", "balance_transaction": "txn_1"})
}

/// Asserts that the notice about `whole` is an event, and with each of the changes unintelligible.
async fn assert_faults(kind: &str, whole: Value, changes: impl IntoIterator<Item = Value>) {
    let it = bench().await;
    let good = receive(&it, &event_of(kind, whole.clone()));
    assert!(matches!(good, ParsedNotice::Event(_)), "{kind}: {good:?}");
    for change in changes {
        let parsed = receive(&it, &event_of(kind, change_object(&whole, &change)));
        let ParsedNotice::Unintelligible { fault } = parsed else { panic!("{kind} {change}: {parsed:?}") };
        assert!(fault.ends_with('.'));
    }
}

fn odd_order() -> Value {
    json!({"metadata": {"transaction_id": "t1", "order_number": ["x"]}})
}

#[tokio::test]
async fn a_payment_is_whole_and_its_metadata_can_be_read() {
    let changes = [
        json!({"amount_received": null, "amount": null}),
        json!({"amount_received": "1998"}),
        json!({"currency": null}),
        json!({"object": "charge"}),
        json!({"object": null}),
        json!({"id": 7}),
        json!({"metadata": null}),
        json!({"metadata": "t1"}),
        json!({"metadata": {"transaction_id": "x".repeat(300)}}),
        json!({"metadata": {"transaction_id": ""}}),
        json!({"metadata": {"transaction_id": 7}}),
        odd_order(),
    ];
    assert_faults("payment_intent.succeeded", intent_object(), changes).await;
    assert_faults("payment_intent.payment_failed", intent_object(), [json!({"amount": -5})]).await;
    let changes = [json!({"status": null})];
    assert_faults("payment_intent.amount_capturable_updated", intent_object(), changes).await;
}

#[tokio::test]
async fn a_refund_is_whole_and_names_what_it_is_about() {
    let changes = [
        json!({"amount": null}),
        json!({"object": "charge"}),
        json!({"id": null}),
        json!({"id": "x".repeat(300)}),
        json!({"status": 7}),
        json!({"status": null}),
        json!({"payment_intent": null, "charge": null}),
        json!({"metadata": {"refund_id": "x".repeat(300)}}),
        json!({"metadata": {"transaction_id": "x".repeat(300)}}),
        odd_order(),
    ];
    assert_faults("refund.updated", refund_object(), changes).await;
}

#[tokio::test]
async fn a_charge_that_was_refunded_states_the_refund() {
    let charge = json!({"id": "ch_1", "object": "charge", "amount": 1998, "amount_captured": 1998,
        "amount_refunded": 5, "captured": true, "payment_intent": "pi_1", "refunds": {"data": [refund_object()]}});
    let changes = [
        json!({"refunds": null}),
        json!({"refunds": {"data": ["re_1"]}}),
        json!({"refunds": null, "amount_refunded": null}),
        json!({"object": null, "amount_refunded": 0}),
    ];
    assert_faults("charge.refunded", charge, changes).await;
}

#[tokio::test]
async fn a_dispute_is_whole_and_names_what_it_is_about() {
    let dispute = json!({"id": "dp_1", "object": "dispute", "amount": 5, "currency": "cny", "metadata": {},
        "payment_intent": "pi_1", "charge": "ch_1", "status": "won"});
    let changes = [
        json!({"status": null}),
        json!({"id": null}),
        json!({"currency": null}),
        json!({"object": "refund"}),
        json!({"payment_intent": null, "charge": null}),
        odd_order(),
    ];
    assert_faults("charge.dispute.closed", dispute, changes).await;
}

#[tokio::test]
async fn a_notice_has_an_object_and_amounts_that_are_no_amounts_do_no_harm() {
    let it = bench().await;
    for event in [
        json!({"id": "evt_1", "type": "payment_intent.succeeded"}),
        event_of("payment_intent.canceled", json!("text")),
        json!({"id": "evt_1", "type": "charge.refunded", "api_version": "2020-08-27", "data": {"object": {
            "id": "ch_1", "object": "charge", "amount": i64::MAX, "amount_captured": i64::MIN,
            "amount_refunded": "x"}}}),
    ] {
        let parsed = receive(&it, &event);
        assert!(matches!(parsed, ParsedNotice::Unintelligible { .. }), "{event}: {parsed:?}");
    }
}
