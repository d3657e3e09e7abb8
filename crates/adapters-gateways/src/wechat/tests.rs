//! Tests of the pure parts, with examples of the public reference of the API.

use domain::{
    OrderNumber, TransactionId,
    payment::{EventTarget, GatewayReference, PaymentToken},
};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    answers::{Content, RefundState, TradeState, read_capture},
    errors::{classify_error, read_refusal},
    signature::Stamp,
    *,
};

const NOW: Timestamp = Timestamp::from_millis(1_795_336_205_123);
const VECTORS: &str = include_str!("../../tests/wechat/vectors.json");

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn config() -> WeChatConfig {
    let vectors = vectors();
    let text = |name: &str| vectors[name].as_str().unwrap().to_owned();
    WeChatConfig {
        app_id: text("app_id"),
        merchant_id: text("merchant_id"),
        merchant_serial: text("merchant_serial"),
        private_key: text("merchant_test_key").into(),
        api_v3_key: text("api_v3_test_key").into(),
        platform_keys: vec![
            PlatformKey { id: text("public_key_id"), pem: text("public_key") },
            PlatformKey { id: text("certificate_serial"), pem: text("certificate") },
        ],
        api_base: WECHAT_API_BASE.to_owned(),
        notify_url: "https://shop.example/v1/callbacks/wechat".to_owned(),
    }
}

fn open(config: WeChatConfig) -> Result<WeChat, WeChatConfigError> {
    WeChat::open(config, Arc::new(Stopped))
}

fn charge(token: &str) -> Charge {
    Charge {
        transaction: TransactionId::new("AB2CD3EF4GH5IJ6KL7MN2OP3QR".into()),
        reference: None,
        order: OrderNumber::new("k3vorder".into()),
        token: PaymentToken::new(token.into()),
        amount: Money::parse("19.98", "CNY").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

fn faults(change: impl FnOnce(&mut WeChatConfig)) -> Vec<&'static str> {
    let mut config = config();
    change(&mut config);
    match open(config) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().iter().map(|(field, _)| *field).collect(),
    }
}

#[test]
fn a_configuration_is_checked_as_a_whole() {
    assert_eq!(faults(|_| ()), Vec::<&str>::new());
    let everything = faults(|it| {
        it.app_id = "wx 1".into();
        it.merchant_id = "190000010x".into();
        it.merchant_serial = "no hex".into();
        it.private_key = "no key".to_owned().into();
        it.api_v3_key = "too short".to_owned().into();
        it.platform_keys.clear();
        it.api_base = "http://api.mch.weixin.qq.com".into();
        it.notify_url = "https://shop.example/callback?order=1".into();
    });
    let expected = [
        "app_id",
        "merchant_id",
        "merchant_serial",
        "notify_url",
        "private_key",
        "api_v3_key",
        "platform_keys",
        "api_base",
    ];
    assert_eq!(everything, expected);
    for url in ["", "shop.example/x", "https://shop.example", "ftp://shop.example/x"] {
        assert_eq!(faults(|it| it.notify_url = url.to_owned()), ["notify_url"], "{url}");
    }
    assert_eq!(faults(|it| it.platform_keys[1].pem = "no key".into()), ["platform_keys"]);
    assert_eq!(faults(|it| it.platform_keys[1].id = it.platform_keys[0].id.clone()), ["platform_keys"]);
    assert_eq!(faults(|it| it.platform_keys[0].id.clear()), ["platform_keys"]);
}

#[test]
fn neither_a_fault_nor_debug_shows_a_secret() {
    let secret = "a-secret-that-is-not-a-key";
    let mut bad = config();
    bad.private_key = secret.to_owned().into();
    bad.api_v3_key = secret.to_owned().into();
    assert!(!format!("{bad:?}").contains(secret));
    let Err(error) = open(bad) else { panic!("it is refused") };
    assert!(!format!("{error} {error:?}").contains(secret));
    assert!(error.to_string().contains("private_key must be an RSA private key"), "{error}");
}

#[test]
fn the_value_that_an_error_answer_repeats_is_hidden() {
    let answer = json!({"code": "PARAM_ERROR", "message": "参数错误", "detail": {"field": "/payer/openid",
        "value": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "issue": "无效的openid", "location": "body"}});
    let masked = masking::mask_answer(answer.to_string().as_bytes());
    assert!(!masked.contains("oUpF8uMuAJO"), "{masked}");
    assert!(masked.contains("/payer/openid") && masked.contains("PARAM_ERROR"), "{masked}");
}

#[test]
fn debug_shows_neither_the_buyer_nor_what_pays() {
    let product = Product::parse("jsapi:oUpF8uMuAJO").unwrap();
    let call = requests::begin_trade(&config(), &charge("jsapi:oUpF8uMuAJO"), &product);
    let done = client::Reply::Done(hyper::body::Bytes::from_static(br#"{"prepay_id":"wx201410272009"}"#));
    let shown = format!("{call:?} {done:?}");
    assert!(!shown.contains("oUpF8uMuAJO") && !shown.contains("wx201410272009"), "{shown}");
    assert!(shown.contains("/v3/pay/transactions/jsapi"), "{shown}");
}

#[test]
fn only_yuan_captured_at_once_are_supported() {
    let gateway = open(config()).unwrap();
    let supports =
        |amount, currency, method| gateway.supports(Money::parse(amount, currency).unwrap(), method);
    assert_eq!(supports("0.01", "CNY", CaptureMethod::Automatic), Ok(()));
    assert_eq!(supports("1", "USD", CaptureMethod::Automatic), Err(Unsupported::Currency));
    assert_eq!(supports("1", "CNY", CaptureMethod::Manual), Err(Unsupported::CaptureMethod));
    let nothing = Money::zero(Money::parse("1", "CNY").unwrap().currency());
    assert_eq!(gateway.supports(nothing, CaptureMethod::Automatic), Err(Unsupported::Amount));
}

#[test]
fn a_token_is_native_or_names_a_buyer() {
    for good in ["native", "jsapi:oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", &format!("jsapi:{}", "x".repeat(128))] {
        assert!(Product::parse(good).is_some(), "{good}");
    }
    for bad in ["", "Native", "jsapi", "jsapi:", "jsapi:a b", "app", &format!("jsapi:{}", "x".repeat(129))] {
        assert!(Product::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_trade_is_begun_with_our_ids_in_fen_until_its_end() {
    let body = |token: &str| {
        let call = requests::begin_trade(&config(), &charge(token), &Product::parse(token).unwrap());
        let body: Value = serde_json::from_str(&call.body).unwrap();
        (call, body)
    };
    let (call, native) = body("native");
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/v3/pay/transactions/native"));
    let expected = json!({
        "appid": "wx8888888888888888", "mchid": "1900000109", "description": "订单 k3vorder",
        "out_trade_no": "AB2CD3EF4GH5IJ6KL7MN2OP3QR", "attach": "k3vorder",
        "time_expire": "2026-11-22T17:00:05+08:00", "notify_url": "https://shop.example/v1/callbacks/wechat",
        "amount": { "total": 1998, "currency": "CNY" },
    });
    assert_eq!(native, expected);
    let (call, jsapi) = body("jsapi:oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    assert_eq!(call.path, "/v3/pay/transactions/jsapi");
    assert_eq!(jsapi["payer"], json!({ "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" }));
    let masked = call.masked_text();
    assert!(!masked.contains("oUpF8uMuAJO") && masked.contains("AB2CD3EF4GH5IJ6KL7MN2OP3QR"), "{masked}");
}

#[test]
fn an_order_number_that_is_too_long_is_left_out_and_not_cut() {
    let order = OrderNumber::new("o".repeat(200));
    let call = requests::begin_trade(&config(), &Charge { order, ..charge("native") }, &Product::Native);
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body.get("attach"), None);
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 127);
}

#[test]
fn a_path_is_encoded_as_it_is_signed() {
    let known = Charge { reference: Some(GatewayReference::new("42/0?".into())), ..charge("native") };
    let path = requests::query_trade(&config(), &known).path;
    assert_eq!(path, "/v3/pay/transactions/id/42%2F0%3F?mchid=1900000109");
    let path = requests::query_refund(&RefundId::new("a|b*@".into())).path;
    assert_eq!(path, "/v3/refund/domestic/refunds/a%7Cb%2A%40");
}

#[test]
fn a_trade_ends_for_us_after_it_has_ended_for_wechat_pay() {
    let minutes = |count: u64| Duration::from_secs(count * 60);
    let after = |count| NOW.saturating_add(minutes(count));
    assert!(
        times::can_begin(NOW, NOW) && times::can_begin(NOW, after(28)) && !times::can_begin(NOW, after(29))
    );
    assert!(!times::has_ended(NOW, after(39)) && times::has_ended(NOW, after(40)));
    assert_eq!(times::format_time(times::pay_until(NOW)), "2026-11-22T17:00:05+08:00");
    assert_eq!(
        times::parse_time("2018-06-08T10:34:56+08:00"),
        Some(Timestamp::from_millis(1_528_425_296_000))
    );
    for odd in ["", "soon", "2018-06-08 10:34", "1970-01-01T08:00:00+08:00", "2099-01-01T00:00:00+08:00"] {
        assert_eq!(times::parse_time(odd), None, "{odd}");
    }
}

#[test]
fn states_are_read_one_by_one() {
    let content =
        |name: &str, state: &str| Content::parse(json!({ name: state }).to_string().as_bytes()).unwrap();
    for (state, expected) in [
        ("SUCCESS", TradeState::Paid),
        ("REFUND", TradeState::Paid),
        ("NOTPAY", TradeState::Unpaid),
        ("CLOSED", TradeState::Ended),
        ("REVOKED", TradeState::Ended),
        ("PAYERROR", TradeState::Ended),
        ("USERPAYING", TradeState::Open),
        ("ACCEPT", TradeState::Open),
        ("NEWER", TradeState::Open),
        ("", TradeState::Open),
    ] {
        assert_eq!(content("trade_state", state).trade_state(), expected, "{state}");
    }
    for (state, expected) in [
        ("SUCCESS", RefundState::Done),
        ("CLOSED", RefundState::Closed),
        ("ABNORMAL", RefundState::Abnormal),
        ("PROCESSING", RefundState::Open),
        ("NEWER", RefundState::Open),
    ] {
        assert_eq!(content("status", state).refund_state(), expected, "{state}");
        assert_eq!(content("refund_status", state).refund_state(), expected, "{state}");
    }
}

#[test]
fn an_amount_is_that_of_the_order_in_fen() {
    let read = |amount: Value| {
        let content = json!({ "trade_state": "SUCCESS", "out_trade_no": "t12345", "amount": amount });
        let content = Content::parse(content.to_string().as_bytes()).unwrap();
        read_capture(&content, domain::EventId::new("e".into()), NOW)
    };
    for (fen, yuan) in
        [(1, "0.01"), (10, "0.10"), (100, "1.00"), (1998, "19.98"), (123_456_789, "1234567.89")]
    {
        let event = read(json!({ "total": fen, "payer_total": 1, "currency": "CNY" })).unwrap();
        assert_eq!((event.reported.amount.as_str(), event.reported.currency.as_str()), (yuan, "CNY"));
        assert_eq!(event.target, EventTarget::Transaction(TransactionId::new("t12345".into())));
    }
    assert_eq!(read(json!({ "total": 1, "currency": "USD" })).unwrap().reported.currency, "USD");
    for odd in [json!({}), json!({ "total": -1 }), json!({ "total": "1" }), json!({ "total": 1.5 }), json!(1)]
    {
        assert!(read(odd.clone()).is_err(), "{odd}");
    }
}

/// The table of `docs/gateways/wechat.md`.
#[test]
fn every_code_has_a_verdict_whatever_its_status() {
    let rows: [(Verdict, &[(u16, &str)]); 4] = [
        (
            Verdict::Repeat,
            &[
                (500, "SYSTEM_ERROR"),
                (500, "BANK_ERROR"),
                (429, "FREQUENCY_LIMITED"),
                (403, "FREQUENCY_LIMITED"),
                (429, "RATELIMIT_EXCEEDED"),
                (202, "USERPAYING"),
                (502, ""),
                (409, ""),
                (429, ""),
                (302, ""),
            ],
        ),
        (
            Verdict::Misconfigured,
            &[
                (401, "SIGN_ERROR"),
                (401, ""),
                (403, "NO_AUTH"),
                (400, "MCH_NOT_EXISTS"),
                (400, "APPID_MCHID_NOT_MATCH"),
            ],
        ),
        (Verdict::Absent, &[(404, "ORDER_NOT_EXIST"), (404, "RESOURCE_NOT_EXISTS")]),
        (
            Verdict::Refused,
            &[
                (400, "PARAM_ERROR"),
                (400, "INVALID_REQUEST"),
                (400, "ORDERPAID"),
                (400, "ORDER_CLOSED"),
                (403, "OUT_TRADE_NO_USED"),
                (403, "ACCOUNT_ERROR"),
                (403, "NOT_ENOUGH"),
                (403, "RULE_LIMIT"),
                (403, "TRADE_ERROR"),
                (403, "USER_ACCOUNT_ABNORMAL"),
                (500, "OPENID_MISMATCH"),
                (500, "INVALID_TRANSACTIONID"),
                (404, ""),
                (400, "NEWER_THAN_THIS_ADAPTER"),
            ],
        ),
    ];
    for (verdict, codes) in rows {
        for (status, code) in codes {
            let status = StatusCode::from_u16(*status).unwrap();
            assert_eq!(classify_error(status, code), verdict, "{status} {code}");
        }
    }
}

#[test]
fn a_refusal_keeps_code_and_reason_without_card_numbers() {
    let read = |body: &str| read_refusal(StatusCode::FORBIDDEN, body.as_bytes(), true);
    let refusal = read(r#"{"code":"NOT_ENOUGH","message":"余额不足 4242424242424242"}"#);
    assert_eq!((refusal.code.as_str(), refusal.verdict), ("NOT_ENOUGH", Verdict::Refused));
    assert!(refusal.reason.starts_with("NOT_ENOUGH: 余额不足 ") && !refusal.reason.contains("42424242"));
    for odd in ["", "<html>", "[]", "{\"code\":7}"] {
        let refusal = read(odd);
        assert_eq!((refusal.code.as_str(), refusal.reason.as_str()), ("403", "403"), "{odd}");
    }
    assert_eq!(read(&json!({ "message": "x".repeat(999) }).to_string()).reason.chars().count(), 255);
}

/// `vectors.json` is made by two libraries that are not ours. The signature of a text is always the same.
#[test]
fn requests_are_signed_as_the_libraries_sign_them() {
    let (gateway, vectors) = (open(config()).unwrap(), vectors());
    let fields = |header: &str| {
        let (scheme, fields) = header.split_once(' ').unwrap();
        let mut fields: Vec<_> = fields.split(',').map(str::to_owned).collect();
        fields.sort_unstable();
        (scheme.to_owned(), fields)
    };
    for it in vectors["requests"].as_array().unwrap() {
        let text = |name: &str| it[name].as_str().unwrap();
        let stamp = Stamp { seconds: text("timestamp").parse().unwrap(), nonce: text("nonce").to_owned() };
        let ours = gateway.client.signer.authorize(text("method"), text("path"), text("body"), &stamp);
        assert_eq!(fields(&ours), fields(text("authorization")));
    }
    let text = |name: &str| vectors["client"][name].as_str().unwrap();
    let stamp = Stamp { seconds: text("timestamp").parse().unwrap(), nonce: text("nonce").to_owned() };
    let parameters = gateway.sign_package(text("prepay_id"), stamp);
    assert_eq!(
        (parameters["package"].as_str(), parameters["paySign"].as_str()),
        (text("package"), text("pay_sign"))
    );
}

#[test]
fn no_stamp_is_drawn_twice() {
    let [one, other] = [Stamp::draw(NOW).unwrap(), Stamp::draw(NOW).unwrap()];
    assert_eq!((one.seconds, one.nonce.len()), (1_795_336_205, 32));
    assert_ne!(one.nonce, other.nonce);
}

#[test]
fn a_pause_that_is_asked_for_has_an_end() {
    let pause = |value: &str| {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("retry-after", value.parse().unwrap());
        client::read_retry_after(&headers)
    };
    assert_eq!(pause("1"), Some(Duration::from_secs(1)));
    assert_eq!(pause("86400"), Some(Duration::from_secs(2)));
    for odd in ["", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
        assert_eq!(pause(odd), None, "{odd}");
    }
}

#[test]
fn only_a_public_key_is_asked_for_by_its_id() {
    let id = |config| open(config).unwrap().client.platform.requested_id().map(str::to_owned);
    assert_eq!(id(config()), Some(config().platform_keys[0].id.clone()));
    let mut by_certificate = config();
    by_certificate.platform_keys.reverse();
    assert_eq!(id(by_certificate), None);
}
