//! The promises of [`ports::Gateway`]. A fixture gives a gateway that can be asked without side effects,
//! and plays the gateway's own part in making notices.

use std::{sync::Arc, time::Duration};

use domain::{
    DisputeId, EventId, GatewayName, Money, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{CaptureMethod, EventKind, PaymentDetails, PaymentEvent, PaymentToken, ReportedAmount},
};
use ports::{Charge, Gateway, Notice, NoticeHeaders, ParsedNotice};

use crate::sample;

/// Makes the headers of a notice with that id and body, sent at that time.
pub type SignNotice = Box<dyn Fn(&str, &[u8], Timestamp) -> NoticeHeaders + Send + Sync>;

/// A gateway to test, with the parts of it that only an adapter's own tests can provide.
pub struct GatewayFixture {
    /// The gateway under test.
    pub gateway: Arc<dyn Gateway>,
    /// The same gateway as another instance of the service sees it.
    pub other_instance: Arc<dyn Gateway>,
    /// The time of both instances, by which notices are accepted.
    pub now: Timestamp,
    /// A token whose charges succeed.
    pub good_token: &'static str,
    /// A token whose charges are declined by the issuer.
    pub declined_token: &'static str,
    /// A token whose charges succeed, but whose first answer is lost.
    pub unanswered_token: &'static str,
    /// Signs a notice as the gateway does.
    pub sign_notice: SignNotice,
    /// Writes the body of the notice about an event.
    pub write_notice: fn(&PaymentEvent) -> String,
    /// The body of a notice of a type that the adapter does not know.
    pub unknown_type: &'static str,
}

/// Makes the tests of this suite for an adapter; the fixture gives a [`GatewayFixture`].
#[macro_export]
macro_rules! gateway {
    ($($fixture:ident)::+) => {
        $crate::stamp! { gateway:
            its_name_stands_in_a_url
            only_tokens_that_it_knows_are_accepted
            an_automatic_charge_is_captured_whole
            a_manual_charge_is_held_whole
            a_declined_charge_fails_for_a_reason
            asking_again_gives_the_first_answer_on_any_instance
            a_lost_answer_is_found_by_asking_again
            a_capture_takes_what_was_asked_however_often
            a_void_gives_up_all_of_it_however_often
            a_refund_is_about_itself_however_often
            a_genuine_notice_gives_its_id_and_itself
            a_notice_with_another_id_or_body_is_refused
            a_notice_that_lacks_a_header_is_refused
            a_notice_more_than_300_s_off_is_refused
            what_a_notice_says_of_any_kind_is_understood
            a_card_number_in_a_notice_is_masked_and_the_rest_understood
            ids_that_look_like_card_numbers_stay_two_and_others_stay_whole
            an_unknown_type_is_named
            a_genuine_notice_that_is_nonsense_is_kept_and_unintelligible
            ; $($fixture)::+
        }
    };
}

const CARD_NUMBER: &str = "4242424242424242";
const NOTICE: &str = "evt_1";

fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").expect("an amount")
}

impl GatewayFixture {
    fn charge(&self, token: &str, capture_method: CaptureMethod) -> Charge {
        let number = sample::next_number();
        Charge {
            transaction: TransactionId::new(format!("transaction-{number}")),
            order: OrderNumber::new(format!("order-{number}")),
            token: PaymentToken::new(token.to_owned()),
            amount: yuan("19.98"),
            capture_method,
            created_at: self.now,
        }
    }

    fn manual_charge(&self) -> Charge {
        self.charge(self.good_token, CaptureMethod::Manual)
    }

    fn event(&self, kind: EventKind) -> PaymentEvent {
        let charge = self.manual_charge();
        PaymentEvent {
            id: EventId::new(NOTICE.into()),
            kind,
            transaction: charge.transaction,
            order: charge.order,
            reported: ReportedAmount::from(charge.amount),
            refund: kind.is_refund().then(|| RefundId::new("refund-1".into())),
            dispute: kind.is_dispute().then(|| DisputeId::new("dispute-1".into())),
            details: PaymentDetails::default(),
            at: self.now,
        }
    }

    fn verify_notice(&self, body: &[u8]) -> Notice {
        let headers = (self.sign_notice)(NOTICE, body, self.now);
        self.gateway.verify_notice(&headers, body, self.now).expect("it is genuine")
    }

    fn parse_notice(&self, body: &[u8]) -> ParsedNotice {
        self.gateway.parse_notice(&self.verify_notice(body), self.now)
    }
}

/// The event in an answer that must have one.
#[track_caller]
fn expect_event(answer: Result<Option<PaymentEvent>, ports::NoResponse>) -> PaymentEvent {
    answer.expect("it answers").expect("it has a word")
}

#[track_caller]
fn assert_about(event: &PaymentEvent, kind: EventKind, charge: &Charge, amount: &str) {
    assert_eq!(event.kind, kind);
    assert_eq!((&event.transaction, &event.order), (&charge.transaction, &charge.order));
    assert_eq!(event.reported, ReportedAmount::from(yuan(amount)));
    assert_eq!(event.refund.is_some(), kind.is_refund());
}

/// Two answers state the same fact; their times may differ.
#[track_caller]
fn assert_same_event(one: &PaymentEvent, other: &PaymentEvent) {
    assert_eq!(one, &PaymentEvent { at: one.at, ..other.clone() });
}

/// The name passes the check of a [`GatewayName`] that comes from a URL.
pub async fn its_name_stands_in_a_url(it: &GatewayFixture) {
    assert!(GatewayName::parse(it.gateway.name().as_str()).is_ok());
    assert_eq!(it.gateway.name(), it.other_instance.name());
}

/// Any other text is refused, however similar it looks.
pub async fn only_tokens_that_it_knows_are_accepted(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token, it.unanswered_token] {
        assert!(it.gateway.accepts_token(token));
        assert!(!it.gateway.accepts_token(&format!("{token} ")));
    }
    for token in ["", "no such token", CARD_NUMBER] {
        assert!(!it.gateway.accepts_token(token));
    }
}

/// The event names this transaction and order and the full amount.
pub async fn an_automatic_charge_is_captured_whole(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Captured,
        &charge,
        "19.98",
    );
}

/// The amount is authorised and nothing is captured yet.
pub async fn a_manual_charge_is_held_whole(it: &GatewayFixture) {
    let charge = it.manual_charge();
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Authorized,
        &charge,
        "19.98",
    );
}

/// A refusal by the issuer is an answer with a reason, not an error.
pub async fn a_declined_charge_fails_for_a_reason(it: &GatewayFixture) {
    for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
        let charge = it.charge(it.declined_token, method);
        let event = expect_event(it.gateway.charge(charge.clone()).await);
        assert_about(&event, EventKind::Failed, &charge, "19.98");
        assert!(event.details.failure_reason.is_some());
    }
}

/// The transaction's id is the idempotency key, so that a repeated request charges once.
pub async fn asking_again_gives_the_first_answer_on_any_instance(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token] {
        for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
            let charge = it.charge(token, method);
            let first = expect_event(it.gateway.charge(charge.clone()).await);
            assert_eq!(expect_event(it.gateway.charge(charge.clone()).await), first);
            assert_eq!(expect_event(it.gateway.retry_charge(charge.clone()).await), first);
            assert_eq!(expect_event(it.other_instance.retry_charge(charge).await), first);
        }
    }
}

/// After a lost answer the charge has happened, and the next request reports it.
pub async fn a_lost_answer_is_found_by_asking_again(it: &GatewayFixture) {
    let charge = it.charge(it.unanswered_token, CaptureMethod::Automatic);
    it.gateway.charge(charge.clone()).await.expect_err("the answer is lost");
    for gateway in [&it.gateway, &it.other_instance] {
        assert_about(
            &expect_event(gateway.retry_charge(charge.clone()).await),
            EventKind::Captured,
            &charge,
            "19.98",
        );
    }
}

/// A capture takes all or a part of an authorisation, once.
pub async fn a_capture_takes_what_was_asked_however_often(it: &GatewayFixture) {
    for amount in ["19.98", "5"] {
        let charge = it.manual_charge();
        expect_event(it.gateway.charge(charge.clone()).await);
        let first = expect_event(it.gateway.capture(charge.clone(), yuan(amount)).await);
        assert_about(&first, EventKind::Captured, &charge, amount);
        assert_same_event(&first, &expect_event(it.other_instance.capture(charge, yuan(amount)).await));
    }
}

/// A void releases the full authorisation, once.
pub async fn a_void_gives_up_all_of_it_however_often(it: &GatewayFixture) {
    let charge = it.manual_charge();
    expect_event(it.gateway.charge(charge.clone()).await);
    let first = expect_event(it.gateway.void(charge.clone()).await);
    assert_about(&first, EventKind::Voided, &charge, "19.98");
    assert_same_event(&first, &expect_event(it.other_instance.void(charge).await));
}

/// The event names the refund and its own amount, not the sum of all refunds.
pub async fn a_refund_is_about_itself_however_often(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    expect_event(it.gateway.charge(charge.clone()).await);
    for (id, amount) in [("refund-1", "5"), ("refund-2", "14.98")] {
        let id = RefundId::new(id.to_owned());
        let first = expect_event(it.gateway.refund(charge.clone(), id.clone(), yuan(amount)).await);
        assert_about(&first, EventKind::RefundSucceeded, &charge, amount);
        assert_eq!(first.refund.as_ref(), Some(&id));
        assert_same_event(
            &first,
            &expect_event(it.other_instance.refund(charge.clone(), id, yuan(amount)).await),
        );
    }
}

/// A signed notice is accepted on any instance.
pub async fn a_genuine_notice_gives_its_id_and_itself(it: &GatewayFixture) {
    let body = (it.write_notice)(&it.event(EventKind::Captured));
    let headers = (it.sign_notice)(NOTICE, body.as_bytes(), it.now);
    for gateway in [&it.gateway, &it.other_instance] {
        let notice = gateway.verify_notice(&headers, body.as_bytes(), it.now).expect("it is genuine");
        assert_eq!(notice.id.as_str(), NOTICE);
        assert!(matches!(gateway.parse_notice(&notice, it.now), ParsedNotice::Event(_)));
    }
}

/// The signature covers the id and every byte of the body.
pub async fn a_notice_with_another_id_or_body_is_refused(it: &GatewayFixture) {
    let body = (it.write_notice)(&it.event(EventKind::Captured));
    let headers = (it.sign_notice)(NOTICE, body.as_bytes(), it.now);
    let of_another = (it.sign_notice)("evt_2", b"another", it.now);
    for other in [body.replace("19.98", "19.97"), format!("{body} "), String::new()] {
        assert!(it.gateway.verify_notice(&headers, other.as_bytes(), it.now).is_err());
    }
    assert!(it.gateway.verify_notice(&of_another, body.as_bytes(), it.now).is_err());
}

/// Every header is required, and none may be empty.
pub async fn a_notice_that_lacks_a_header_is_refused(it: &GatewayFixture) {
    let body = (it.write_notice)(&it.event(EventKind::Captured));
    let headers = (it.sign_notice)(NOTICE, body.as_bytes(), it.now);
    assert!(it.gateway.verify_notice(&NoticeHeaders::new(), body.as_bytes(), it.now).is_err());
    for name in headers.keys() {
        assert_eq!(*name, name.to_ascii_lowercase(), "headers go by their lower-case name");
        let (mut without, mut empty) = (headers.clone(), headers.clone());
        without.remove(name);
        empty.insert(name.clone(), String::new());
        assert!(it.gateway.verify_notice(&without, body.as_bytes(), it.now).is_err(), "without {name}");
        assert!(it.gateway.verify_notice(&empty, body.as_bytes(), it.now).is_err(), "with an empty {name}");
    }
}

/// A notice from too far in the past may be a replay; one from the future is refused as well.
pub async fn a_notice_more_than_300_s_off_is_refused(it: &GatewayFixture) {
    let body = (it.write_notice)(&it.event(EventKind::Captured));
    let headers = (it.sign_notice)(NOTICE, body.as_bytes(), it.now);
    let accepted = |now| it.gateway.verify_notice(&headers, body.as_bytes(), now).is_ok();
    let (near, far) = (Duration::from_secs(299), Duration::from_secs(302));
    assert!(accepted(it.now.saturating_add(near)) && accepted(it.now.saturating_sub(near)));
    assert!(!accepted(it.now.saturating_add(far)) && !accepted(it.now.saturating_sub(far)));
}

/// A notice of every kind gives the same event as an answer does.
pub async fn what_a_notice_says_of_any_kind_is_understood(it: &GatewayFixture) {
    for kind in EventKind::ALL {
        let event = it.event(kind);
        assert_eq!(
            it.parse_notice((it.write_notice)(&event).as_bytes()),
            ParsedNotice::Event(Box::new(event))
        );
    }
}

/// The card number is masked before the notice is stored.
pub async fn a_card_number_in_a_notice_is_masked_and_the_rest_understood(it: &GatewayFixture) {
    let reason = Some(format!("card {CARD_NUMBER} declined"));
    let event = PaymentEvent {
        details: PaymentDetails { failure_reason: reason, ..PaymentDetails::default() },
        ..it.event(EventKind::Failed)
    };
    let notice = it.verify_notice((it.write_notice)(&event).as_bytes());
    assert!(!notice.raw.contains(CARD_NUMBER));
    let ParsedNotice::Event(understood) = it.gateway.parse_notice(&notice, it.now) else {
        panic!("it is no longer understood");
    };
    assert_eq!((understood.kind, &understood.transaction), (event.kind, &event.transaction));
    let nonsense = it.verify_notice(format!("nonsense {CARD_NUMBER}").as_bytes());
    assert!(!nonsense.raw.contains(CARD_NUMBER));
}

/// Masking must not merge two ids, because a refund is known by its id.
pub async fn ids_that_look_like_card_numbers_stay_two_and_others_stay_whole(it: &GatewayFixture) {
    let understood = |id: &str| {
        let refund = Some(RefundId::new(id.to_owned()));
        let body = (it.write_notice)(&PaymentEvent { refund, ..it.event(EventKind::RefundSucceeded) });
        let notice = it.verify_notice(body.as_bytes());
        let ParsedNotice::Event(event) = it.gateway.parse_notice(&notice, it.now) else {
            panic!("it is understood")
        };
        assert_eq!(
            it.other_instance.parse_notice(&notice, it.now),
            ParsedNotice::Event(event.clone()),
            "and always so"
        );
        (event.refund.expect("it names a refund"), notice.raw)
    };
    for whole in ["4200001234202611255569506992", "re_4242424242424242", "356938035643809"] {
        assert_eq!(understood(whole).0.as_str(), whole);
    }
    let ((one, raw), (other, _)) = (understood(CARD_NUMBER), understood("5555555555554444"));
    assert!(!one.as_str().contains(CARD_NUMBER) && !raw.contains(CARD_NUMBER) && raw.contains(one.as_str()));
    assert!(one != other && one == understood(CARD_NUMBER).0);
}

/// The name of the type is cut to a bounded length.
pub async fn an_unknown_type_is_named(it: &GatewayFixture) {
    let ParsedNotice::UnknownType { kind } = it.parse_notice(it.unknown_type.as_bytes()) else {
        panic!("it is not of an unknown type");
    };
    assert!((1..=64).contains(&kind.chars().count()));
}

/// It is stored and answered with success, as an error would only make the gateway repeat it.
pub async fn a_genuine_notice_that_is_nonsense_is_kept_and_unintelligible(it: &GatewayFixture) {
    for body in [&b"nonsense"[..], b"", b"{}", b"[]", b"\xff\xfe", b"{\"type\":7}"] {
        assert!(matches!(it.parse_notice(body), ParsedNotice::Unintelligible { .. }));
    }
    assert_eq!(it.verify_notice(b"nonsense").raw, "nonsense");
}
