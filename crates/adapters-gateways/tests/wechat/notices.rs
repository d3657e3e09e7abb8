//! Notices: verified, decrypted, masked and read again.

use std::time::Duration;

use domain::payment::EventKind;
use ports::{Gateway, Notice, NoticeHeaders, ParsedNotice};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    bench::{Bench, NOW, NUMBER, bench, open},
    double::{TestClock, beijing},
    keys::{self, vector},
};

fn content() -> Value {
    json!({
        "mchid": vector("merchant_id"), "appid": vector("app_id"), "out_trade_no": NUMBER,
        "transaction_id": "4200001234202611255569506992", "trade_state": "SUCCESS", "attach": "k3vorder",
        "success_time": "2026-11-22T16:30:04+08:00", "amount": { "total": 1998, "currency": "CNY" },
    })
}

fn write(kind: &str, content: &[u8], key: &str) -> Vec<u8> {
    keys::write_notice("EV-1", kind, &beijing(NOW), content, key)
}

fn verify(it: &Bench, body: &[u8]) -> Notice {
    it.gateway.verify_notice(&keys::sign_as_platform(body, NOW), body, NOW).unwrap()
}

fn fault_of(it: &Bench, body: &[u8]) -> &'static str {
    match it.gateway.parse_notice(&verify(it, body), NOW) {
        ParsedNotice::Unintelligible { fault } => fault,
        other @ (ParsedNotice::Event(_)
        | ParsedNotice::Irrelevant { .. }
        | ParsedNotice::UnknownType { .. }) => {
            panic!("it is understood: {other:?}")
        }
    }
}

#[tokio::test]
async fn notices_may_come_twice_late_and_in_any_order() {
    let it = bench().await;
    it.begin_and_pay().await;
    it.refund("REFUND1", "5").await.unwrap();
    it.double.end_refund("REFUND1", "SUCCESS");
    let (refund, paid) = (it.double.notify_refund("REFUND1"), it.double.notify_trade(NUMBER));
    let parse = |(headers, body): &(_, Vec<u8>)| {
        let notice =
            it.gateway.verify_notice(headers, body, NOW.saturating_add(Duration::from_secs(200))).unwrap();
        let ParsedNotice::Event(event) = it.gateway.parse_notice(&notice, NOW) else { panic!("no event") };
        event
    };
    let kinds = [&refund, &paid, &refund, &paid].map(|it| parse(it).kind);
    use EventKind::{Captured, RefundSucceeded};
    assert_eq!(kinds, [RefundSucceeded, Captured, RefundSucceeded, Captured]);
    // WeChat Pay signs a repetition at its own time: the same notice, with the same id.
    it.pass(60);
    let again = it.double.notify_trade(NUMBER);
    let late = NOW.saturating_add(Duration::from_secs(3_600));
    let notice = it.gateway.verify_notice(&again.0, &again.1, late).unwrap();
    assert_eq!(notice.id, parse(&paid).id);
    assert!(parse(&refund).at >= parse(&paid).at, "a refund does not come before its payment");
}

#[tokio::test]
async fn a_stored_notice_is_decrypted_and_shows_no_personal_data() {
    let it = bench().await;
    it.begin_and_pay().await;
    let (headers, body) = it.double.notify_trade(NUMBER);
    let notice = it.gateway.verify_notice(&headers, &body, NOW).unwrap();
    let stored: Value = serde_json::from_str(&notice.raw).unwrap();
    assert_eq!(stored["event_type"], "TRANSACTION.SUCCESS");
    assert_eq!(stored["resource"]["out_trade_no"], NUMBER);
    assert_eq!(stored["resource"]["payer"]["openid"], "***");
    assert!(!notice.raw.contains("oUpF8uMuAJO") && !notice.raw.contains("ciphertext"));
    // The stored text is read again by an instance with other keys, and means the same.
    let mut config = keys::config("http://127.0.0.1:9");
    config.api_v3_key = "x".repeat(32).into();
    config.app_id = "wx7777777777777777".to_owned();
    let other = adapters_gateways::WeChat::open(config, it.double.clock.clone()).unwrap();
    assert_eq!(other.parse_notice(&notice, NOW), it.gateway.parse_notice(&notice, NOW));
}

#[tokio::test]
async fn a_notice_that_cannot_be_decrypted_is_kept_and_flagged() {
    let it = bench().await;
    let good = content().to_string();
    let other_key = write("TRANSACTION.SUCCESS", good.as_bytes(), &"k".repeat(32));
    let change = |from: &str, to: &str| {
        let body = write("TRANSACTION.SUCCESS", good.as_bytes(), vector("api_v3_test_key"));
        let changed = String::from_utf8(body.clone()).unwrap().replace(from, to).into_bytes();
        assert_ne!(changed, body);
        changed
    };
    let cases = [
        other_key,
        change("AEAD_AES_256_GCM", "AEAD_SM4_GCM"),
        change(r#""associated_data":"transaction""#, r#""associated_data":"refund""#),
        change("fdasfjihihih", "another-nonce"),
        change("fdasfjihihih", "fdasfjihihix"),
        change(r#""ciphertext":""#, r#""ciphertext":"*"#),
        change(r#""ciphertext":""#, r#""cipher":""#),
    ];
    for body in cases {
        let fault = fault_of(&it, &body);
        assert_eq!(fault, "Its content cannot be decrypted with the APIv3 key.");
        assert_eq!(verify(&it, &body).id.as_str(), "EV-1");
    }
}

#[tokio::test]
async fn a_notice_for_another_recipient_has_no_effect() {
    let it = bench().await;
    for (member, other) in [("mchid", json!("1900000110")), ("appid", json!("wx7")), ("mchid", json!(7))] {
        let mut content = content();
        content[member] = other;
        let body = write("TRANSACTION.SUCCESS", content.to_string().as_bytes(), vector("api_v3_test_key"));
        assert_eq!(fault_of(&it, &body), "Its content is for another merchant or another application.");
    }
}

#[tokio::test]
async fn a_notice_whose_content_is_not_what_its_type_promises_is_unintelligible() {
    let it = bench().await;
    let key = vector("api_v3_test_key");
    let without = |name: &str| {
        let mut content = content();
        content.as_object_mut().unwrap().remove(name);
        content.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut content = content();
        content[name] = value;
        content.to_string()
    };
    for odd in [
        "no json".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        String::new(),
        without("out_trade_no"),
        without("amount"),
        without("trade_state"),
        with("trade_state", json!("NOTPAY")),
        with("amount", json!({ "total": "1998" })),
        with("out_trade_no", json!("not an id\n")),
    ] {
        fault_of(&it, &write("TRANSACTION.SUCCESS", odd.as_bytes(), key));
    }
    for (kind, status) in [
        ("REFUND.SUCCESS", "CLOSED"),
        ("REFUND.SUCCESS", "PROCESSING"),
        ("REFUND.CLOSED", "SUCCESS"),
        ("REFUND.CLOSED", "ABNORMAL"),
    ] {
        let content = with("refund_status", json!(status));
        assert_eq!(
            fault_of(&it, &write(kind, content.as_bytes(), key)),
            "Its event_type and its refund_status differ."
        );
    }
    let abnormal = with("refund_status", json!("ABNORMAL"));
    assert!(fault_of(&it, &write("REFUND.ABNORMAL", abnormal.as_bytes(), key)).contains("商户平台"));
    // What the event does not need may be missing or odd.
    for fine in [
        without("success_time"),
        without("transaction_id"),
        with("attach", json!(7)),
        with("success_time", json!("soon")),
    ] {
        let notice = verify(&it, &write("TRANSACTION.SUCCESS", fine.as_bytes(), key));
        assert!(matches!(it.gateway.parse_notice(&notice, NOW), ParsedNotice::Event(_)), "{fine}");
    }
}

#[tokio::test]
async fn a_notice_without_a_valid_signature_is_refused() {
    let it = bench().await;
    let body = write("TRANSACTION.SUCCESS", content().to_string().as_bytes(), vector("api_v3_test_key"));
    let refuses = |name: &str, value: &str| {
        let mut headers = keys::sign_as_platform(&body, NOW);
        headers.insert(name.to_owned(), value.to_owned());
        it.gateway.verify_notice(&headers, &body, NOW).is_err()
    };
    let signature = keys::sign_as_platform(&body, NOW)["wechatpay-signature"].clone();
    assert!(!refuses("wechatpay-signature", &signature));
    assert!(refuses("wechatpay-signature", &format!("WECHATPAY/SIGNTEST/{signature}")));
    assert!(refuses("wechatpay-signature", &"A".repeat(100_000)));
    assert!(refuses("wechatpay-signature", &format!("{signature},{signature}")));
    assert!(refuses("wechatpay-serial", vector("certificate_serial")), "the other key");
    assert!(refuses("wechatpay-serial", "PUB_KEY_ID_OTHER"));
    assert!(refuses("wechatpay-timestamp", "+1795336205"));
    assert!(refuses("wechatpay-signature-type", "WECHATPAY2-SM2-WITH-SM3"));
    assert!(!refuses("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"));
    let long = [body.as_slice(), " ".repeat(64 * 1024).as_bytes()].concat();
    assert!(it.gateway.verify_notice(&keys::sign_as_platform(&long, NOW), &long, NOW).is_err(), "too long");
}

/// An adapter without a double, and the verified notice of any body.
fn read_offline(body: &[u8]) -> (Notice, ParsedNotice) {
    let gateway = open("http://127.0.0.1:9", TestClock::new(NOW));
    let notice = gateway.verify_notice(&keys::sign_as_platform(body, NOW), body, NOW).unwrap();
    let parsed = gateway.parse_notice(&notice, NOW);
    assert_eq!(gateway.parse_notice(&notice, NOW), parsed);
    (notice, parsed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_genuine_body_is_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let (notice, parsed) = read_offline(&body);
        prop_assert!(!matches!(parsed, ParsedNotice::Event(_)));
        prop_assert_eq!(read_offline(&body).0.id, notice.id);
    }

    #[test]
    fn any_content_is_read_without_a_panic(
        kind in prop::sample::select(vec!["TRANSACTION.SUCCESS", "REFUND.SUCCESS", "REFUND.CLOSED", "OTHER"]),
        content in any::<String>(),
        member in "[a-z_]{1,16}",
        number in any::<f64>(),
    ) {
        read_offline(&write(kind, content.as_bytes(), vector("api_v3_test_key")));
        let odd = json!({ member.clone(): number, "amount": { member.clone(): content, "total": number }, "out_trade_no": member });
        read_offline(&write(kind, odd.to_string().as_bytes(), vector("api_v3_test_key")));
    }

    #[test]
    fn any_headers_are_refused(values in prop::collection::vec("[ -~]{0,40}", 5)) {
        let names = ["timestamp", "nonce", "signature", "serial", "signature-type"];
        let headers: NoticeHeaders =
            names.iter().map(|name| format!("wechatpay-{name}")).zip(values).collect();
        let gateway = open("http://127.0.0.1:9", TestClock::new(NOW));
        prop_assert!(gateway.verify_notice(&headers, b"[]", NOW).is_err());
    }
}
