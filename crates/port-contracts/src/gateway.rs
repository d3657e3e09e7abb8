//! The suite for [`ports::Gateway`]. The fixture provides a gateway whose calls have no side effects outside
//! the test, and signs and writes notices like the gateway itself.

mod charges;
mod lookups;
mod notices;

pub use charges::*;
pub use lookups::*;
pub use notices::*;

use std::{sync::Arc, time::Duration};

use domain::{
    DisputeId, EventId, GatewayName, Money, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{
        CaptureMethod, EventKind, EventReferences, EventTarget, GatewayReference, NamedReference,
        PaymentDetails, PaymentEvent, PaymentToken, ReferenceKind, ReportedAmount,
    },
};
use ports::{
    Answer, Charge, Gateway, Lookup, LookupAnswer, LookupSubject, NoResponse, Notice, NoticeHeaders,
    ParsedNotice,
};

use crate::sample;

/// Returns the signed headers of a notice with this id and body that is sent at this time.
pub type SignNotice = Box<dyn Fn(&str, &[u8], Timestamp) -> NoticeHeaders + Send + Sync>;

/// A gateway to test, with the parts of it that only an adapter's own tests can provide.
pub struct GatewayFixture {
    /// The gateway under test.
    pub gateway: Arc<dyn Gateway>,
    /// The adapter of the same gateway in another instance of the service.
    pub other_instance: Arc<dyn Gateway>,
    /// The time at which charges are made and notices are verified.
    pub now: Timestamp,
    /// A token whose charges succeed.
    pub good_token: &'static str,
    /// A token whose charges are declined by the issuer.
    pub declined_token: &'static str,
    /// A token whose charges succeed, but whose first answer is lost.
    pub unanswered_token: &'static str,
    /// A token whose first charge never reaches the gateway; the second one succeeds.
    pub unreached_token: &'static str,
    /// Signs a notice as the gateway does.
    pub sign_notice: SignNotice,
    /// Writes the body of the notice about an event.
    pub write_notice: fn(&PaymentEvent) -> String,
    /// The body of a notice of a type that the adapter does not know.
    pub unknown_type: &'static str,
}

/// Generates the tests of this suite for an adapter; the fixture returns a [`GatewayFixture`].
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
            a_key_lives_for_hours
            a_payment_is_found_on_any_instance_by_our_id_and_by_its_reference
            a_lost_answer_is_found_by_looking_it_up
            looking_up_has_no_effect_and_a_charge_that_never_arrived_stays_unknown
            a_capture_and_a_void_are_found
            a_refund_is_unknown_until_it_is_made_and_then_found
            what_is_answered_says_what_the_gateway_calls_it
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
            a_notice_may_name_things_by_the_gateways_references_alone
            a_reference_that_is_a_card_number_is_a_digest
            a_notice_is_acknowledged_with_success
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
            reference: None,
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
            target: EventTarget::Transaction(charge.transaction),
            order: Some(charge.order),
            reported: ReportedAmount::from(charge.amount),
            refund: kind.is_refund().then(|| RefundId::new("refund-1".into())),
            dispute: kind.is_dispute().then(|| DisputeId::new("dispute-1".into())),
            references: EventReferences {
                payment: Some(reference("payment-reference")),
                refund: kind.is_refund().then(|| reference("refund-reference")),
                dispute: kind.is_dispute().then(|| reference("dispute-reference")),
            },
            details: PaymentDetails::default(),
            at: self.now,
        }
    }

    fn verify_notice(&self, body: &[u8]) -> Notice {
        let headers = (self.sign_notice)(NOTICE, body, self.now);
        self.gateway.verify_notice(&headers, body, self.now).expect("a valid signature")
    }

    fn parse_notice(&self, body: &[u8]) -> ParsedNotice {
        self.gateway.parse_notice(&self.verify_notice(body), self.now)
    }
}

fn reference(text: &str) -> GatewayReference {
    GatewayReference::parse(text).expect("a reference")
}

/// Returns the event of an answer, which must be one.
#[track_caller]
fn expect_event(answer: Result<Answer, NoResponse>) -> PaymentEvent {
    match answer.expect("it answers") {
        Answer::Event(event) => *event,
        Answer::Accepted { .. } => panic!("the answer is no event"),
    }
}

async fn look_up(gateway: &Arc<dyn Gateway>, charge: &Charge) -> LookupAnswer {
    let lookup = Lookup { charge: charge.clone(), subject: LookupSubject::Payment };
    gateway.look_up(lookup).await.expect("it answers")
}

/// Returns the last event of a lookup, which must have found one.
#[track_caller]
fn last_word(answer: LookupAnswer) -> PaymentEvent {
    match answer {
        LookupAnswer::Found { events, .. } => events.last().expect("an event").clone(),
        LookupAnswer::Unknown | LookupAnswer::CannotTell => panic!("nothing was found"),
    }
}

#[track_caller]
fn assert_about(event: &PaymentEvent, kind: EventKind, charge: &Charge, amount: &str) {
    assert_eq!(event.kind, kind);
    assert_eq!(event.target, EventTarget::Transaction(charge.transaction.clone()));
    assert_eq!(event.order.as_ref(), Some(&charge.order));
    assert_eq!(event.reported, ReportedAmount::from(yuan(amount)));
    assert_eq!(event.refund.is_some(), kind.is_refund());
}

/// Asserts that two answers are the same event; their times may differ.
#[track_caller]
fn assert_same_event(one: &PaymentEvent, other: &PaymentEvent) {
    assert_eq!(one, &PaymentEvent { at: one.at, ..other.clone() });
}
