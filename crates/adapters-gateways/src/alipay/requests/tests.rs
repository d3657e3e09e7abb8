use super::*;
use crate::alipay::testing::{NOW, charge, settings, text_of, vectors};

fn parameters_of(action: Option<NextAction>) -> Parameters {
    let text = match action.unwrap() {
        NextAction::Redirect { url } => url.split_once('?').unwrap().1.to_owned(),
        NextAction::ClientSdk { parameters } => parameters["orderString"].clone(),
        NextAction::QrCode { .. } => panic!("nothing here makes a QR code"),
    };
    Parameters::parse_form(text.as_bytes()).unwrap()
}

fn content_of(parameters: &Parameters) -> Value {
    serde_json::from_str(parameters.get(BIZ_CONTENT).unwrap()).unwrap()
}

#[test]
fn the_official_library_signs_the_same_parameters_alike() {
    for request in vectors()["requests"].as_array().unwrap() {
        let (_, query) = request.as_str().unwrap().split_once('?').unwrap();
        let theirs = Parameters::parse_form(query.as_bytes()).unwrap();
        let mut ours = theirs.clone();
        assert!(ours.remove("sign").is_some() && ours.remove("sign_type").is_some());
        settings().keys.sign(&mut ours);
        assert_eq!(ours, theirs);
    }
}

/// `scripts/make_vectors.py` verifies the signatures of this file with the official library.
#[test]
fn what_the_buyer_opens_is_what_the_official_library_has_verified() {
    let committed: Value = serde_json::from_str(include_str!("../../../tests/alipay/requests.json")).unwrap();
    let ours = ["page", "wap", "app"].map(|token| {
        let text = match sign_next_action(&settings(), &charge(token)).unwrap() {
            NextAction::Redirect { url } => url,
            NextAction::ClientSdk { mut parameters } => parameters.remove("orderString").unwrap(),
            NextAction::QrCode { .. } => panic!("nothing here makes a QR code"),
        };
        (token.to_owned(), Value::from(text))
    });
    assert_eq!(Value::Object(Map::from_iter(ours)), committed);
}

#[test]
fn a_payment_states_everything_that_a_notice_must_give_back_and_its_end() {
    let all = parameters_of(sign_next_action(&settings(), &charge("wap")));
    assert_eq!(all.get("method"), Some("alipay.trade.wap.pay"));
    assert_eq!(all.get("timestamp"), Some("2026-11-26 16:30:07"));
    assert_eq!(all.get("notify_url"), Some("https://shop.example/v1/callbacks/alipay"));
    assert_eq!(all.get("return_url"), Some("https://shop.example/orders"));
    assert_eq!(
        content_of(&all),
        json!({
            "out_trade_no": "k3vq7xk2m5n4p6r7s2t3u4v5w6",
            "total_amount": "88.88",
            "subject": "订单 n7m2k4vq7xk2m5n4p6r7s2t3u4",
            "passback_params": "n7m2k4vq7xk2m5n4p6r7s2t3u4",
            "product_code": "QUICK_WAP_WAY",
            "quit_url": "https://shop.example/orders",
            "time_expire": "2026-11-26 17:00:07",
        })
    );
}

#[test]
fn each_product_has_its_method_and_code() {
    for (token, method, code) in [
        ("page", "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("wap", "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
        ("app", "alipay.trade.app.pay", "QUICK_MSECURITY_PAY"),
    ] {
        let all = parameters_of(sign_next_action(&settings(), &charge(token)));
        assert_eq!(
            (all.get("method"), content_of(&all)["product_code"].as_str()),
            (Some(method), Some(code))
        );
    }
    assert!(sign_next_action(&settings(), &charge("qr")).is_none(), "only Alipay makes a QR code");
}

#[test]
fn a_payment_is_named_by_alipays_number_if_that_is_known() {
    let charge = charge("qr");
    assert_eq!(trade_content(&charge), json!({"out_trade_no": "k3vq7xk2m5n4p6r7s2t3u4v5w6"}));
    let known = Charge { reference: parse_trade_no("2013112011001004330000121536"), ..charge };
    assert_eq!(
        refund_content(&known, &RefundId::new("r1".to_owned()), Money::parse("5", "CNY").unwrap()),
        json!({"trade_no": "2013112011001004330000121536", "out_request_no": "r1", "refund_amount": "5.00"})
    );
}

#[test]
fn only_what_begins_a_payment_is_notified() {
    let query = sign_request(&settings(), Method::Query, &trade_content(&charge("qr")), NOW);
    assert_eq!((query.get("notify_url"), query.get("return_url")), (None, None));
    let precreate = sign_request(&settings(), Method::Precreate, &json!({}), NOW);
    assert!(precreate.get("notify_url").is_some() && precreate.get("return_url").is_none());
}

#[test]
fn an_order_number_comes_back_whether_it_is_decoded_or_not() {
    for number in ["n7m2k4vq7xk2m5n4p6r7s2t3u4", "a-b_c.d", "a/b"] {
        let number = OrderNumber::new(number.to_owned());
        assert_eq!(decode_order(&encode_order(&number)), Some(number.clone()));
        assert_eq!(decode_order(number.as_str()), Some(number));
    }
    assert_eq!(decode_order(""), None);
}

#[test]
fn a_title_has_no_character_that_alipay_refuses() {
    let subject = |text: &str| payment_subject(&OrderNumber::new(text.to_owned()));
    assert_eq!(subject("a/b=c&d-1"), "订单 abcd-1");
    assert_eq!(subject(&"x".repeat(300)).chars().count(), 256);
    assert!(text_of(&vectors()["about"]).contains("Test keys only"));
}
