use hyper::body::Bytes;
use ports::ErrorChain;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_680_800_504_123);

fn judge(status: u16, headers: &[(&'static str, &str)], body: &str) -> Verdict {
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let answer = ApiAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.collect(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    judge_answer(&answer, NOW)
}

/// The error of a declined card, as in the reference.
fn card_error() -> String {
    json!({"error": {"code": "card_declined", "decline_code": "insufficient_funds", "type": "card_error",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined", "message": "Your card has insufficient funds."}})
    .to_string()
}

#[test]
fn the_time_of_an_answer_is_that_of_stripe() {
    let at = |date: &str| match judge(200, &[("date", date)], "{}") {
        Verdict::Done(reply) => reply.answered_at,
        Verdict::Refused(_) | Verdict::Again(..) | Verdict::Lost(_) => panic!("it is done"),
    };
    assert_eq!(at("Thu, 06 Apr 2023 17:01:44 GMT"), Timestamp::from_millis(1_680_800_504_000));
    assert_eq!(at("yesterday"), NOW);
}

#[test]
fn a_refusal_is_read_with_its_code_and_shows_no_parameter() {
    let Verdict::Refused(it) = judge(402, &[], &card_error()) else { panic!("it is refused") };
    assert_eq!(
        (it.reason().as_str(), it.code.as_deref()),
        ("Your card has insufficient funds.", Some("insufficient_funds"))
    );
    let body = json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "payment_method",
        "message": "No such PaymentMethod: 'pm_hidden'"}});
    let Verdict::Refused(it) = judge(400, &[], &body.to_string()) else { panic!("it is refused") };
    assert!(
        it.reason().contains("resource_missing, parameter payment_method") && !it.reason().contains("hidden")
    );
    let body = json!({"error": {"type": "card_error", "message": "The card 4242424242424242 is unknown."}});
    let Verdict::Refused(it) = judge(402, &[], &body.to_string()) else { panic!("it is refused") };
    assert_eq!(it.reason(), "The card ************4242 is unknown.");
}

#[test]
fn each_status_has_its_meaning() {
    let name = |verdict| match verdict {
        Verdict::Done(_) => "done",
        Verdict::Refused(_) => "refused",
        Verdict::Again(NoResponse::Lost, _) => "again, lost",
        Verdict::Again(NoResponse::Unavailable(_), _) => "again",
        Verdict::Lost(_) => "lost",
    };
    let (card, none) = (card_error(), String::new());
    let untyped = json!({"error": {"message": "no"}}).to_string();
    let later = json!({"error": {"type": "later_error", "message": "no"}}).to_string();
    for (status, body, expected) in [
        (200, "{}", "done"),
        (200, "[]", "lost"),
        (200, none.as_str(), "lost"),
        (302, "{}", "lost"),
        (400, card.as_str(), "refused"),
        (401, &card, "refused"),
        (402, &card, "refused"),
        (403, &card, "refused"),
        (404, &card, "refused"),
        (404, "<html>", "lost"),
        (404, &untyped, "lost"),
        (402, &later, "lost"),
        (405, &card, "lost"),
        (424, &card, "lost"),
        (499, &card, "lost"),
        (409, &card, "again, lost"),
        (429, &card, "again"),
        (500, &card, "again"),
        (502, "<html>", "again"),
    ] {
        assert_eq!(name(judge(status, &[], body)), expected, "{status} {body}");
    }
    for status in [409, 424, 429, 500] {
        assert_eq!(name(judge(status, &[("stripe-should-retry", "false")], &card)), "lost", "{status}");
    }
    let conflict = judge(409, &[("stripe-should-retry", "false")], &card);
    assert!(matches!(conflict, Verdict::Lost(NoResponse::Lost)), "it is about one request");
    for kind in ["invalid_request_error", "idempotency_error"] {
        assert_eq!(name(judge(400, &[], &json!({"error": {"type": kind}}).to_string())), "refused", "{kind}");
    }
    assert_eq!(name(judge(400, &[("stripe-should-retry", "true")], &card)), "again");
    assert_eq!(name(judge(400, &[("stripe-should-retry", "maybe")], &card)), "refused");
}

#[test]
fn how_long_to_wait_is_taken_from_the_header() {
    let wait = |value| match judge(429, &[("retry-after", value)], "{}") {
        Verdict::Again(_, wait) => wait,
        Verdict::Done(_) | Verdict::Refused(_) | Verdict::Lost(_) => panic!("it is sent again"),
    };
    assert_eq!((wait("2"), wait("soon")), (Some(Duration::from_secs(2)), None));
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

#[tokio::test]
async fn pauses_are_short_random_and_grow() {
    let api = StripeApi::new(&"sk_1".into(), "http://127.0.0.1:9", Arc::new(Stopped)).unwrap();
    for (repetitions, ms) in [(0, 125..=250), (1, 250..=500)] {
        let all: Vec<_> = (0..100).map(|_| api.jitter_pause(repetitions).as_millis()).collect();
        assert!(all.iter().all(|it| ms.contains(it)), "{all:?}");
        assert!(all.iter().any(|it| *it != all[0]), "they differ");
    }
}

#[test]
fn a_request_whose_key_cannot_be_sent_is_not_sent() {
    let api = StripeApi::new(&"sk_1".into(), "http://127.0.0.1:9", Arc::new(Stopped)).unwrap();
    let call =
        |key: &str| ApiCall { key: Some(key.to_owned()), ..crate::stripe::requests::retrieve_balance() };
    assert!(api.build_request(&call("charge:t1")).is_ok());
    let Err(error) = api.build_request(&call("charge:t\n1")) else { panic!("it would have no key") };
    assert!(ErrorChain(&error).to_string().contains("idempotency key"));
}

#[test]
fn an_error_about_the_key_does_not_show_it() {
    let body =
        json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_1"}});
    let Verdict::Refused(it) = judge(401, &[], &body.to_string()) else { panic!("it is refused") };
    assert!(it.is_about_credentials());
    let error = NoResponse::from(*it);
    assert!(!ErrorChain(&error).to_string().contains("sk_test_1"));
}
