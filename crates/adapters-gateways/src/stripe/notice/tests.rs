use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_692_942_400_000);

fn parse(kind: &str, object: &Value) -> ParsedNotice {
    parse_of("2026-10-28.endive", kind, object)
}

fn parse_of(version: &str, kind: &str, object: &Value) -> ParsedNotice {
    let body = json!({"id": "evt_1NG8Du2eZvKYlo2CUI79vXWy", "object": "event", "api_version": version,
        "created": 1_692_942_318, "data": {"object": object}, "livemode": false, "pending_webhooks": 0,
        "request": {"id": null, "idempotency_key": null}, "type": kind});
    parse_notice(&read_notice(body.to_string().as_bytes()), NOW, false)
}

fn irrelevant(kind: &str) -> ParsedNotice {
    ParsedNotice::Irrelevant { kind: kind.to_owned() }
}

/// The refund of the reference, with another balance transaction.
fn refund(transaction: &Value) -> Value {
    json!({"id": "re_1Nispe2eZvKYlo2Cd31jOCgZ", "object": "refund", "amount": 1000, "balance_transaction": transaction,
        "charge": "ch_1NirD82eZvKYlo2CIvbtLWuY", "created": 1_692_942_318, "currency": "usd",
        "destination_details": {"card": {"reference": "123456789012", "type": "refund"}, "type": "card"},
        "metadata": {}, "payment_intent": "pi_1GszsK2eZvKYlo2CfhZyoZLp", "reason": null, "receipt_number": null,
        "status": "succeeded"})
}

#[test]
fn a_refund_of_the_dashboard_is_named_by_its_references() {
    let ParsedNotice::Event(event) = parse("refund.created", &refund(&json!("txn_1Nispe2eZvKYlo2CYezqFhEx")))
    else {
        panic!("it is an event")
    };
    let payment = GatewayReference::new("pi_1GszsK2eZvKYlo2CfhZyoZLp".to_owned());
    let named = NamedReference { kind: ReferenceKind::Payment, reference: payment.clone() };
    assert_eq!(event.target, EventTarget::Reference(named));
    assert_eq!(event.references.refund.unwrap().as_str(), "re_1Nispe2eZvKYlo2Cd31jOCgZ");
    assert_eq!((event.references.payment, event.order, event.refund), (Some(payment), None, None));
    assert_eq!((event.reported.amount.as_str(), event.at), ("10.00", second_end(1_692_942_318)));
}

#[test]
fn released_money_is_no_refund_and_a_pending_one_has_no_result() {
    for kind in ["refund.created", "refund.updated", "charge.refund.updated"] {
        assert_eq!(parse(kind, &refund(&Value::Null)), irrelevant(kind));
        let pending =
            json!({"id": "re_1", "object": "refund", "status": "pending", "payment_intent": "pi_1"});
        assert_eq!(parse(kind, &pending), irrelevant(kind));
        let mut expired = refund(&json!("txn_1"));
        expired["reason"] = json!("expired_uncaptured_charge");
        assert_eq!(parse(kind, &expired), irrelevant(kind));
    }
    let charge = |captured: bool| {
        json!({"id": "ch_1", "object": "charge", "captured": captured, "payment_intent": "pi_1", "metadata": {"transaction_id": "t1"},
            "refunds": {"data": [refund(&json!("txn_1"))]}})
    };
    assert_eq!(parse("charge.refunded", &charge(false)), irrelevant("charge.refunded"));
    let ParsedNotice::Event(event) = parse("charge.refunded", &charge(true)) else {
        panic!("it is an event")
    };
    assert_eq!(event.target, EventTarget::Transaction(TransactionId::new("t1".to_owned())));
    let untouched = json!({"id": "ch_1", "object": "charge", "refunds": null, "amount_refunded": 0});
    assert_eq!(parse("charge.refunded", &untouched), irrelevant("charge.refunded"));
}

#[test]
fn in_an_old_version_the_amounts_of_the_charge_tell_a_refund_from_a_release() {
    let parse_charge = |version: &str, refunded: i64, captured: &Value| {
        let charge = json!({"id": "ch_1", "object": "charge", "captured": true, "payment_intent": "pi_1",
            "amount": 2000, "amount_captured": captured, "amount_refunded": refunded,
            "refunds": {"data": [refund(&json!("txn_1"))]}});
        parse_of(version, "charge.refunded", &charge)
    };
    let (old, new) = ("2025-02-24.acacia", "2025-03-31.basil");
    assert_eq!(parse_charge(old, 1000, &json!(1000)), irrelevant("charge.refunded"));
    for (version, refunded) in [(old, 2000), (new, 1000)] {
        let parsed = parse_charge(version, refunded, &json!(1000));
        assert!(matches!(parsed, ParsedNotice::Event(_)), "{version}: {parsed:?}");
    }
    assert!(matches!(parse_charge(old, 1000, &Value::Null), ParsedNotice::Unintelligible { .. }));
    assert!(matches!(parse_charge(new, 1000, &Value::Null), ParsedNotice::Event(_)));
}

#[test]
fn a_charge_without_a_payment_intent_is_not_ours() {
    // The dispute of the reference.
    let dispute = json!({"id": "du_1MtJUT2eZvKYlo2CNaw2HvEv", "object": "dispute", "amount": 1000,
        "balance_transactions": [], "charge": "ch_1AZtxr2eZvKYlo2CJDX8whov", "created": 1_680_651_737,
        "currency": "usd", "is_charge_refundable": true, "metadata": {}, "payment_intent": null,
        "reason": "general", "status": "needs_response"});
    assert_eq!(parse("charge.dispute.created", &dispute), irrelevant("charge.dispute.created"));
    let mut old = refund(&json!("txn_1"));
    old["payment_intent"] = Value::Null;
    assert_eq!(parse("refund.created", &old), irrelevant("refund.created"));
}

#[test]
fn an_object_may_be_expanded() {
    let mut expanded = refund(&json!({"id": "txn_1"}));
    expanded["payment_intent"] = json!({"id": "pi_1", "object": "payment_intent"});
    let ParsedNotice::Event(event) = parse("refund.updated", &expanded) else { panic!("it is an event") };
    assert_eq!(event.references.payment.unwrap().as_str(), "pi_1");
}

#[test]
fn types_that_add_no_fact_are_quiet_and_others_are_named() {
    for kind in ["payment_intent.created", "payment_intent.processing", "charge.succeeded", "charge.updated"]
    {
        let object = kind.split('.').next().unwrap();
        assert_eq!(parse(kind, &json!({"id": "x_1", "object": object})), irrelevant(kind));
        assert!(matches!(parse(kind, &json!({})), ParsedNotice::Unintelligible { .. }), "{kind}");
    }
    let unknown = |kind: &str| ParsedNotice::UnknownType { kind: kind.to_owned() };
    for kind in ["customer.created", "payment_intent.", "charge.dispute", "refund.blessed"] {
        assert_eq!(parse(kind, &json!({})), unknown(kind));
    }
    assert_eq!(parse(&"x".repeat(100), &json!({})), unknown(&"x".repeat(64)));
}

#[test]
fn a_body_without_an_id_has_the_same_one_each_time() {
    let (one, other) = (read_notice(b"nonsense"), read_notice(b"other nonsense"));
    assert_eq!(one.id, read_notice(b"nonsense").id);
    assert_ne!(one.id, other.id);
}
