//! The suite of the port, stamped onto Stripe with its double.

use std::sync::Arc;

use domain::{
    DisputeId, RefundId, Timestamp, TransactionId,
    payment::{
        EventKind, EventReferences, EventTarget, GatewayReference, NamedReference, PaymentEvent,
        ReferenceKind,
    },
};
use port_contracts::gateway::{GatewayControl, GatewayFixture, GatewayTraits, sample_event};
use serde_json::{Value, json};

use crate::{
    NOW, bench,
    double::{Double, Fault},
    sign,
};

struct Control(Double);

impl GatewayControl for Control {
    fn lose_answers(&self) -> &'static str {
        self.0.state().charge_fault = Some(Fault::LoseAnswer);
        "pm_card_visa"
    }

    fn drop_requests(&self) -> &'static str {
        self.0.state().charge_fault = Some(Fault::Drop);
        "pm_card_visa"
    }

    fn restore(&self) {
        self.0.state().charge_fault = None;
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.assert_content();
        }
    }
}

async fn fixture() -> GatewayFixture {
    let it = bench().await;
    let other_instance = it.gateway(it.config());
    GatewayFixture {
        gateway: it.gateway.clone(),
        other_instance: Arc::new(other_instance),
        control: Arc::new(Control(it.double)),
        traits: GatewayTraits::CARDS,
        now: NOW,
        good_token: "pm_card_visa",
        declined_token: Some("tok_chargeDeclined"),
        sign_notice: Box::new(|_, body, at| sign("whsec_first", at, body)),
        write_notice: Box::new(|id, event| write_notice(id, event, "no text")),
        write_notice_with_text: Box::new(|text| {
            write_notice("evt_1", &sample_event(EventKind::Failed, NOW), text)
        }),
        tamper: |body| String::from_utf8_lossy(body).replace("1998", "1997").into_bytes(),
        sample_event: |kind, at| Some(stated_event(kind, at)),
        dashboard_event: |kind, at| {
            let event = stated_event(kind, at);
            let named_ours = !kind.is_refund() && !kind.is_dispute();
            let target = payment_target(&event);
            (!named_ours).then_some(PaymentEvent { target, order: None, refund: None, ..event })
        },
        unknown_type: br#"{"id":"evt_1","object":"event","type":"customer.created","data":{"object":{}}}"#
            .to_vec(),
    }
}

fn payment_target(event: &PaymentEvent) -> EventTarget {
    let reference = event.references.payment.clone().unwrap();
    EventTarget::Reference(NamedReference { kind: ReferenceKind::Payment, reference })
}

/// The event of a kind as Stripe states it: a dispute knows the payment by reference only, and its own reference
/// is its id.
fn stated_event(kind: EventKind, at: Timestamp) -> PaymentEvent {
    let event = sample_event(kind, at);
    if !kind.is_dispute() {
        return event;
    }
    let references =
        EventReferences { dispute: Some(GatewayReference::new("dp_1".into())), ..event.references.clone() };
    let dispute = Some(DisputeId::new("dp_1".to_owned()));
    PaymentEvent { target: payment_target(&event), order: None, dispute, references, ..event }
}

fn write_notice(id: &str, event: &PaymentEvent, text: &str) -> Vec<u8> {
    let units: i64 = event.reported.amount.replace('.', "").parse().unwrap();
    let currency = event.reported.currency.to_lowercase();
    let transaction = match &event.target {
        EventTarget::Transaction(id) => Some(TransactionId::as_str(id)),
        EventTarget::Reference(_) => None,
    };
    let order = event.order.as_ref().map(|it| it.as_str());
    let refund = event.refund.as_ref().map(RefundId::as_str);
    let mut metadata = json!({"transaction_id": transaction, "order_number": order, "refund_id": refund});
    metadata.as_object_mut().unwrap().retain(|_, it| !it.is_null());
    let payment = event.references.payment.as_ref().map(|it| it.as_str());
    let intent = |status: &str, more: Value| {
        let mut intent = json!({"id": payment, "object": "payment_intent", "amount": units, "currency": currency,
            "metadata": metadata, "status": status, "latest_charge": "ch_1", "last_payment_error": null,
            "amount_received": 0, "canceled_at": null});
        intent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        intent
    };
    let refund = |status: &str| {
        json!({"id": event.references.refund.as_ref().map(|it| it.as_str()), "object": "refund", "amount": units,
            "currency": currency, "metadata": metadata, "payment_intent": payment, "status": status,
            "balance_transaction": "txn_1"})
    };
    let dispute = |status: &str| {
        json!({"id": event.dispute.as_ref().map(|it| it.as_str()), "object": "dispute", "amount": units,
            "currency": currency, "metadata": {}, "payment_intent": payment, "charge": "ch_1", "status": status})
    };
    let error = json!({"last_payment_error": {"message": text, "code": "card_declined"}});
    let (kind, object) = match event.kind {
        EventKind::Authorized => {
            ("payment_intent.amount_capturable_updated", intent("requires_capture", json!({})))
        }
        EventKind::Captured => {
            ("payment_intent.succeeded", intent("succeeded", json!({"amount_received": units})))
        }
        EventKind::Failed => ("payment_intent.payment_failed", intent("requires_payment_method", error)),
        EventKind::Voided => ("payment_intent.canceled", intent("canceled", json!({}))),
        EventKind::RefundSucceeded => ("refund.created", refund("succeeded")),
        EventKind::RefundFailed => ("refund.failed", refund("failed")),
        EventKind::Disputed => ("charge.dispute.created", dispute("needs_response")),
        EventKind::DisputeWon => ("charge.dispute.closed", dispute("won")),
        EventKind::DisputeLost => ("charge.dispute.closed", dispute("lost")),
    };
    let created = event.at.as_millis() / 1000;
    json!({"id": id, "object": "event", "type": kind, "created": created, "data": {"object": object}})
        .to_string()
        .into_bytes()
}

port_contracts::gateway!(fixture);
