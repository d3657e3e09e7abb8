//! Compares signatures with `standardwebhooks`, the official library of the scheme: each side accepts what
//! the other signs, and both refuse the same notices.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly: that is what it is for")]

use adapters_gateways::{
    WebhookSecrets, secret_from_bytes,
    standard_webhooks::{
        ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE, sign_notice, signed_headers,
    },
};
use domain::Timestamp;
use hyper::{HeaderMap, header::HeaderName};
use ports::NoticeHeaders;
use proptest::prelude::*;
use standardwebhooks::Webhook;

const KEY: [u8; 32] = [7; 32];
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"type":"payment.captured"}"#;

fn ours(key: &[u8]) -> WebhookSecrets {
    WebhookSecrets::parse(&secret_from_bytes(key)).unwrap()
}

/// The library's verifier, from the same text of the secret.
fn theirs(key: &[u8]) -> Webhook {
    Webhook::new(&secret_from_bytes(key)).unwrap()
}

/// The system clock, because the library reads no other.
fn now_seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The headers of a notice that the library signed at that second.
fn signed_by_them(sent: i64) -> NoticeHeaders {
    NoticeHeaders::from([
        (ID_HEADER.to_owned(), ID.to_owned()),
        (TIMESTAMP_HEADER.to_owned(), sent.to_string()),
        (SIGNATURE_HEADER.to_owned(), theirs(&KEY).sign(ID, sent, BODY).unwrap()),
    ])
}

fn we_accept(key: &[u8], headers: &NoticeHeaders, body: &[u8]) -> bool {
    ours(key).verify_notice(headers, body, Timestamp::from_millis(now_seconds() * 1000)).is_ok()
}

fn they_accept(key: &[u8], headers: &NoticeHeaders, body: &[u8]) -> bool {
    let pairs = headers.iter();
    let map: HeaderMap =
        pairs.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
    theirs(key).verify(body, &map).is_ok()
}

fn with(name: &str, value: &str) -> NoticeHeaders {
    let mut headers = signed_by_them(now_seconds());
    headers.insert(name.to_owned(), value.to_owned());
    headers
}

#[test]
fn each_side_accepts_what_the_other_signs() {
    let notice = signed_by_them(now_seconds());
    assert!(we_accept(&KEY, &notice, BODY));
    let secrets = ours(&KEY);
    let notice =
        signed_headers(secrets.signing_secret(), ID, BODY, Timestamp::from_millis(now_seconds() * 1000));
    assert!(they_accept(&KEY, &notice, BODY));
}

#[test]
fn both_sides_accept_one_good_signature_among_several() {
    let good = signed_by_them(now_seconds()).remove(SIGNATURE_HEADER).unwrap();
    for signatures in [format!("v1,AAAA {good}"), format!("v1a,AAAA v2,x {good}"), format!("{good} v1,")] {
        let notice = with(SIGNATURE_HEADER, &signatures);
        assert!(we_accept(&KEY, &notice, BODY) && they_accept(&KEY, &notice, BODY), "{signatures}");
    }
}

#[test]
fn both_sides_refuse_what_is_wrong() {
    let now = now_seconds();
    let good = signed_by_them(now).remove(SIGNATURE_HEADER).unwrap();
    let bare = good.strip_prefix("v1,").unwrap();
    let late = i64::try_from(TOLERANCE.as_secs()).unwrap() + 60;
    let cases = [
        with(ID_HEADER, "msg_other"),
        with(TIMESTAMP_HEADER, &(now - 100).to_string()),
        with(TIMESTAMP_HEADER, "soon"),
        with(TIMESTAMP_HEADER, ""),
        with(SIGNATURE_HEADER, ""),
        with(SIGNATURE_HEADER, "v1,"),
        with(SIGNATURE_HEADER, bare),
        with(SIGNATURE_HEADER, &format!("v2,{bare}")),
        with(SIGNATURE_HEADER, good.trim_end_matches('=')),
        with(SIGNATURE_HEADER, &good.replace("v1,", "v1, ")),
        with(SIGNATURE_HEADER, good.get(..good.len() / 2).unwrap()),
        with(SIGNATURE_HEADER, &theirs(&[8; 32]).sign(ID, now, BODY).unwrap()),
        signed_by_them(now - late),
        signed_by_them(now + late),
    ];
    for notice in &cases {
        assert!(!we_accept(&KEY, notice, BODY), "we: {notice:?}");
        assert!(!they_accept(&KEY, notice, BODY), "they: {notice:?}");
    }
    let good = signed_by_them(now);
    for body in [&b""[..], b"{}", br#"{"type": "payment.captured"}"#] {
        assert!(!we_accept(&KEY, &good, body) && !they_accept(&KEY, &good, body));
    }
    assert!(!we_accept(&[8; 32], &good, BODY) && !they_accept(&[8; 32], &good, BODY));
    for name in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        let mut notice = good.clone();
        notice.remove(name);
        assert!(!we_accept(&KEY, &notice, BODY) && !they_accept(&KEY, &notice, BODY), "{name}");
    }
}

proptest! {
    #[test]
    fn both_sides_sign_alike(
        key in prop::collection::vec(any::<u8>(), 24..=64),
        id in "[!-~]{1,40}",
        sent in any::<i64>(),
        body in any::<String>(),
    ) {
        let signed = sign_notice(ours(&key).signing_secret(), &id, sent, body.as_bytes());
        prop_assert_eq!(signed, theirs(&key).sign(&id, sent, body.as_bytes()).unwrap());
    }
}
