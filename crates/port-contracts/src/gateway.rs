//! The suite for [`ports::Gateway`]. The fixture provides a gateway whose calls have no side effects outside
//! the test, and signs and writes notices like the gateway itself.

mod charges;
mod hostile;
mod lookups;
mod notices;

pub use charges::*;
pub use hostile::*;
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
    Answer, AttemptLog, Charge, Gateway, Lookup, LookupAnswer, LookupSubject, NoResponse, Notice,
    NoticeHeaders, ParsedNotice,
};

use crate::sample;

/// Returns the signed headers of a notice with this id and body that is sent at this time.
pub type SignNotice = Box<dyn Fn(&str, &[u8], Timestamp) -> NoticeHeaders + Send + Sync>;

/// Returns the body of a genuine notice with this id about an event.
pub type WriteNotice = Box<dyn Fn(&str, &PaymentEvent) -> Vec<u8> + Send + Sync>;

/// Returns the body of a genuine notice about an event that contains this free text somewhere.
pub type WriteNoticeText = Box<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// Returns an event of this kind at this time, as a notice of the gateway can state it; `None` if no notice is of
/// this kind.
pub type SampleEvent = fn(EventKind, Timestamp) -> Option<PaymentEvent>;

/// The gateway's side of the connection, as far as a test controls it.
pub trait GatewayControl: Send + Sync {
    /// From now on requests are done, and all answers to charges are lost, also those to repetitions. Returns
    /// the token to charge with.
    fn lose_answers(&self) -> &'static str;

    /// From now on no charge reaches the gateway. Returns the token to charge with.
    fn drop_requests(&self) -> &'static str;

    /// Ends the two states above.
    fn restore(&self) {}

    /// The buyer pays what was charged, at a gateway that waits for the buyer.
    fn pay(&self, _charge: &Charge) {}

    /// The gateway completes a refund that it has accepted, if it does so later.
    fn complete_refund(&self, _refund: &RefundId) {}
}

/// The properties in which gateways differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayTraits {
    /// A charge has no result until the buyer acts.
    pub waits_for_buyer: bool,
    /// A charge can be authorised first and captured or voided later.
    pub has_manual_capture: bool,
    /// A payment or refund can be looked up by our id alone; otherwise such a lookup cannot tell.
    pub finds_by_our_id: bool,
    /// A refund has a reference of its own.
    pub has_refund_references: bool,
    /// The signature is in headers, so that any body can be signed. Otherwise it is a part of the body.
    pub signs_in_headers: bool,
    /// A signature states its time.
    pub signs_time: bool,
}

impl GatewayTraits {
    /// All that a gateway of cards has.
    pub const CARDS: Self = Self {
        waits_for_buyer: false,
        has_manual_capture: true,
        finds_by_our_id: true,
        has_refund_references: true,
        signs_in_headers: true,
        signs_time: true,
    };
}

/// A gateway to test, with the parts of it that only an adapter's own tests can provide.
pub struct GatewayFixture {
    /// The gateway under test.
    pub gateway: Arc<dyn Gateway>,
    /// The adapter of the same gateway in another instance of the service.
    pub other_instance: Arc<dyn Gateway>,
    /// The gateway's side.
    pub control: Arc<dyn GatewayControl>,
    /// How the gateway differs from others.
    pub traits: GatewayTraits,
    /// The time at which charges are made and notices are verified.
    pub now: Timestamp,
    /// A token whose charges succeed.
    pub good_token: &'static str,
    /// A token whose charges are declined at once; `None` if the gateway never does that.
    pub declined_token: Option<&'static str>,
    /// Signs a notice as the gateway does; no headers if the signature is a part of the body.
    pub sign_notice: SignNotice,
    /// Writes the body of the notice about an event.
    pub write_notice: WriteNotice,
    /// Writes the body of a genuine notice about an event that contains this free text somewhere.
    pub write_notice_with_text: WriteNoticeText,
    /// Changes a body in a way that its signature must reveal.
    pub tamper: fn(&[u8]) -> Vec<u8>,
    /// The events that notices state.
    pub sample_event: SampleEvent,
    /// The events that notices state when they began in the gateway's dashboard, named by references only.
    pub dashboard_event: SampleEvent,
    /// The body of a genuine notice of a type that the adapter does not know.
    pub unknown_type: Vec<u8>,
}

/// Generates the tests of this suite for an adapter; the fixture returns a [`GatewayFixture`].
#[macro_export]
macro_rules! gateway {
    ($($fixture:ident)::+) => {
        $crate::stamp! { gateway:
            its_name_stands_in_a_url
            only_tokens_that_it_knows_are_accepted
            what_it_can_take_is_known_before_a_charge
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
            what_is_sent_is_recorded_without_the_token
            a_genuine_notice_gives_its_id_and_itself
            a_notice_with_another_id_or_body_is_refused
            a_notice_that_lacks_a_header_is_refused
            a_notice_more_than_300_s_off_is_refused
            what_a_notice_says_of_any_kind_is_understood
            a_card_number_in_a_notice_is_masked_and_the_rest_understood
            ids_that_look_like_card_numbers_stay_two_and_others_stay_whole
            fuzz_signed_bodies_are_parsed_or_given_a_reason
            fuzz_no_changed_header_or_body_is_genuine
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
            transaction: TransactionId::new(format!("transaction{number}")),
            reference: None,
            order: OrderNumber::new(format!("order{number}")),
            token: PaymentToken::new(token.to_owned()),
            amount: yuan("19.98"),
            capture_method,
            created_at: self.now,
            requested_at: self.now,
            is_repeated: false,
        }
    }

    fn automatic_charge(&self) -> Charge {
        self.charge(self.good_token, CaptureMethod::Automatic)
    }

    fn manual_charge(&self) -> Charge {
        self.charge(self.good_token, CaptureMethod::Manual)
    }

    /// The capture methods that the gateway supports.
    fn capture_methods(&self) -> &'static [CaptureMethod] {
        let all = &[CaptureMethod::Automatic, CaptureMethod::Manual];
        if self.traits.has_manual_capture { all } else { &[CaptureMethod::Automatic] }
    }

    /// The tokens whose charges have a result.
    fn tokens(&self) -> Vec<&'static str> {
        std::iter::once(self.good_token).chain(self.declined_token).collect()
    }

    /// Charges, lets the buyer pay if the gateway waits for that, and returns the result.
    async fn settle_charge(&self, gateway: &Arc<dyn Gateway>, charge: &Charge) -> PaymentEvent {
        let answer = gateway.charge(charge.clone(), &AttemptLog::default()).await.expect("it answers");
        match answer {
            Answer::Event(event) => *event,
            Answer::Accepted { next_action, .. } => {
                assert!(self.traits.waits_for_buyer, "the answer is no event");
                assert!(next_action.is_some(), "the buyer can do something");
                self.control.pay(charge);
                last_event(look_up(gateway, charge).await)
            }
            refused @ (Answer::RefundRefused(_) | Answer::OperationRefused(_)) => {
                panic!("this was a charge: {refused:?}")
            }
        }
    }

    /// Refunds, lets the gateway complete it if that takes time, and returns the result.
    async fn settle_refund(
        &self,
        gateway: &Arc<dyn Gateway>,
        charge: &Charge,
        id: &RefundId,
        amount: &str,
    ) -> PaymentEvent {
        let log = AttemptLog::default();
        let answer = gateway.refund(charge.clone(), id.clone(), yuan(amount), &log).await;
        match answer.expect("it answers") {
            Answer::Event(event) => *event,
            Answer::Accepted { reference, .. } => {
                self.control.complete_refund(id);
                last_event(self.look_up_refund(gateway, charge, id, reference, amount).await)
            }
            Answer::RefundRefused(details) | Answer::OperationRefused(details) => {
                panic!("the refund was refused: {details:?}")
            }
        }
    }

    async fn look_up_refund(
        &self,
        gateway: &Arc<dyn Gateway>,
        charge: &Charge,
        id: &RefundId,
        reference: Option<GatewayReference>,
        amount: &str,
    ) -> LookupAnswer {
        let subject = LookupSubject::Refund { id: id.clone(), reference, amount: yuan(amount) };
        let lookup = Lookup { charge: charge.clone(), subject };
        gateway.look_up(lookup, &AttemptLog::default()).await.expect("it answers")
    }

    fn captured(&self) -> PaymentEvent {
        (self.sample_event)(EventKind::Captured, self.now).expect("captures are notified")
    }

    fn capture_notice(&self) -> Vec<u8> {
        (self.write_notice)(NOTICE, &self.captured())
    }

    fn verify_notice(&self, body: &[u8]) -> Notice {
        let headers = (self.sign_notice)(NOTICE, body, self.now);
        self.gateway.verify_notice(&headers, body, self.now).expect("a valid signature")
    }

    fn parse_notice(&self, body: &[u8]) -> ParsedNotice {
        self.gateway.parse_notice(&self.verify_notice(body), self.now)
    }

    /// Returns the event of a genuine notice, which must have one.
    #[track_caller]
    fn parse_event(&self, body: &[u8]) -> PaymentEvent {
        match self.parse_notice(body) {
            ParsedNotice::Event(event) => *event,
            other @ (ParsedNotice::Irrelevant { .. }
            | ParsedNotice::UnknownType { .. }
            | ParsedNotice::Unintelligible { .. }) => {
                panic!("the notice has no event: {other:?}")
            }
        }
    }
}

/// An event with our ids and all references, as the notices of most gateways state it.
#[must_use]
pub fn sample_event(kind: EventKind, at: Timestamp) -> PaymentEvent {
    let number = sample::next_number();
    PaymentEvent {
        id: EventId::new(NOTICE.into()),
        kind,
        target: EventTarget::Transaction(TransactionId::new(format!("transaction{number}"))),
        order: Some(OrderNumber::new(format!("order{number}"))),
        reported: ReportedAmount::from(yuan("19.98")),
        refund: kind.is_refund().then(|| RefundId::new("refund1".into())),
        dispute: kind.is_dispute().then(|| DisputeId::new("dispute1".into())),
        references: EventReferences {
            payment: Some(reference("payment-reference")),
            refund: kind.is_refund().then(|| reference("refund-reference")),
            dispute: kind.is_dispute().then(|| reference("dispute-reference")),
        },
        details: PaymentDetails::default(),
        at,
    }
}

/// An event that began in the gateway's dashboard: it has neither our ids nor our order number. `None` for the
/// kinds that only this service begins.
#[must_use]
pub fn dashboard_event(kind: EventKind, at: Timestamp) -> Option<PaymentEvent> {
    if !kind.is_refund() && !kind.is_dispute() {
        return None;
    }
    let event = sample_event(kind, at);
    let named = NamedReference { kind: ReferenceKind::Payment, reference: reference("payment-reference") };
    let target = EventTarget::Reference(named);
    Some(PaymentEvent { target, order: None, refund: None, dispute: None, ..event })
}

fn reference(text: &str) -> GatewayReference {
    GatewayReference::parse(text).expect("a reference")
}

/// Returns the event of an answer, which must be one.
#[track_caller]
fn expect_event(answer: Result<Answer, NoResponse>) -> PaymentEvent {
    match answer.expect("it answers") {
        Answer::Event(event) => *event,
        Answer::Accepted { .. } | Answer::RefundRefused(_) | Answer::OperationRefused(_) => {
            panic!("the answer is no event")
        }
    }
}

async fn look_up(gateway: &Arc<dyn Gateway>, charge: &Charge) -> LookupAnswer {
    let lookup = Lookup { charge: charge.clone(), subject: LookupSubject::Payment };
    gateway.look_up(lookup, &AttemptLog::default()).await.expect("it answers")
}

/// Returns the last event of a lookup, which must have found one.
#[track_caller]
fn last_event(answer: LookupAnswer) -> PaymentEvent {
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

/// Asserts that a notice states an event. Its details may be more, and its time may be cut to a second.
#[track_caller]
fn assert_states(stated: &PaymentEvent, event: &PaymentEvent) {
    let expected = PaymentEvent { at: stated.at, details: stated.details.clone(), ..event.clone() };
    assert_eq!(stated, &expected);
    assert!(stated.at.as_millis().abs_diff(event.at.as_millis()) < 1_000, "the time of the event");
}
