use port_contracts::work::cpu_time;

use super::*;

/// The example of the specification.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const OTHER_SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn secrets(text: &str) -> WebhookSecrets {
    WebhookSecrets::parse(text).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_millis(SENT * 1000)
}

fn with(name: &str, value: &str) -> NoticeHeaders {
    let mut headers = NoticeHeaders::from([
        (ID_HEADER.to_owned(), ID.to_owned()),
        (TIMESTAMP_HEADER.to_owned(), SENT.to_string()),
        (SIGNATURE_HEADER.to_owned(), SIGNATURE.to_owned()),
    ]);
    headers.insert(name.to_owned(), value.to_owned());
    headers
}

fn accepts(headers: &NoticeHeaders) -> bool {
    secrets(SECRET).verify_notice(headers, BODY, now()).is_ok()
}

#[test]
fn the_example_of_the_specification_is_signed_and_accepted() {
    let secrets = secrets(SECRET);
    assert_eq!(sign_notice(secrets.signing_secret(), ID, SENT, BODY), SIGNATURE);
    let headers =
        signed_headers(secrets.signing_secret(), ID, BODY, now().saturating_add(Duration::from_millis(999)));
    assert_eq!(headers, with(SIGNATURE_HEADER, SIGNATURE));
    assert_eq!(secrets.verify_notice(&headers, BODY, now()).unwrap().as_str(), ID);
}

#[test]
fn each_header_is_needed() {
    for name in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        let mut headers = with("other", "x");
        assert!(accepts(&headers));
        headers.remove(name);
        assert!(!accepts(&headers), "{name}");
    }
}

#[test]
fn nothing_that_is_signed_can_be_changed() {
    assert!(!accepts(&with(ID_HEADER, "msg_other")));
    assert!(!accepts(&with(TIMESTAMP_HEADER, &(SENT + 1).to_string())));
    for body in [&br#"{"test": 2432232315}"#[..], br#"{"test":2432232314}"#, b""] {
        assert!(secrets(SECRET).verify_notice(&with("other", "x"), body, now()).is_err());
    }
}

#[test]
fn a_signature_of_another_secret_version_or_form_is_refused() {
    let other = sign_notice(secrets(OTHER_SECRET).signing_secret(), ID, SENT, BODY);
    let digest = SIGNATURE.strip_prefix("v1,").unwrap();
    let bad = [
        other,
        String::new(),
        digest.to_owned(),
        format!("v1a,{digest}"),
        format!("v2,{digest}"),
        format!("V1,{digest}"),
        SIGNATURE.trim_end_matches('=').to_owned(),
        SIGNATURE[..20].to_owned(),
        "v1,".to_owned(),
        "v1,%%%".to_owned(),
    ];
    for signature in bad {
        assert!(!accepts(&with(SIGNATURE_HEADER, &signature)), "{signature}");
    }
}

#[test]
fn one_right_signature_among_several_is_enough() {
    let other = sign_notice(secrets(OTHER_SECRET).signing_secret(), ID, SENT, BODY);
    assert!(accepts(&with(SIGNATURE_HEADER, &format!("v2,abc {other}  {SIGNATURE}"))));
    let many = format!("{} {SIGNATURE}", vec![other; SIGNATURES_MAX].join(" "));
    assert!(!accepts(&with(SIGNATURE_HEADER, &many)), "only the first ones are checked");
}

#[test]
fn every_secret_is_accepted_and_the_first_one_signs() {
    let both = secrets(&format!("{OTHER_SECRET}, {SECRET}"));
    assert!(both.verify_notice(&with("other", "x"), BODY, now()).is_ok());
    let signed = signed_headers(both.signing_secret(), ID, BODY, now());
    assert!(secrets(OTHER_SECRET).verify_notice(&signed, BODY, now()).is_ok());
    assert!(secrets(SECRET).verify_notice(&signed, BODY, now()).is_err());
}

#[test]
fn a_time_stamp_more_than_300_s_off_is_refused() {
    let headers = with("other", "x");
    let verify = |now| secrets(SECRET).verify_notice(&headers, BODY, now).is_ok();
    let over = TOLERANCE + Duration::from_millis(1);
    assert!(verify(now().saturating_add(TOLERANCE)) && verify(now().saturating_sub(TOLERANCE)));
    assert!(!verify(now().saturating_add(over)) && !verify(now().saturating_sub(over)));
}

#[test]
fn a_time_stamp_that_is_no_moment_is_refused_even_if_it_is_signed() {
    let secrets = secrets(SECRET);
    for timestamp in ["", "x", "1614265330.5", " 1614265330", "9223372036854775807", "99999999999999999999"] {
        let mac = secrets.signing_secret().compute_mac(ID, timestamp, BODY).finalize().into_bytes();
        let mut headers = with(TIMESTAMP_HEADER, timestamp);
        headers.insert(SIGNATURE_HEADER.to_owned(), format!("v1,{}", BASE64.encode(&mac)));
        assert!(secrets.verify_notice(&headers, BODY, now()).is_err(), "{timestamp}");
    }
}

#[test]
fn an_id_that_cannot_be_kept_is_refused_even_if_it_is_signed() {
    let secrets = secrets(SECRET);
    let verify = |id: &str| {
        secrets.verify_notice(&signed_headers(secrets.signing_secret(), id, BODY, now()), BODY, now())
    };
    assert!(verify(&"x".repeat(255)).is_ok());
    for id in ["", "a b", "ü", "a\n", &"x".repeat(256)] {
        assert!(verify(id).is_err(), "{id}");
    }
}

#[test]
fn a_body_over_64_kib_is_refused_even_if_it_is_signed() {
    let secrets = secrets(SECRET);
    let verify = |bytes| {
        let body = vec![b'x'; bytes];
        secrets
            .verify_notice(&signed_headers(secrets.signing_secret(), ID, &body, now()), &body, now())
            .is_ok()
    };
    assert!(verify(BODY_BYTES_MAX));
    assert!(!verify(BODY_BYTES_MAX + 1));
}

#[test]
fn a_secret_has_a_prefix_base64_and_at_least_24_bytes() {
    assert!(WebhookSecrets::parse(&secret_from_bytes(&[1; 24])).is_ok());
    let short = secret_from_bytes(&[1; 23]);
    let after_comma = format!("{SECRET},");
    for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!", &short, &after_comma] {
        assert!(WebhookSecrets::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_secret_shows_neither_in_a_debug_nor_in_an_error() {
    assert!(!format!("{:?}", secrets(SECRET)).contains("MfKQ"));
    let error = WebhookSecrets::parse("hunter2hunter2").unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn a_notice_is_read_once_however_many_signatures_it_has() {
    let body = vec![b'x'; BODY_BYTES_MAX];
    let wrong = sign_notice(secrets(OTHER_SECRET).signing_secret(), ID, SENT, &body);
    let read = |signatures: usize| {
        let headers = with(SIGNATURE_HEADER, &vec![wrong.as_str(); signatures].join(" "));
        cpu_time(|| secrets(SECRET).verify_notice(&headers, &body, now()).is_err())
    };
    let (one, many) = (read(1), read(1_000));
    assert!(many < one * 4, "{many:?} for many signatures, {one:?} for one");
}
