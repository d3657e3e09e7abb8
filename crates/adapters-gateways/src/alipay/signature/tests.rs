use super::*;
use crate::alipay::testing::{config, settings, text_of, vectors};
use crate::alipay::{AlipayConfig, config::Settings};

fn answers() -> Vec<[String; 3]> {
    let all = vectors()["answers"].as_array().unwrap().clone();
    all.iter().map(|it| ["member", "content", "body"].map(|name| text_of(&it[name]))).collect()
}

#[test]
fn what_the_official_library_signs_is_verified_byte_by_byte() {
    for [member, content, body] in answers() {
        assert_eq!(settings().keys.verify_answer(body.as_bytes(), &member), Ok(content));
    }
}

#[test]
fn a_change_of_any_kind_is_noticed() {
    let [member, _, body] = answers().swap_remove(0);
    let verify = |body: String| settings().keys.verify_answer(body.as_bytes(), &member);
    for changed in [body.replace("88.88", "88.89"), body.replace("\"code\":", "\"code\": ")] {
        assert_ne!(changed, body);
        assert_eq!(verify(changed), Err(UnusableAnswer::Signature));
    }
    for sign in ["", "no base64", "AAAA"] {
        let (start, _) = body.split_once("\"sign\":").unwrap();
        let expected = if sign.is_empty() { None } else { Some(UnusableAnswer::Signature) };
        let error = verify(format!("{start}\"sign\":\"{sign}\"}}")).unwrap_err();
        assert!(expected.map_or(matches!(error, UnusableAnswer::Unsigned(_)), |it| it == error), "{error}");
    }
}

#[test]
fn an_answer_to_another_method_is_no_answer() {
    let [_, _, body] = answers().swap_remove(0);
    for member in ["alipay_trade_refund_response", "sign"] {
        let verified = settings().keys.verify_answer(body.as_bytes(), member);
        assert!(verified.is_err(), "{member}");
    }
    for body in ["", "<html>", "[]", "{}", "{\"sign\":\"AAAA\"}"] {
        let verified = settings().keys.verify_answer(body.as_bytes(), "alipay_trade_query_response");
        assert_eq!(verified, Err(UnusableAnswer::Form), "{body}");
    }
}

#[test]
fn an_answer_that_was_signed_before_its_slashes_were_escaped_is_verified() {
    let keys = &vectors()["keys"];
    let alipay = RsaSigner::parse(&text_of(&keys["testAlipayPrivateKey"])).unwrap();
    let (escaped, plain) = (r#"{"code":"10000","u":"a\/b"}"#, r#"{"code":"10000","u":"a/b"}"#);
    let body = format!(r#"{{"error_response":{escaped},"sign":"{}"}}"#, alipay.sign(plain.as_bytes()));
    assert_eq!(settings().keys.verify_answer(body.as_bytes(), "any_response"), Ok(escaped.to_owned()));
}

#[test]
fn any_configured_key_may_have_signed_and_no_other() {
    let [member, _, body] = answers().swap_remove(0);
    let own = text_of(&vectors()["keys"]["testAppPublicKey"]);
    let wrong = Settings::parse(AlipayConfig { alipay_public_keys: vec![own], ..config() }).unwrap();
    assert_eq!(wrong.keys.verify_answer(body.as_bytes(), &member), Err(UnusableAnswer::Signature));
}
