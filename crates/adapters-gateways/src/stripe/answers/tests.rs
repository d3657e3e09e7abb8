use domain::{
    Money,
    payment::{CaptureMethod, PaymentToken},
};
use serde_json::{Value, json};

use super::*;

const ANSWERED: Timestamp = Timestamp::from_millis(1_680_900_000_000);

fn charge() -> Charge {
    Charge {
        transaction: TransactionId::new("t1".to_owned()),
        reference: None,
        order: OrderNumber::new("6735".to_owned()),
        token: PaymentToken::new("pm_card_visa".to_owned()),
        amount: Money::parse("20", "USD").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: Timestamp::from_millis(1_680_800_000_000),
        requested_at: Timestamp::from_millis(1_680_800_000_000),
        is_repeated: false,
    }
}

/// The PaymentIntent of the reference, shortened, with other members on top.
fn intent(more: &Value) -> Value {
    let mut intent = json!({
        "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa", "object": "payment_intent", "amount": 2000, "amount_capturable": 0,
        "amount_details": {"tip": {}}, "amount_received": 0, "application": null,
        "automatic_payment_methods": {"enabled": true}, "canceled_at": null, "cancellation_reason": null,
        "capture_method": "automatic", "client_secret": "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJ",
        "confirmation_method": "automatic", "created": 1_680_800_504, "currency": "usd", "customer": null,
        "last_payment_error": null, "latest_charge": null, "livemode": false,
        "metadata": {"order_number": "6735"}, "next_action": null, "payment_method": null,
        "payment_method_types": ["card", "link"], "status": "requires_payment_method",
    });
    intent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    intent
}

fn events(more: &Value) -> Vec<PaymentEvent> {
    let intent = intent(more);
    intent_events(&charge(), StripeObject::from_value(&intent).unwrap(), ANSWERED)
}

fn stated(more: &Value) -> Vec<(EventKind, String, i64)> {
    let all = events(more).into_iter();
    all.map(|it| (it.kind, it.reported.amount, it.at.as_millis() - 1_680_800_000_000)).collect()
}

#[test]
fn the_status_decides_what_happened() {
    let held = json!({"created": 1_680_800_510, "id": "ch_1"});
    let manual = |status: &str, more: Value| {
        let mut all = json!({"status": status, "latest_charge": held, "capture_method": "manual"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let automatic = json!({"status": "succeeded", "amount_received": 2000, "latest_charge": held});
    assert_eq!(stated(&automatic), [(EventKind::Captured, "20.00".to_owned(), 510_000)]);
    let requires_capture = manual("requires_capture", json!({"amount_capturable": 2000}));
    let authorized = (EventKind::Authorized, "20.00".to_owned(), 510_000);
    assert_eq!(stated(&requires_capture), std::slice::from_ref(&authorized));
    let captured = manual("succeeded", json!({"amount_received": 500}));
    assert_eq!(
        stated(&captured),
        [authorized.clone(), (EventKind::Captured, "5.00".to_owned(), 100_000_000)]
    );
    let canceled = manual("canceled", json!({"canceled_at": 1_680_800_600}));
    assert_eq!(stated(&canceled), [authorized, (EventKind::Voided, "20.00".to_owned(), 600_999)]);
    let error =
        json!({"last_payment_error": {"code": "card_declined", "message": "Your card was declined."}});
    assert_eq!(stated(&error), [(EventKind::Failed, "20.00".to_owned(), 100_000_000)]);
    for open in
        ["processing", "requires_action", "requires_confirmation", "requires_payment_method", "a_later_one"]
    {
        assert_eq!(stated(&json!({"status": open})), [], "{open}");
    }
}

#[test]
fn only_of_a_manual_capture_the_received_amount_is_indispensable() {
    let without = |method: &str| {
        let mut intent = intent(&json!({"status": "succeeded", "capture_method": method}));
        intent.as_object_mut().unwrap().remove("amount_received");
        intent_events(&charge(), StripeObject::from_value(&intent).unwrap(), ANSWERED)
    };
    assert_eq!(without("automatic_async")[0].reported.amount, "20.00");
    assert_eq!(without("manual"), []);
    assert_eq!(events(&json!({"status": "succeeded", "amount_received": "1"})), []);
}

#[test]
fn what_stripe_has_stored_is_reported_and_what_it_has_not_is_ours() {
    let paid = |metadata: Value| {
        events(&json!({"status": "succeeded", "amount_received": 1, "currency": "eur", "metadata": metadata}))
            .remove(0)
    };
    let other = paid(json!({"order_number": "another"}));
    assert_eq!(other.order.unwrap().as_str(), "another", "the transaction compares it");
    assert_eq!((other.reported.amount.as_str(), other.reported.currency.as_str()), ("0.01", "EUR"));
    assert_eq!(paid(json!({})).order.unwrap().as_str(), "6735");
    assert_eq!(other.references.payment.unwrap().as_str(), "pi_3MtwBwLkdIwHu7ix28a3tqPa");
}

#[test]
fn the_details_are_those_of_the_charge_or_of_the_error() {
    let card = json!({"brand": "visa", "last4": "4242", "authorization_code": "999999"});
    let charged = json!({"created": 1, "payment_method_details": {"card": card}});
    let details =
        &events(&json!({"status": "succeeded", "amount_received": 1, "latest_charge": charged}))[0].details;
    let [last4, brand, code] = [&details.card_last4, &details.card_brand, &details.authorization_code];
    assert_eq!([last4, brand, code].map(|it| it.as_deref().unwrap()), ["4242", "visa", "999999"]);
    let error = json!({"code": "card_declined", "decline_code": "lost_card", "message": "Your card was declined.",
        "payment_method": {"card": {"brand": "amex", "last4": "8431"}}});
    let details = &events(&json!({"last_payment_error": error}))[0].details;
    let [last4, reason, code] = [&details.card_last4, &details.failure_reason, &details.response_code];
    assert_eq!(
        [last4, reason, code].map(|it| it.as_deref().unwrap()),
        ["8431", "Your card was declined.", "lost_card"]
    );
}

#[test]
fn only_a_page_over_tls_is_a_redirect() {
    let action = |more: &Value| next_action(StripeObject::from_value(&intent(more)).unwrap());
    let to =
        |url: &str| json!({"status": "requires_action", "next_action": {"redirect_to_url": {"url": url}}});
    let page = "https://hooks.stripe.com/redirect/authenticate/src_1";
    assert_eq!(action(&to(page)), Some(NextAction::Redirect { url: page.to_owned() }));
    assert!(matches!(action(&to("http://hooks")), Some(NextAction::ClientSdk { .. })));
    let sdk = json!({"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}, "client_secret": null});
    assert_eq!(action(&sdk), None, "without its parameter the library cannot act");
    assert_eq!(action(&json!({"status": "processing", "next_action": {"type": "use_stripe_sdk"}})), None);
}
