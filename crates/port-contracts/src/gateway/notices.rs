//! Verifying, parsing and acknowledging notices.

use super::*;

/// A signed notice is verified on any instance, and keeps its id.
pub async fn a_genuine_notice_gives_its_id_and_itself(it: &GatewayFixture) {
    let body = it.capture_notice();
    let headers = (it.sign_notice)(NOTICE, &body, it.now);
    for gateway in [&it.gateway, &it.other_instance] {
        let notice = gateway.verify_notice(&headers, &body, it.now).expect("a valid signature");
        assert_eq!(notice.id.as_str(), NOTICE);
        assert!(matches!(gateway.parse_notice(&notice, it.now), ParsedNotice::Event(_)));
    }
}

/// The signature covers every byte of the body.
pub async fn a_notice_with_another_id_or_body_is_refused(it: &GatewayFixture) {
    let body = it.capture_notice();
    let headers = (it.sign_notice)(NOTICE, &body, it.now);
    let changed = (it.tamper)(&body);
    assert_ne!(changed, body, "the fixture changes the body");
    for other in [changed, [&body[..], b" "].concat(), Vec::new()] {
        assert!(it.gateway.verify_notice(&headers, &other, it.now).is_err());
    }
    if it.traits.signs_in_headers {
        let of_another = (it.sign_notice)("evt_2", b"another", it.now);
        assert!(it.gateway.verify_notice(&of_another, &body, it.now).is_err());
    }
}

/// A notice is refused if one of its headers is missing or empty.
pub async fn a_notice_that_lacks_a_header_is_refused(it: &GatewayFixture) {
    if !it.traits.signs_in_headers {
        return;
    }
    let body = it.capture_notice();
    let headers = (it.sign_notice)(NOTICE, &body, it.now);
    assert!(it.gateway.verify_notice(&NoticeHeaders::new(), &body, it.now).is_err());
    for name in headers.keys() {
        assert_eq!(*name, name.to_ascii_lowercase(), "header names are in lower case");
        let (mut without, mut empty) = (headers.clone(), headers.clone());
        without.remove(name);
        empty.insert(name.clone(), String::new());
        assert!(it.gateway.verify_notice(&without, &body, it.now).is_err(), "without {name}");
        assert!(it.gateway.verify_notice(&empty, &body, it.now).is_err(), "with an empty {name}");
    }
}

/// A timestamp in the past may be that of a replay; one in the future would make a replay possible later.
pub async fn a_notice_more_than_300_s_off_is_refused(it: &GatewayFixture) {
    let body = it.capture_notice();
    let headers = (it.sign_notice)(NOTICE, &body, it.now);
    let accepted = |now| it.gateway.verify_notice(&headers, &body, now).is_ok();
    let (near, far) = (Duration::from_secs(299), Duration::from_secs(302));
    assert!(accepted(it.now.saturating_add(near)) && accepted(it.now.saturating_sub(near)));
    if it.traits.signs_time {
        assert!(!accepted(it.now.saturating_add(far)) && !accepted(it.now.saturating_sub(far)));
    }
}

/// A notice of any kind that the gateway has is parsed as that event.
pub async fn what_a_notice_says_of_any_kind_is_understood(it: &GatewayFixture) {
    for event in EventKind::ALL.into_iter().filter_map(|kind| (it.sample_event)(kind, it.now)) {
        assert_states(&it.parse_event(&(it.write_notice)(NOTICE, &event)), &event);
    }
}

/// A card number is masked before the notice is stored, and the event can still be parsed.
pub async fn a_card_number_in_a_notice_is_masked_and_the_rest_understood(it: &GatewayFixture) {
    let body = (it.write_notice_with_text)(&format!("card {CARD_NUMBER} declined"));
    let notice = it.verify_notice(&body);
    assert!(!notice.raw.contains(CARD_NUMBER));
    assert!(matches!(it.gateway.parse_notice(&notice, it.now), ParsedNotice::Event(_)));
    if it.traits.signs_in_headers {
        let nonsense = it.verify_notice(format!("nonsense {CARD_NUMBER}").as_bytes());
        assert!(!nonsense.raw.contains(CARD_NUMBER));
    }
}

/// Ids that are card numbers are replaced by digests: different ones stay different, and equal ones stay
/// equal. An id that only contains the digits of a card stays whole.
pub async fn ids_that_look_like_card_numbers_stay_two_and_others_stay_whole(it: &GatewayFixture) {
    let Some(event) = (it.sample_event)(EventKind::RefundSucceeded, it.now) else { return };
    let understood = |id: &str| {
        let refund = Some(RefundId::new(id.to_owned()));
        let body = (it.write_notice)(NOTICE, &PaymentEvent { refund, ..event.clone() });
        let notice = it.verify_notice(&body);
        let parsed = it.gateway.parse_notice(&notice, it.now);
        assert_eq!(it.other_instance.parse_notice(&notice, it.now), parsed, "the same on every instance");
        (it.parse_event(&body).refund.expect("it names a refund"), notice.raw)
    };
    for whole in ["4200001234202611255569506992", "re_4242424242424242", "356938035643809"] {
        assert_eq!(understood(whole).0.as_str(), whole);
    }
    let ((one, raw), (other, _)) = (understood(CARD_NUMBER), understood("5555555555554444"));
    assert!(!one.as_str().contains(CARD_NUMBER) && !raw.contains(CARD_NUMBER) && raw.contains(one.as_str()));
    assert!(one != other && one == understood(CARD_NUMBER).0);
}

/// An event that began in the gateway's dashboard has neither our ids nor our order number.
pub async fn a_notice_may_name_things_by_the_gateways_references_alone(it: &GatewayFixture) {
    for event in EventKind::ALL.into_iter().filter_map(|kind| (it.dashboard_event)(kind, it.now)) {
        assert_states(&it.parse_event(&(it.write_notice)(NOTICE, &event)), &event);
    }
}

/// The digest is always the same for one card number and different for another.
pub async fn a_reference_that_is_a_card_number_is_a_digest(it: &GatewayFixture) {
    let understood = |text: &str| {
        let payment = Some(GatewayReference::new(text.to_owned()));
        let references = EventReferences { payment, ..EventReferences::default() };
        let body = (it.write_notice)(NOTICE, &PaymentEvent { references, ..it.captured() });
        assert!(!it.verify_notice(&body).raw.contains(text));
        it.parse_event(&body).references.payment.expect("it names the payment")
    };
    assert_eq!(understood(CARD_NUMBER), understood(CARD_NUMBER));
    assert_ne!(understood(CARD_NUMBER), understood("5555555555554444"));
}

/// The status is a success, so that the gateway does not send the notice again, and there is a media type.
pub async fn a_notice_is_acknowledged_with_success(it: &GatewayFixture) {
    for duplicate in [false, true] {
        let acknowledgement = it.gateway.acknowledge(duplicate);
        assert!((200..300).contains(&acknowledgement.status), "{}", acknowledgement.status);
        assert!(acknowledgement.content_type.contains('/') && acknowledgement.content_type.is_ascii());
        assert_eq!(acknowledgement, it.other_instance.acknowledge(duplicate));
    }
}

/// The name of an unknown type has at most 64 characters.
pub async fn an_unknown_type_is_named(it: &GatewayFixture) {
    let ParsedNotice::UnknownType { kind } = it.parse_notice(&it.unknown_type) else {
        panic!("the type is known");
    };
    assert!((1..=64).contains(&kind.chars().count()));
}

/// A signed notice without any form is accepted and stored, because an error would make the gateway send it
/// again. Each has an id that is the same when it comes again.
pub async fn a_genuine_notice_that_is_nonsense_is_kept_and_unintelligible(it: &GatewayFixture) {
    if !it.traits.signs_in_headers {
        return;
    }
    for body in [&b"nonsense"[..], b"", b"{}", b"[]", b"\xff\xfe", b"{\"type\":7}"] {
        assert!(matches!(it.parse_notice(body), ParsedNotice::Unintelligible { .. }));
        assert_eq!(it.verify_notice(body).id, it.verify_notice(body).id);
    }
    assert_eq!(it.verify_notice(b"nonsense").raw, "nonsense");
}
