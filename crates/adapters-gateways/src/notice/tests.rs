use domain::card;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn mask_body(body: &[u8]) -> String {
    crate::masking::mask_body(body, &MASK_RULES)
}

const RECEIVED: Timestamp = Timestamp::from_millis(1_763_800_200_456);

fn event(kind: EventKind) -> PaymentEvent {
    let some = |text: &str| Some(text.to_owned());
    PaymentEvent {
        id: EventId::new("evt_1".into()),
        kind,
        target: EventTarget::Transaction(TransactionId::new("t1".into())),
        order: Some(OrderNumber::new("n1".into())),
        reported: ReportedAmount::parse("19.98", "CNY").unwrap(),
        refund: kind.is_refund().then(|| RefundId::new("r1".into())),
        dispute: kind.is_dispute().then(|| DisputeId::new("d1".into())),
        references: EventReferences::default(),
        details: PaymentDetails {
            card_last4: some("4242"),
            card_brand: some("visa"),
            authorization_code: some("A1B2C3"),
            response_code: some("00"),
            failure_reason: (kind == EventKind::Failed).then(|| "card declined".to_owned()),
        },
        at: Timestamp::from_millis(1_763_800_200_123),
    }
}

fn notice(kind: &str) -> Value {
    json!({"type": kind, "timestamp": "2025-11-22T08:30:00.123Z", "data": {
        "transactionId": "t1", "orderNumber": "n1", "refundId": "r1", "amount": "19.98", "currency": "CNY"}})
}

fn of(raw: String) -> ParsedNotice {
    parse_notice(&Notice { id: EventId::new("evt_1".into()), raw }, RECEIVED)
}

fn read(notice: &Value) -> ParsedNotice {
    of(notice.to_string())
}

fn understood(notice: &Value) -> PaymentEvent {
    let ParsedNotice::Event(event) = read(notice) else { panic!("not understood: {notice}") };
    *event
}

fn is_unintelligible(notice: &Value) -> bool {
    matches!(read(notice), ParsedNotice::Unintelligible { .. })
}

#[test]
fn a_body_is_written_as_the_contract_shows() {
    assert_eq!(
        serde_json::from_str::<Value>(&format_body(&event(EventKind::Captured))).unwrap(),
        json!({"type": "payment.captured", "timestamp": "2025-11-22T08:30:00.123Z",
            "data": {"transactionId": "t1", "orderNumber": "n1", "amount": "19.98", "currency": "CNY",
                     "cardLast4": "4242", "cardBrand": "visa", "authorizationCode": "A1B2C3", "responseCode": "00"}})
    );
    let refund: Value = serde_json::from_str(&format_body(&event(EventKind::RefundSucceeded))).unwrap();
    assert_eq!(refund["data"]["refundId"], "r1");
    let failed: Value = serde_json::from_str(&format_body(&event(EventKind::Failed))).unwrap();
    assert_eq!(failed["data"]["failureReason"], "card declined");
}

#[test]
fn what_is_written_of_any_kind_is_understood() {
    for kind in EventKind::ALL {
        assert_eq!(of(format_body(&event(kind))), ParsedNotice::Event(Box::new(event(kind))));
    }
}

#[test]
fn an_id_is_the_same_for_the_same_event_and_another_for_another() {
    let id = |kind, transaction: &str, refund: Option<&str>| {
        let refund = refund.map(|it| RefundId::new(it.into()));
        super::event_id(kind, &TransactionId::new(transaction.into()), refund.as_ref())
    };
    let captured = id(EventKind::Captured, "t1", None);
    assert_eq!(captured, id(EventKind::Captured, "t1", None));
    assert!(EventId::parse(captured.as_str()).is_ok_and(|it| it.as_str().starts_with("evt_")));
    let mut ids: Vec<_> = EventKind::ALL.map(|kind| id(kind, "t1", kind.is_refund().then_some("r1"))).into();
    ids.extend([id(EventKind::RefundSucceeded, "t1", Some("r2")), id(EventKind::Captured, "t2", None)]);
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn unknown_members_are_ignored() {
    let mut notice = notice("payment.captured");
    notice["apiVersion"] = json!(3);
    notice["data"]["fraud"] = json!({"score": 0.1});
    assert_eq!(understood(&notice).kind, EventKind::Captured);
}

#[test]
fn a_time_in_whole_seconds_ends_with_its_second_and_that_of_money_is_as_written() {
    let at = |kind: &str, time: &str| {
        let mut notice = notice(kind);
        notice["timestamp"] = json!(time);
        understood(&notice).at.as_millis().rem_euclid(60_000)
    };
    assert_eq!(at("refund.failed", "2025-11-22T08:30:07Z"), 7_999);
    assert_eq!(at("refund.failed", "2025-11-22T08:30:07.000Z"), 7_000);
    assert_eq!(at("payment.captured", "2025-11-22T08:30:07Z"), 7_000);
}

#[test]
fn the_moment_of_arrival_stands_in_for_a_missing_time() {
    let mut notice = notice("payment.captured");
    assert_eq!(understood(&notice).at.as_millis(), 1_763_800_200_123);
    for (text, millis) in
        [("2025-11-22T10:30:00+02:00", 1_763_800_200_000), ("2025-11-22T08:30:00.9996Z", 1_763_800_200_999)]
    {
        notice["timestamp"] = json!(text);
        assert_eq!(understood(&notice).at.as_millis(), millis);
    }
    notice["timestamp"] = Value::Null;
    assert_eq!(understood(&notice).at, RECEIVED);
    notice.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(understood(&notice).at, RECEIVED);
}

#[test]
fn a_time_of_a_clock_that_was_never_set_is_when_the_notice_came() {
    for odd in
        ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "9000-01-01T00:00:00Z"]
    {
        let mut notice = notice("payment.captured");
        notice["timestamp"] = json!(odd);
        assert_eq!(understood(&notice).at, RECEIVED, "{odd}");
    }
}

#[test]
fn a_time_that_is_no_moment_is_unintelligible() {
    for bad in [json!("yesterday"), json!(""), json!("2025-11-22"), json!(1)] {
        let mut notice = notice("payment.captured");
        notice["timestamp"] = bad;
        assert!(is_unintelligible(&notice), "{notice}");
    }
}

#[test]
fn a_refund_is_named_by_the_refund_kinds_and_only_by_them() {
    for kind in EventKind::ALL {
        let mut notice = notice(kind.as_str());
        assert_eq!(understood(&notice).refund.is_some(), kind.is_refund());
        notice["data"].as_object_mut().unwrap().remove("refundId");
        assert_eq!(is_unintelligible(&notice), kind.is_refund());
    }
}

#[test]
fn a_notice_without_what_its_type_promises_is_unintelligible() {
    let long = "x".repeat(256);
    let bad = [json!(null), json!(7), json!(""), json!("a b"), json!(long), json!(["t1"])];
    for member in ["transactionId", "orderNumber", "refundId", "amount", "currency"] {
        for value in &bad {
            let mut notice = notice("refund.failed");
            notice["data"][member] = value.clone();
            assert!(is_unintelligible(&notice), "{notice}");
        }
    }
    for amount in ["-1", "1e3", "1,00", "+1", "1.", "0x1", "NaN"] {
        let mut notice = notice("payment.captured");
        notice["data"]["amount"] = json!(amount);
        assert!(is_unintelligible(&notice), "{amount}");
    }
    for data in [Value::Null, json!([]), json!("x")] {
        let mut notice = notice("payment.captured");
        notice["data"] = data;
        assert!(is_unintelligible(&notice), "{notice}");
    }
}

#[test]
fn what_is_no_notice_at_all_is_unintelligible() {
    for raw in
        ["", "no json", "[]", "\"payment.captured\"", "{}", r#"{"type":1}"#, r#"{"type":null}"#, "{\"type\":"]
    {
        assert!(matches!(of(raw.to_owned()), ParsedNotice::Unintelligible { .. }), "{raw}");
    }
}

#[test]
fn an_unknown_type_is_named_but_not_at_length() {
    assert_eq!(
        read(&json!({"type": "payment.blessed"})),
        ParsedNotice::UnknownType { kind: "payment.blessed".into() }
    );
    assert_eq!(
        read(&json!({"type": "ü".repeat(1000)})),
        ParsedNotice::UnknownType { kind: "ü".repeat(KIND_CHARS_MAX) }
    );
}

#[test]
fn details_are_optional_texts_of_bounded_length() {
    for member in ["cardLast4", "cardBrand", "authorizationCode", "responseCode", "failureReason"] {
        let mut notice = notice("payment.failed");
        for none in [Value::Null, json!(["x"]), json!({})] {
            notice["data"][member] = none;
            assert_eq!(understood(&notice).details, PaymentDetails::default(), "{notice}");
        }
        let as_text = |notice: &Value| {
            let it = understood(notice).details;
            let all =
                [it.card_last4, it.card_brand, it.authorization_code, it.response_code, it.failure_reason];
            all.into_iter().flatten().collect::<Vec<_>>()
        };
        for (other, text) in [(json!(42), "42"), (json!(true), "true"), (json!(0.5), "0.5")] {
            notice["data"][member] = other;
            assert_eq!(as_text(&notice), [text], "a number where text is expected");
        }
    }
    let mut notice = notice("payment.failed");
    notice["data"]["failureReason"] = json!("ü".repeat(1000));
    assert_eq!(understood(&notice).details.failure_reason, Some("ü".repeat(DETAIL_CHARS_MAX)));
}

#[test]
fn of_a_masked_card_number_only_the_end_is_kept() {
    for (sent, stored) in [("************4242", "4242"), ("4242", "4242"), ("42", "42"), ("", "")] {
        let mut notice = notice("payment.captured");
        notice["data"]["cardLast4"] = json!(sent);
        assert_eq!(understood(&notice).details.card_last4.as_deref(), Some(stored));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("4242424242424242")),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,8}|data|type|timestamp|cvc", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Ids of the forms that gateways use.
fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-~]{1,40}",
        "[0-9]{28}",
        "(re|pi)_[0-9]{16}",
        Just("5695069920577123".to_owned()),
        Just("5559470900567123".to_owned()),
        Just("4242-4242-4242-4242".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_bytes_break_masking_or_reading(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = of(mask_body(&bytes));
    }

    #[test]
    fn no_json_breaks_masking_or_reading_or_keeps_a_card_number(value in any_json()) {
        let masked = mask_body(value.to_string().as_bytes());
        prop_assert!(!masked.contains("4242424242424242"));
        let _ = of(masked);
    }

    #[test]
    fn what_is_kept_means_what_was_sent_however_often_it_is_read(
        (transaction, order, refund) in (any_id(), any_id(), any_id()), amount in "[1-9][0-9]{0,12}\\.[0-9]{1,4}",
        reason in ".{0,40}|card 4242[ -]4242[ -]4242[ -]4242", ignored in any_json(),
    ) {
        let mut notice = notice("refund.succeeded");
        notice["ignored"] = ignored;
        let data = json!({"transactionId": transaction, "orderNumber": order, "refundId": refund, "amount": amount,
            "currency": "CNY", "failureReason": reason});
        notice["data"] = data;
        let masked = mask_body(notice.to_string().as_bytes());
        let ParsedNotice::Event(event) = of(masked.clone()) else { panic!("not understood: {masked}") };
        let is_same_id = |sent: &str, parsed: &str| {
            parsed == sent || card::is_card_number(sent) && parsed.starts_with("masked_")
        };
        let EventTarget::Transaction(named) = &event.target else { panic!("it names a transaction") };
        let named = named.as_str();
        prop_assert!(is_same_id(&transaction, named), "{}", masked);
        prop_assert!(is_same_id(&order, event.order.as_ref().unwrap().as_str()), "{}", masked);
        prop_assert!(is_same_id(&refund, event.refund.as_ref().unwrap().as_str()), "{}", masked);
        prop_assert_eq!(refund == transaction, event.refund.as_ref().unwrap().as_str() == named);
        prop_assert_eq!(&event.reported.amount, &amount);
        prop_assert_eq!(event.details.failure_reason.clone(), Some(card::mask_numbers(&reason)));
        prop_assert_eq!(of(masked.clone()), ParsedNotice::Event(event.clone()), "when it is parsed again");
        let twice = mask_body(masked.as_bytes());
        prop_assert_eq!(of(twice), ParsedNotice::Event(event), "and when it is masked again");
    }

    #[test]
    fn no_member_of_a_notice_breaks_reading(member in 0_usize..5, value in any_json()) {
        let mut notice = notice("refund.succeeded");
        *notice["data"].as_object_mut().unwrap().values_mut().nth(member).unwrap() = value;
        let _ = read(&notice);
    }
}

fn reference(text: &str) -> GatewayReference {
    GatewayReference::parse(text).unwrap()
}

#[test]
fn an_event_names_our_transaction_or_else_what_the_gateway_calls_it() {
    let mut notice = json!({"type": "refund.succeeded", "data": {"amount": "5", "currency": "CNY"}});
    assert!(is_unintelligible(&notice), "it has neither an id nor a reference");
    let named = |kind, text| EventTarget::Reference(NamedReference { kind, reference: reference(text) });
    for (member, text, target) in [
        ("refundReference", "re_1", named(ReferenceKind::Refund, "re_1")),
        ("gatewayReference", "pi_1", named(ReferenceKind::Payment, "pi_1")),
    ] {
        notice["data"][member] = text.into();
        assert_eq!(understood(&notice).target, target, "{member}");
    }
    let event = understood(&notice);
    assert_eq!((event.order, event.refund, event.references.refund), (None, None, Some(reference("re_1"))));
    notice["data"]["transactionId"] = "t1".into();
    assert!(is_unintelligible(&notice), "a notice with our id needs an orderNumber");
    notice["data"]["orderNumber"] = "n1".into();
    assert_eq!(understood(&notice).target, EventTarget::Transaction(TransactionId::new("t1".into())));
}

#[test]
fn what_began_in_the_dashboard_is_written_and_understood() {
    for kind in EventKind::ALL {
        let references = EventReferences {
            payment: Some(reference("pi_1")),
            refund: kind.is_refund().then(|| reference("re_1")),
            dispute: kind.is_dispute().then(|| reference("dp_1")),
        };
        let named = NamedReference { kind: ReferenceKind::Payment, reference: reference("pi_1") };
        let target = EventTarget::Reference(named);
        let event =
            PaymentEvent { target, order: None, refund: None, dispute: None, references, ..event(kind) };
        assert_eq!(of(format_body(&event)), ParsedNotice::Event(Box::new(event)));
    }
}
