//! Hostile notices: genuine ones with random changes, signed again or not.

use domain::card;

use super::*;
use crate::fuzz::{fuzz, outcome_of};

/// Longest text of a notice's kind that is kept, in characters.
const KIND_CHARS_MAX: usize = 255;

impl GatewayFixture {
    /// A genuine body of every kind that the gateway has.
    fn all_notices(&self) -> Vec<Vec<u8>> {
        let events =
            |sample: SampleEvent| EventKind::ALL.into_iter().filter_map(move |kind| sample(kind, self.now));
        let stated = events(self.sample_event).chain(events(self.dashboard_event));
        let mut bodies: Vec<_> = stated.map(|it| (self.write_notice)(NOTICE, &it)).collect();
        bodies.push(self.unknown_type.clone());
        bodies.push((self.write_notice_with_text)("declined"));
        bodies
    }
}

/// Whether a whole value of a JSON text is a card number. A part of an id may be one: ids stay whole.
fn has_card_value(raw: &str) -> bool {
    // Between quotes there is a string, and outside them there are numbers and punctuation.
    raw.split('"').enumerate().any(|(index, piece)| {
        let is_string = index % 2 == 1;
        let punctuation = |it: char| !is_string && (it.is_whitespace() || ",:{}[]".contains(it));
        card::is_card_number(piece.trim_matches(punctuation))
    })
}

/// Whatever body is signed, it is masked and parsed: into an event, or into the reason why it is none.
pub async fn fuzz_signed_bodies_are_parsed_or_given_a_reason(it: &GatewayFixture) {
    fuzz("signed notices", &it.all_notices(), |body| {
        let headers = (it.sign_notice)(NOTICE, body, it.now);
        let Ok(notice) = it.gateway.verify_notice(&headers, body, it.now) else {
            assert!(!it.traits.signs_in_headers, "any body can be signed");
            return 0;
        };
        assert!(!has_card_value(&notice.raw), "a card number stays: {}", notice.raw);
        // Bytes that are no text become a replacement character of three bytes each.
        assert!(notice.raw.len() <= 4 * body.len() + 1_024, "{} bytes of {}", notice.raw.len(), body.len());
        let parsed = it.gateway.parse_notice(&notice, it.now);
        assert_eq!(parsed, it.other_instance.parse_notice(&notice, it.now), "on any instance");
        match parsed {
            ParsedNotice::Event(event) => {
                assert!(!card::is_card_number(event.id.as_str()));
                outcome_of(("event", event.kind, event.refund.is_some(), event.order.is_some()))
            }
            ParsedNotice::Irrelevant { kind } | ParsedNotice::UnknownType { kind } => {
                assert!(kind.chars().count() <= KIND_CHARS_MAX, "{kind}");
                outcome_of(("kind", kind.len().min(8)))
            }
            ParsedNotice::Unintelligible { fault } => outcome_of(fault),
        }
    });
}

/// No header makes another body genuine, and no header of any text stops the service.
pub async fn fuzz_no_changed_header_or_body_is_genuine(it: &GatewayFixture) {
    let body = it.capture_notice();
    let headers = (it.sign_notice)(NOTICE, &body, it.now);
    fuzz("bodies with a signature of another", std::slice::from_ref(&body), |changed| {
        let is_genuine = it.gateway.verify_notice(&headers, changed, it.now).is_ok();
        // A signature that is a part of the body may be spelled in several ways.
        assert!(!is_genuine || changed == body || !it.traits.signs_in_headers, "it counts as genuine");
        is_genuine.into()
    });
    for name in headers.keys() {
        let genuine = headers.get(name).cloned().unwrap_or_default();
        fuzz("headers of a signature", &[genuine.as_bytes()], |value| {
            let mut changed = headers.clone();
            changed.insert(name.clone(), String::from_utf8_lossy(value).into_owned());
            let other = [&body[..], b" "].concat();
            assert!(
                it.gateway.verify_notice(&changed, &other, it.now).is_err(),
                "{name}: any body is genuine"
            );
            u64::from(it.gateway.verify_notice(&changed, &body, it.now).is_ok())
        });
    }
}
