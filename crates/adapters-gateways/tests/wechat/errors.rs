//! Errors, one by one: repeated, refused, or no answer at all.

use domain::payment::EventKind;
use ports::LookupAnswer;

use crate::{
    bench::{
        Bench, NATIVE, NUMBER, QUERY, REFUND, bench, causes, event, events, is_open, refusal_code, run_all,
    },
    double::Fault,
};

const CLOSE: &str = "POST /v3/pay/transactions/out-trade-no/";

/// Errors after which the same request may succeed.
const PASSING: [Fault; 8] = [
    Fault::Error(500, "SYSTEM_ERROR", true),
    Fault::Error(500, "BANK_ERROR", true),
    Fault::Error(429, "FREQUENCY_LIMITED", true),
    Fault::Error(403, "FREQUENCY_LIMITED", true),
    Fault::Error(429, "", false),
    Fault::Error(502, "", false),
    Fault::Error(409, "", false),
    Fault::Dropped,
];

/// Errors that only an operator can end.
const LASTING: [Fault; 4] = [
    Fault::Error(401, "SIGN_ERROR", false),
    Fault::Error(403, "NO_AUTH", true),
    Fault::Error(400, "MCH_NOT_EXISTS", true),
    Fault::Error(400, "APPID_MCHID_NOT_MATCH", true),
];

/// Errors that say that the request was not done.
const REFUSING: [(u16, &str); 12] = [
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
    (404, "RESOURCE_NOT_EXISTS"),
    (500, "OPENID_MISMATCH"),
];

/// Answers that WeChat Pay has not signed, or not now.
fn unverified() -> Vec<Fault> {
    let header = |name, value| Fault::Header(name, value);
    vec![
        header("wechatpay-signature", None),
        header("wechatpay-timestamp", None),
        header("wechatpay-nonce", None),
        header("wechatpay-serial", None),
        // What WeChat Pay sends on purpose, to see that it is refused.
        header("wechatpay-signature", Some("WECHATPAY/SIGNTEST/d824f2e086d3c1df967785d13fcd22ef")),
        header("wechatpay-signature", Some("AAAA")),
        header("wechatpay-nonce", Some("another")),
        header("wechatpay-timestamp", Some("1795335904")),
        header("wechatpay-timestamp", Some("1795336507")),
        header("wechatpay-timestamp", Some("soon")),
        header("wechatpay-signature-type", Some("WECHATPAY2-SM2-WITH-SM3")),
        Fault::OtherBody(r#"{"code_url":"weixin://another"}"#),
    ]
}

#[tokio::test]
async fn what_may_pass_is_repeated_twice_with_the_same_number_and_then_open() {
    run_all(PASSING.map(async |fault| {
        let it = bench().await;
        it.double.plan(NATIVE, fault.clone(), 2);
        assert!(it.charge().await.is_ok(), "{fault:?}");
        assert_eq!((it.double.count(NATIVE), it.double.sizes().0), (3, 1));
        let it = bench().await;
        it.double.plan(NATIVE, fault.clone(), 9);
        it.charge().await.expect_err("it stays open");
        assert_eq!(it.double.count(NATIVE), 3, "{fault:?}");
        assert!(matches!(it.look_up().await, Ok(LookupAnswer::Unknown)));
    }))
    .await;
}

#[tokio::test]
async fn an_error_after_the_work_is_done_is_repeated_and_finds_the_work_done() {
    for (status, code) in [(500, "SYSTEM_ERROR"), (429, "FREQUENCY_LIMITED")] {
        let it = bench().await;
        it.double.plan(NATIVE, Fault::DoneBut(status, code), 1);
        assert!(it.charge().await.is_ok());
        it.double.pay(NUMBER);
        it.double.plan(REFUND, Fault::DoneBut(status, code), 1);
        assert!(is_open(&it.refund("REFUND1", "5").await));
        assert_eq!(it.double.sizes(), (1, 1));
    }
}

#[tokio::test]
async fn what_only_an_operator_can_mend_is_not_repeated_and_stays_open() {
    for fault in LASTING {
        let it = bench().await;
        it.begin_and_pay().await;
        it.double.plan("", fault.clone(), 9);
        let sent = it.double.state().requests.len();
        let Fault::Error(_, code, _) = fault else { continue };
        let expected = format!("the gateway is unavailable: WeChat Pay answered {code}: 具体原因");
        assert_eq!(causes(it.charge().await), expected);
        assert_eq!(causes(it.look_up().await), expected);
        assert_eq!(causes(it.refund("REFUND1", "5").await), expected);
        assert_eq!(causes(it.look_up_refund("REFUND1").await), expected);
        assert_eq!(causes(it.void().await), expected);
        assert_eq!(it.double.state().requests.len(), sent + 5);
    }
}

#[tokio::test]
async fn a_refused_charge_fails_if_wechat_pay_knows_no_trade() {
    for (status, code) in REFUSING {
        let it = bench().await;
        it.double.plan(NATIVE, Fault::Error(status, code, true), 9);
        let failed = event(it.charge().await);
        assert_eq!((failed.kind, failed.details.response_code.as_deref()), (EventKind::Failed, Some(code)));
        assert_eq!(failed.details.failure_reason, Some(format!("{code}: 具体原因")));
        assert_eq!((it.double.count(NATIVE), it.double.count(QUERY)), (1, 1), "{code}");
    }
}

/// A first request was done and its answer lost; the repetition is refused. The trade can be paid.
#[tokio::test]
async fn a_refused_charge_is_what_wechat_pay_knows_of_it() {
    run_all(REFUSING.map(async |(status, code)| {
        let it = bench().await;
        it.double.plan(NATIVE, Fault::AnswerLost, 1);
        it.double.plan(NATIVE, Fault::Error(status, code, false), 9);
        let open = it.charge().await;
        assert!(is_open(&open), "{code}: {open:?}");
        it.double.pay(NUMBER);
        assert_eq!(event(it.charge().await).kind, EventKind::Captured, "{code}");
    }))
    .await;
}

#[tokio::test]
async fn a_refused_refund_fails_only_if_wechat_pay_does_not_know_it() {
    for (status, code) in REFUSING {
        let it = bench().await;
        it.begin_and_pay().await;
        it.double.plan(REFUND, Fault::Error(status, code, true), 1);
        assert_eq!(refusal_code(it.refund("REFUND1", "5").await).as_deref(), Some(code));
        it.double.plan(REFUND, Fault::DoneBut(status, code), 1);
        assert!(is_open(&it.refund("REFUND2", "5").await), "{code}");
        it.double.end_refund("REFUND2", "SUCCESS");
        it.double.plan(REFUND, Fault::Error(status, code, false), 1);
        assert_eq!(event(it.refund("REFUND2", "5").await).kind, EventKind::RefundSucceeded, "{code}");
    }
}

/// The answer to the first request was lost, the repetition is refused, and WeChat Pay does not know it yet: the
/// first one may still be under way.
#[tokio::test]
async fn a_refusal_of_a_repetition_leaves_the_result_open() {
    let it = bench().await;
    for (target, fault) in [(NATIVE, Fault::Dropped), (REFUND, Fault::Error(500, "SYSTEM_ERROR", true))] {
        it.double.plan(target, fault, 1);
        it.double.plan(target, Fault::Error(400, "PARAM_ERROR", true), 2);
    }
    let open = it.charge().await;
    assert!(is_open(&open), "{open:?}");
    assert_eq!(event(it.charge().await).kind, EventKind::Failed, "the next call is refused at once");
    let open = it.refund("REFUND1", "5").await;
    assert!(is_open(&open), "{open:?}");
    assert_eq!(refusal_code(it.refund("REFUND1", "5").await).as_deref(), Some("PARAM_ERROR"));
}

#[tokio::test]
async fn a_refused_void_is_what_wechat_pay_knows_of_the_trade() {
    for (status, code) in REFUSING {
        let it = bench().await;
        it.charge().await.unwrap();
        it.double.plan(CLOSE, Fault::Error(status, code, true), 1);
        let open = it.void().await;
        assert!(is_open(&open), "{code}: the trade can still be paid: {open:?}");
        it.double.pay(NUMBER);
        it.double.plan(CLOSE, Fault::Error(status, code, true), 1);
        assert_eq!(event(it.void().await).kind, EventKind::Captured, "{code}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_signed_by_wechat_pay_is_no_answer() {
    run_all(unverified().into_iter().map(async |fault| {
        let it = bench().await;
        it.double.plan(NATIVE, fault.clone(), 2);
        assert!(it.charge().await.is_ok(), "the third answer is signed: {fault:?}");
        assert_eq!((it.double.count(NATIVE), it.double.sizes().0), (3, 1));
        it.double.pay(NUMBER);
        expect_unverified(&it, &fault).await;
    }))
    .await;
}

async fn expect_unverified(it: &Bench, fault: &Fault) {
    it.double.plan(QUERY, fault.clone(), 3);
    let reason = causes(it.look_up().await);
    assert!(reason.starts_with("the gateway is unavailable: an answer was not accepted: "), "{reason}");
    assert_eq!(events(it.look_up().await)[0].kind, EventKind::Captured, "the next one is");
}

#[tokio::test]
async fn an_answer_of_an_unknown_key_is_not_asked_for_again() {
    let it = bench().await;
    it.double.plan(NATIVE, Fault::Header("wechatpay-serial", Some("PUB_KEY_ID_OTHER")), 9);
    assert!(causes(it.charge().await).contains("PUB_KEY_ID_OTHER, which is not configured"));
    assert_eq!(it.double.count(NATIVE), 1);
}

/// Something in between may answer 404; a payment must not fail because of that.
#[tokio::test]
async fn not_found_must_be_signed() {
    let it = bench().await;
    it.double.plan(QUERY, Fault::Error(404, "ORDER_NOT_EXIST", false), 1);
    assert_eq!(
        causes(it.look_up().await),
        "the gateway is unavailable: WeChat Pay answered ORDER_NOT_EXIST: 具体原因"
    );
    assert!(matches!(it.look_up().await, Ok(LookupAnswer::Unknown)));
    it.double.plan("GET /v3/refund", Fault::Error(404, "RESOURCE_NOT_EXISTS", false), 1);
    it.look_up_refund("REFUND1").await.expect_err("it decides nothing");
    assert!(matches!(it.look_up_refund("REFUND1").await, Ok(LookupAnswer::Unknown)));
}

#[tokio::test]
async fn an_error_with_a_wrong_signature_is_no_refusal() {
    let it = bench().await;
    it.double.plan("GET", Fault::Header("wechatpay-signature", Some("AAAA")), 9);
    it.look_up().await.expect_err("ORDER_NOT_EXIST, wrongly signed");
    assert_eq!(it.double.count(QUERY), 3);
}

/// Signed, and not what the reference promises: nothing is concluded from it.
#[tokio::test]
async fn an_answer_that_is_not_what_was_asked_for_is_no_answer() {
    let it = bench().await;
    it.begin_and_pay().await;
    it.refund("REFUND1", "5").await.unwrap();
    let other_refund = r#"{"out_refund_no":"REFUND2","out_trade_no":"AB2CD3EF4GH5IJ6KL7MN2OP3QR","status":"SUCCESS",
        "refund_id":"5030","amount":{"refund":500,"total":1998,"currency":"CNY"}}"#;
    let other_trade = r#"{"out_refund_no":"REFUND1","out_trade_no":"ANOTHER","status":"SUCCESS",
        "refund_id":"5030","amount":{"refund":500,"total":1998,"currency":"CNY"}}"#;
    let no_amount =
        r#"{"out_refund_no":"REFUND1","out_trade_no":"AB2CD3EF4GH5IJ6KL7MN2OP3QR","status":"SUCCESS"}"#;
    for body in
        ["", "no json", "[]", "{}", r#"{"trade_state":"SUCCESS"}"#, other_refund, other_trade, no_amount]
    {
        it.double.plan("", Fault::Says(body), 9);
        it.charge().await.expect_err(body);
        it.look_up().await.expect_err(body);
        it.refund("REFUND1", "5").await.expect_err(body);
        it.look_up_refund("REFUND1").await.expect_err(body);
        it.double.recover();
    }
}
