use domain::{OrderNumber, payment::GatewayReference};
use proptest::prelude::*;

use super::*;
use crate::alipay::{
    china_time::parse_china_time,
    testing::{NOW, settings, text_of, vectors},
};
use crate::rsa::RsaSigner;

/// The first notice that the official library has signed.
fn official() -> Parameters {
    Parameters::parse_form(text_of(&vectors()["notices"][0]).as_bytes()).unwrap()
}

/// Signs a changed notice as Alipay does. An empty value removes the parameter.
fn signed(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut form = official();
    for name in changes.iter().map(|(name, _)| *name).chain(["sign", "sign_type"]) {
        let _: Option<String> = form.remove(name);
    }
    for (name, value) in changes {
        form.set(name, *value);
    }
    let alipay = RsaSigner::parse(&text_of(&vectors()["keys"]["testAlipayPrivateKey"])).unwrap();
    let signature = alipay.sign(form.signed_text().as_bytes());
    form.set("sign", signature);
    form.set("sign_type", "RSA2");
    form.encode().into_bytes()
}

fn verify(body: &[u8]) -> Notice {
    verify_notice(&settings(), body).unwrap()
}

fn parse(changes: &[(&str, &str)]) -> ParsedNotice {
    parse_notice(&settings(), &verify(&signed(changes)), NOW)
}

fn event(changes: &[(&str, &str)]) -> PaymentEvent {
    match parse(changes) {
        ParsedNotice::Event(event) => *event,
        other @ (ParsedNotice::Irrelevant { .. }
        | ParsedNotice::UnknownType { .. }
        | ParsedNotice::Unintelligible { .. }) => {
            panic!("no event: {other:?}")
        }
    }
}

fn fault(changes: &[(&str, &str)]) -> &'static str {
    match parse(changes) {
        ParsedNotice::Unintelligible { fault } => fault,
        other @ (ParsedNotice::Irrelevant { .. }
        | ParsedNotice::UnknownType { .. }
        | ParsedNotice::Event(_)) => {
            panic!("understood: {other:?}")
        }
    }
}

const REFUNDED: [(&str, &str); 2] = [("refund_fee", "8.00"), ("gmt_refund", "2026-11-26 16:40:00.320")];

#[test]
fn what_the_official_library_signs_is_verified_and_nothing_else() {
    for body in vectors()["notices"].as_array().unwrap() {
        let body = text_of(body);
        assert!(verify_notice(&settings(), body.as_bytes()).is_ok());
        for changed in [
            body.replace("88.88", "88.87"),
            body.replace("notify_id=", "notify_id=1"),
            body.replace("sign_type=RSA2", "sign_type=RSA"),
            format!("{body}&extra=1"),
            format!("{body}&total_amount=88.88"),
            body.split("&sign=").next().unwrap().to_owned(),
            format!("{}&sign=", body.split("&sign=").next().unwrap()),
            String::new(),
        ] {
            assert!(verify_notice(&settings(), changed.as_bytes()).is_err(), "{changed}");
        }
    }
}

#[test]
fn a_paid_notice_is_a_capture_with_our_ids_and_alipays_number() {
    let it = event(&[]);
    assert_eq!(it.kind, EventKind::Captured);
    assert_eq!(it.id.as_str(), "ac05099524730693a8b330c5ecf72da9786");
    let ours = TransactionId::new("k3vq7xk2m5n4p6r7s2t3u4v5w6".to_owned());
    assert_eq!(it.target, EventTarget::Transaction(ours));
    assert_eq!(it.order, Some(OrderNumber::new("n7m2k4vq7xk2m5n4p6r7s2t3u4".to_owned())));
    assert_eq!(it.reported, ReportedAmount::parse("88.88", "CNY").unwrap());
    let number = GatewayReference::parse("2013112011001004330000121536").ok();
    assert_eq!(it.references, EventReferences { payment: number, ..EventReferences::default() });
    assert_eq!(Some(it.at), parse_china_time("2026-11-26 16:31:08"));
    let finished = event(&[("trade_status", "TRADE_FINISHED")]);
    assert_eq!(PaymentEvent { details: it.details.clone(), ..finished }, it, "the same fact");
}

#[test]
fn a_payment_that_was_closed_unpaid_has_failed() {
    let closed =
        [("trade_status", "TRADE_CLOSED"), ("gmt_payment", ""), ("gmt_close", "2026-11-26 17:00:09")];
    // A real notice about an unpaid payment states that nothing was refunded.
    let it = event(&[&closed[..], &[("refund_fee", "0.00")]].concat());
    assert_eq!((it.kind, Some(it.at)), (EventKind::Failed, parse_china_time("2026-11-26 17:00:09")));
    assert!(it.details.failure_reason.is_some());
}

#[test]
fn a_notice_about_a_refund_of_ours_repeats_the_capture() {
    for status in ["TRADE_SUCCESS", "TRADE_CLOSED"] {
        let ours = ("out_biz_no", "abcdefghijklmnopqrstuvwx23");
        let it = event(&[REFUNDED[0], REFUNDED[1], ours, ("trade_status", status)]);
        assert_eq!(it.kind, EventKind::Captured, "{status}");
        assert_eq!(it.reported, ReportedAmount::parse("88.88", "CNY").unwrap(), "the whole amount");
        let timeless = [REFUNDED[0], REFUNDED[1], ours, ("trade_status", status), ("gmt_payment", "")];
        assert_eq!((event(&timeless).kind, event(&timeless).at), (EventKind::Captured, NOW), "{status}");
    }
}

#[test]
fn a_refund_that_began_at_alipay_is_shown_to_an_operator() {
    let of_payment = "k3vq7xk2m5n4p6r7s2t3u4v5w6";
    for name in [
        of_payment,
        "HZRF001",
        "",
        "2020032722001452341437284085",
        "k3vq7xk2m5n4p6r7s2t3u4v5w",
        "ABCDEFGHIJKLMNOPQRSTUVWX23",
        "abcdefghijklmnopqrstuvwx234",
    ] {
        let fault = fault(&[REFUNDED[0], REFUNDED[1], ("out_biz_no", name)]);
        assert!(fault.contains("did not begin here"), "{fault}");
    }
    let finished = [REFUNDED[0], REFUNDED[1], ("trade_status", "TRADE_FINISHED")];
    assert_eq!(event(&finished).kind, EventKind::Captured, "it ends the time for refunds");
}

#[test]
fn a_notice_for_another_application_or_account_has_no_effect() {
    for id in ["2014072300007149", ""] {
        assert!(fault(&[("app_id", id)]).contains("another application"));
    }
    assert!(fault(&[("seller_id", "2088101106499365")]).contains("another account"));
    assert_eq!(event(&[("seller_id", "")]).kind, EventKind::Captured, "not every notice has it");
}

#[test]
fn a_notice_without_a_fact_names_its_type() {
    for (change, expected) in [
        (("notify_type", "batch_refund_notify"), "batch_refund_notify"),
        (("trade_status", "TRADE_PENDING"), "TRADE_PENDING"),
        (("trade_status", ""), "trade_status_sync"),
    ] {
        assert_eq!(parse(&[change]), ParsedNotice::UnknownType { kind: expected.to_owned() });
    }
    let opened = parse(&[("trade_status", "WAIT_BUYER_PAY"), ("gmt_payment", "")]);
    assert_eq!(opened, ParsedNotice::Irrelevant { kind: "WAIT_BUYER_PAY".to_owned() });
    let long = "x".repeat(100);
    let ParsedNotice::UnknownType { kind } = parse(&[("notify_type", &long)]) else { panic!("known") };
    assert_eq!(kind.len(), KIND_CHARS_MAX);
}

#[test]
fn a_genuine_notice_without_its_form_is_unintelligible() {
    for (change, expected) in [
        (("out_trade_no", ""), "out_trade_no"),
        (("total_amount", ""), "total_amount"),
        (("total_amount", "88,88"), "total_amount"),
    ] {
        assert!(fault(&[change]).contains(expected));
    }
    let stored = Notice { id: EventId::new("1".to_owned()), raw: "no form".to_owned() };
    assert!(matches!(parse_notice(&settings(), &stored, NOW), ParsedNotice::Unintelligible { .. }));
}

#[test]
fn a_notice_with_an_unusable_id_has_the_same_digest_when_it_is_repeated() {
    let long = "x".repeat(10_000);
    let id = |changes: &[(&str, &str)]| {
        let nameless = [&[("notify_id", long.as_str())], changes].concat();
        verify(&signed(&nameless)).id
    };
    assert_eq!(id(&[]), id(&[("notify_time", "2026-11-26 16:35:09")]));
    assert_ne!(id(&[]), id(&[("trade_status", "TRADE_FINISHED")]));
    assert!(EventId::parse(id(&[]).as_str()).is_ok());
}

#[test]
fn what_the_buyers_browser_brings_back_is_no_notice() {
    let returned = [
        ("notify_id", ""),
        ("notify_type", ""),
        ("notify_time", ""),
        ("trade_status", ""),
        ("method", "alipay.trade.page.pay.return"),
        ("timestamp", "2026-11-26 16:31:10"),
    ];
    for changes in [&returned[..], &returned[..1], &returned[1..2]] {
        assert_eq!(verify_notice(&settings(), &signed(changes)), Err(InvalidSignature), "{changes:?}");
    }
    assert!(verify_notice(&settings(), &signed(&returned[2..])).is_ok(), "the signature itself is right");
}

#[test]
fn a_notice_is_stored_without_the_buyer_and_the_signature() {
    let raw = verify(&signed(&[("buyer_open_id", "01501o8f93"), ("body", "card 4242424242424242")])).raw;
    let hidden =
        ["2088102122524333", "15901825620", "alitest.com", "01501o8f93", "4242424242424242", "sign\""];
    for it in hidden {
        assert!(!raw.contains(it), "{it}: {raw}");
    }
    for shown in ["2014072300007148", "2088101106499364", "2013112011001004330000121536", "\"88.88\""] {
        assert!(raw.contains(shown), "{shown}: {raw}");
    }
}

#[test]
fn another_currency_is_reported_as_it_is() {
    assert_eq!(event(&[("trans_currency", "USD")]).reported.currency, "USD");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_unsigned_body_of_any_kind_is_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify_notice(&settings(), &body).is_err());
    }

    #[test]
    fn a_genuine_notice_of_any_content_is_read(
        name in "[a-z_]{1,16}",
        value in any::<String>().prop_filter("a notice has an id", |it| !it.is_empty()),
        known in 0..8_usize,
    ) {
        let names = ["trade_status", "total_amount", "out_trade_no", "gmt_payment", "passback_params", "trade_no",
                     "out_biz_no", "notify_id"];
        let notice = verify(&signed(&[(names[known], &value), (&name, &value)]));
        let parsed = parse_notice(&settings(), &notice, NOW);
        prop_assert_eq!(parse_notice(&settings(), &notice, NOW), parsed, "the same when it is read again");
        prop_assert!(EventId::parse(notice.id.as_str()).is_ok());
    }
}
