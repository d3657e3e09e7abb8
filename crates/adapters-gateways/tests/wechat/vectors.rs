//! The adapter against `vectors.json`, which `wechatpay-axios-plugin` and `wechatpay-node-v3` made.

use domain::payment::{EventKind, EventTarget, NextAction};
use ports::{Answer, AttemptLog, Gateway, NoticeHeaders, ParsedNotice};
use serde_json::Value;

use crate::{
    bench::{NOW, bench, charge},
    double::parse_authorization,
    keys::{VECTORS, is_signed_by_merchant, vector},
};

fn headers_of(it: &Value) -> NoticeHeaders {
    let all = it["headers"].as_object().unwrap().iter();
    all.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// The double verifies what the adapter signs with the function that accepts these signatures.
#[test]
fn what_the_libraries_sign_is_a_request_that_the_double_accepts() {
    for it in VECTORS["requests"].as_array().unwrap() {
        let text = |name: &str| it[name].as_str().unwrap();
        let fields = parse_authorization(text("authorization")).unwrap();
        let lines = ["method", "path", "timestamp", "nonce", "body"].map(text).join("\n");
        assert!(is_signed_by_merchant(&format!("{lines}\n"), fields["signature"]));
        assert!(!is_signed_by_merchant(&lines, fields["signature"]));
        assert_eq!(fields["serial_no"], vector("merchant_serial"));
    }
}

/// The parameters for the WeChat client, as the documentation signs them.
#[tokio::test]
async fn the_client_gets_signed_parameters() {
    let it = bench().await;
    let openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    let answer = it.gateway.charge(charge(&format!("jsapi:{openid}")), &AttemptLog::default()).await;
    let Ok(Answer::Accepted { next_action: Some(NextAction::ClientSdk { parameters }), .. }) = answer else {
        panic!("no parameters: {answer:?}")
    };
    let names: Vec<_> = parameters.keys().map(String::as_str).collect();
    assert_eq!(names, ["appId", "nonceStr", "package", "paySign", "signType", "timeStamp"]);
    assert!(parameters["package"].starts_with("prepay_id=wx"));
    assert_eq!((parameters["signType"].as_str(), parameters["nonceStr"].len()), ("RSA", 32));
    let lines = ["appId", "timeStamp", "nonceStr", "package"].map(|name| format!("{}\n", parameters[name]));
    assert!(is_signed_by_merchant(&lines.concat(), &parameters["paySign"]));
    // The library signs the same lines.
    let client = |name: &str| VECTORS["client"][name].as_str().unwrap();
    let lines = format!(
        "{}\n{}\n{}\n{}\n",
        vector("app_id"),
        client("timestamp"),
        client("nonce"),
        client("package")
    );
    assert!(is_signed_by_merchant(&lines, client("pay_sign")));
    assert_eq!(it.double.state().requests[0].json().unwrap()["payer"]["openid"], openid);
}

#[tokio::test]
async fn notices_of_the_libraries_are_verified_decrypted_and_understood() {
    let it = bench().await;
    for vector in VECTORS["notices"].as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let notice =
            it.gateway.verify_notice(&headers_of(vector), vector["body"].as_str().unwrap().as_bytes(), NOW);
        let notice = notice.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(notice.id.as_str(), format!("EV-{name}"));
        for secret in ["oUpF8uMuAJO", "招商银行信用卡", "ciphertext"] {
            assert!(!notice.raw.contains(secret), "{name} shows {secret}");
        }
        let parsed = it.gateway.parse_notice(&notice, NOW);
        let kind = match name {
            "paid" | "paid-certificate" => EventKind::Captured,
            "refunded" => EventKind::RefundSucceeded,
            "closed" => EventKind::RefundFailed,
            "unknown-type" => {
                assert!(matches!(parsed, ParsedNotice::UnknownType { kind } if kind == "PAYSCORE.USER_PAID"));
                continue;
            }
            _ => {
                assert!(matches!(parsed, ParsedNotice::Unintelligible { .. }), "{name}: {parsed:?}");
                continue;
            }
        };
        let ParsedNotice::Event(event) = parsed else { panic!("{name}: {parsed:?}") };
        assert_eq!(event.kind, kind);
        let content = |name: &str| vector["content"][name].as_str();
        let EventTarget::Transaction(number) = &event.target else { panic!("a number of ours") };
        assert_eq!(Some(number.as_str()), content("out_trade_no"));
        assert_eq!(event.order.as_ref().map(|it| it.as_str()), content("attach"));
        assert_eq!(event.refund.as_ref().map(|it| it.as_str()), content("out_refund_no"));
        assert_eq!(event.references.payment.as_ref().map(|it| it.as_str()), content("transaction_id"));
        assert_eq!(event.references.refund.as_ref().map(|it| it.as_str()), content("refund_id"));
        let amount = if kind == EventKind::Captured { "19.98" } else { "5.00" };
        assert_eq!((event.reported.amount.as_str(), event.reported.currency.as_str()), (amount, "CNY"));
    }
}

/// An answer and a notice have the same form of signature.
#[tokio::test]
async fn answers_of_the_libraries_are_verified_byte_by_byte() {
    let it = bench().await;
    for vector in VECTORS["answers"].as_array().unwrap() {
        let (headers, body) = (headers_of(vector), vector["body"].as_str().unwrap());
        let accepts = |body: &str| it.gateway.verify_notice(&headers, body.as_bytes(), NOW).is_ok();
        assert!(accepts(body) && !accepts(&format!("{body} ")), "{body}");
    }
}
