use serde_json::json;

use super::*;

fn reply(content: &Value) -> Reply {
    Reply::parse(&content.to_string()).unwrap()
}

fn refused(code: &str, sub_code: &str) -> Reply {
    reply(&json!({"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "交易不存在"}))
}

/// The answer of the public reference to `alipay.trade.query`, shortened.
fn query(status: &str) -> Value {
    json!({"code": "10000", "msg": "Success", "trade_no": "2013112011001004330000121536",
           "out_trade_no": "6823789339978248", "buyer_logon_id": "159****5620", "trade_status": status,
           "total_amount": "88.88", "receipt_amount": "15.25", "buyer_user_id": "2088101117955611"})
}

fn state(answer: &Value) -> Option<TradeState> {
    Trade::parse(&reply(answer), "6823789339978248").map(|it| it.state)
}

#[test]
fn codes_say_whether_it_was_done_and_whether_it_may_be_repeated() {
    let cases = [
        ("20000", "isp.unknow-error", ReplyKind::Busy),
        ("20000", "aop.unknow-error", ReplyKind::Busy),
        ("40004", "ACQ.SYSTEM_ERROR", ReplyKind::Busy),
        ("40004", "aop.ACQ.SYSTEM_ERROR", ReplyKind::Busy),
        ("40005", "isv.app-call-limited", ReplyKind::Busy),
        ("40002", "isv.app-call-limited", ReplyKind::Busy),
        ("77777", "what.is-this", ReplyKind::Busy),
        ("20001", "aop.invalid-app-auth-token", ReplyKind::Credentials),
        ("40001", "isv.missing-signature", ReplyKind::Credentials),
        ("40002", "isv.invalid-signature", ReplyKind::Credentials),
        ("40002", "isv.invalid-app-id", ReplyKind::Credentials),
        ("40002", "isv.missing-signature-config", ReplyKind::Credentials),
        ("40003", "isv.missing-application", ReplyKind::Credentials),
        ("40006", "isv.insufficient-isv-permissions", ReplyKind::Credentials),
        ("40004", "ACQ.ACCESS_FORBIDDEN", ReplyKind::Credentials),
        ("40002", "isv.invalid-parameter", ReplyKind::Refused),
        ("40001", "isv.missing-parameter", ReplyKind::Refused),
        ("40004", "ACQ.INVALID_PARAMETER", ReplyKind::Refused),
        ("40004", "ACQ.TRADE_HAS_CLOSE", ReplyKind::Refused),
        ("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", ReplyKind::Refused),
    ];
    for (code, sub_code, kind) in cases {
        assert_eq!(refused(code, sub_code).kind(), kind, "{code} {sub_code}");
    }
    assert!(reply(&query("TRADE_SUCCESS")).is_success());
}

#[test]
fn a_refusal_has_a_code_and_a_reason() {
    let it = refused("40004", "aop.ACQ.TRADE_NOT_EXIST");
    assert_eq!((it.refusal_code(), it.refusal_reason().as_str()), (TRADE_NOT_EXIST, "交易不存在"));
    let bare = reply(&json!({"code": "40004"}));
    assert_eq!((bare.refusal_code(), bare.refusal_reason().as_str()), ("40004", "40004"));
}

#[test]
fn what_is_no_answer_is_none() {
    for text in ["", "[]", "{}", "{\"code\":true}", "{\"code\":\"\"}", "\"10000\""] {
        assert_eq!(Reply::parse(text), None, "{text}");
    }
}

#[test]
fn a_status_says_whether_a_payment_was_paid() {
    let at = parse_china_time("2014-11-27 15:45:57");
    assert_eq!(state(&query("WAIT_BUYER_PAY")), Some(TradeState::Unpaid));
    assert_eq!(state(&query("TRADE_SOMETHING")), None);
    for status in ["TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"] {
        let mut paid = query(status);
        paid["send_pay_date"] = json!("2014-11-27 15:45:57");
        assert_eq!(state(&paid), Some(TradeState::Paid(at)), "{status}");
    }
}

#[test]
fn a_closed_payment_was_paid_if_it_has_a_time_of_payment_or_funds() {
    let mut closed = query("TRADE_CLOSED");
    assert_eq!(state(&closed), Some(TradeState::Closed(None)), "its time was over");
    closed["fund_bill_list"] = json!([]);
    assert_eq!(state(&closed), Some(TradeState::Closed(None)));
    closed["fund_bill_list"] = json!([{"fund_channel": "ALIPAYACCOUNT", "amount": 88.88}]);
    assert_eq!(state(&closed), Some(TradeState::Paid(None)), "all of it was refunded");
}

#[test]
fn an_answer_about_another_payment_is_not_used() {
    assert!(Trade::parse(&reply(&query("TRADE_SUCCESS")), "another").is_none());
    let mut nameless = query("TRADE_SUCCESS");
    nameless["out_trade_no"] = Value::Null;
    assert_eq!(state(&nameless), None);
}

#[test]
fn amount_and_currency_are_as_alipay_states_them() {
    let mut answer = query("TRADE_SUCCESS");
    let total = |answer: &Value| Trade::parse(&reply(answer), "6823789339978248").map(|it| it.total);
    assert_eq!(total(&answer), ReportedAmount::parse("88.88", "CNY"));
    answer["total_amount"] = json!(88.88);
    answer["trans_currency"] = json!("USD");
    assert_eq!(total(&answer), ReportedAmount::parse("88.88", "USD"));
    answer["total_amount"] = json!("a lot");
    assert_eq!(total(&answer), None);
}

#[test]
fn debug_shows_the_codes_and_not_the_buyer() {
    let text = r#"{"code":"10000","msg":"Success","buyer_user_id":"2088101117955611","qr_code":"https://qr.alipay.com/b"}"#;
    let reply = Reply::parse(text).unwrap();
    let unsigned = crate::alipay::signature::UnusableAnswer::Unsigned(text.to_owned());
    let form =
        crate::alipay::parameters::Parameters::parse_form(b"buyer_id=2088101117955611&sign=x").unwrap();
    let shown = format!("{reply:?} {unsigned:?} {form:?}");
    assert!(!shown.contains("2088101117955611") && !shown.contains("qr.alipay.com"), "{shown}");
    assert!(shown.contains("10000") && shown.contains("buyer_id"), "{shown}");
}
