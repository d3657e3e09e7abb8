use std::time::Duration;

use super::*;
use crate::{DeliveryId, DeliveryKey, EndpointId, EndpointKey, MessageId, Timestamp, Version};

const HOUR: Duration = Duration::from_secs(3600);

fn at(hours: u64) -> Timestamp {
    Timestamp::from_millis(0).saturating_add(HOUR * u32::try_from(hours).unwrap())
}

fn endpoint() -> WebhookEndpoint {
    WebhookEndpoint {
        key: EndpointKey::new(1),
        id: EndpointId::new("e1".into()),
        url: WebhookUrl::parse("https://shop.example/hooks").unwrap(),
        types: EventTypes::default(),
        description: None,
        disabled: false,
        version: Version::FIRST,
        secret: SealedSecret::new("first".into()),
        old_secret: None,
        cursor: 0,
        enabled_at: at(0),
        failing_since: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn delivery() -> WebhookDelivery {
    WebhookDelivery {
        key: DeliveryKey::new(1),
        id: DeliveryId::new("d1".into()),
        endpoint: EndpointKey::new(1),
        message: MessageId::new("m1".into()),
        event_type: "order.placed".into(),
        sequence: Some(7),
        subject: Some("order:n1".into()),
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_attempt_at: Some(at(0)),
        first_attempt_at: None,
        last_attempt: None,
        created_at: at(0),
    }
}

fn answered(status: u16) -> AttemptResult {
    AttemptResult::Answered { status, body: None }
}

fn attempt(result: AttemptResult) -> DeliveryAttempt {
    DeliveryAttempt { began_at: at(0), duration: Duration::from_millis(5), result }
}

#[test]
fn pauses_grow_with_a_jitter_of_a_quarter() {
    let mut shortest = Duration::ZERO;
    for attempts in 1..40 {
        for seed in [0, 1, 12_345, u64::MAX] {
            let pause = retry_pause(attempts, seed, None);
            let base = retry_pause(attempts, 0, None);
            assert!(pause >= base && pause < base + base / 4, "{attempts} {seed}: {pause:?}");
        }
        assert!(retry_pause(attempts, 0, None) >= shortest);
        shortest = retry_pause(attempts, 0, None);
    }
    assert_eq!(retry_pause(1, 0, None), Duration::from_secs(5));
    assert_eq!(shortest, HOUR * 8);
}

#[test]
fn what_the_endpoint_asks_for_counts_if_it_is_longer_and_at_most_a_day() {
    assert_eq!(retry_pause(1, 0, Some(HOUR)), HOUR);
    assert_eq!(retry_pause(9, 0, Some(HOUR)), HOUR * 8);
    assert_eq!(retry_pause(1, 0, Some(HOUR * 1000)), HOUR * 24);
}

#[test]
fn only_2xx_is_a_success() {
    for status in [200, 202, 204, 299] {
        assert!(answered(status).is_success(), "{status}");
    }
    for status in [100, 199, 300, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503] {
        assert!(!answered(status).is_success(), "{status}");
    }
    assert!(!AttemptResult::NoAnswer("timed out".into()).is_success());
}

#[test]
fn a_delivery_is_given_up_three_days_after_its_first_attempt() {
    let begun = delivery().with_attempt_begun(at(1), Duration::from_secs(60));
    let failure = answered(500);
    let judge = |endpoint: &WebhookEndpoint, hours| begun.judge_failure(endpoint, &failure, at(hours));
    assert_eq!(judge(&endpoint(), 72), FailedAttempt::Retry);
    assert_eq!(judge(&endpoint(), 73), FailedAttempt::GiveUp);
    let enabled_later = WebhookEndpoint { enabled_at: at(30), ..endpoint() };
    assert_eq!(judge(&enabled_later, 101), FailedAttempt::Retry);
    assert_eq!(judge(&enabled_later, 102), FailedAttempt::GiveUp);
    let given_up = begun.with_failure(attempt(failure.clone()), FailedAttempt::GiveUp, None, at(73));
    assert_eq!((given_up.status, given_up.next_attempt_at), (DeliveryStatus::Failed, None));
}

#[test]
fn an_endpoint_that_fails_for_three_days_or_is_gone_is_disabled_and_its_delivery_waits() {
    let begun = delivery().with_attempt_begun(at(1), Duration::from_secs(60));
    let failing = WebhookEndpoint { failing_since: Some(at(1)), ..endpoint() };
    assert_eq!(begun.judge_failure(&failing, &answered(500), at(72)), FailedAttempt::Retry);
    assert_eq!(begun.judge_failure(&failing, &answered(500), at(73)), FailedAttempt::Exhausted);
    assert_eq!(begun.judge_failure(&endpoint(), &answered(410), at(1)), FailedAttempt::Gone);
    for then in [FailedAttempt::Gone, FailedAttempt::Exhausted] {
        let waits = begun.with_failure(attempt(answered(410)), then, None, at(73));
        assert_eq!(waits.status, DeliveryStatus::Pending);
        assert!(waits.next_attempt_at > Some(at(73)));
    }
}

#[test]
fn enabling_begins_the_three_days_again_and_a_patch_without_change_makes_no_version() {
    let failing = WebhookEndpoint { failing_since: Some(at(1)), ..endpoint() }.with_disabled(at(73));
    assert!(failing.disabled);
    let patch = |disabled| EndpointPatch { disabled: Some(disabled), ..EndpointPatch::default() };
    assert_eq!(failing.with_patch(patch(true), at(80)), failing);
    let enabled = failing.with_patch(patch(false), at(80));
    assert_eq!((enabled.enabled_at, enabled.failing_since), (at(80), None));
    assert_eq!(enabled.version, failing.version.next());
    let url = WebhookUrl::parse("https://other.example/").ok();
    let failing = WebhookEndpoint { failing_since: Some(at(1)), ..endpoint() };
    let moved = failing.with_patch(EndpointPatch { url, ..EndpointPatch::default() }, at(70));
    assert_eq!((moved.enabled_at, moved.failing_since), (at(70), None), "another receiver");
}

#[test]
fn both_secrets_sign_for_a_day_after_a_rotation() {
    let rotated = endpoint().with_rotated_secret(SealedSecret::new("second".into()), at(0));
    let signing = |hours| rotated.signing_secrets(at(hours)).map(SealedSecret::as_str).collect::<Vec<_>>();
    assert_eq!(signing(23), ["second", "first"]);
    assert_eq!(signing(24), ["second"]);
    let again = rotated.with_rotated_secret(SealedSecret::new("third".into()), at(1));
    assert_eq!(
        again.signing_secrets(at(1)).map(SealedSecret::as_str).collect::<Vec<_>>(),
        ["third", "second"]
    );
}

#[test]
fn no_secret_shows_in_debug() {
    let text = format!("{:?} {:?}", endpoint(), SigningSecret::new("whsec_terrible".into()));
    assert!(!text.contains("first") && !text.contains("terrible"), "{text}");
}

#[test]
fn an_endpoint_without_types_wants_every_type() {
    assert!(EventTypes::default().is_wanted("order.placed"));
    let some = EventTypes::new(["order.paid", "order.paid"].map(str::to_owned));
    assert_eq!(some.names(), ["order.paid"]);
    assert!(some.is_wanted("order.paid") && !some.is_wanted("order.placed"));
}

#[test]
fn a_url_is_http_and_plain() {
    for bad in ["", "ftp://h", "https://h/a b", "https://ü", "h", &format!("https://{}", "h".repeat(2048))] {
        assert!(WebhookUrl::parse(bad).is_err(), "{bad}");
    }
}
