//! Charges: what is sent, and what an answer means.

use domain::payment::{CaptureMethod, EventKind, NextAction};
use ports::{Answer, AttemptOutcome, Gateway, GatewayCheck, LookupAnswer};

use crate::{
    NOW, automatic, bench, bench_with, charge_with,
    double::{API_KEY, LIMITED_KEY},
    expect_event, manual, money,
};

#[tokio::test]
async fn a_charge_says_what_it_is_for_and_asks_for_no_redirect() {
    let it = bench().await;
    let event = expect_event(it.charge(&automatic()).await);
    assert_eq!((event.kind, event.at), (EventKind::Captured, NOW));
    let details = event.details;
    assert_eq!(details.card_last4.as_deref(), Some("4242"));
    assert_eq!(details.card_brand.as_deref(), Some("visa"));
    assert_eq!(details.authorization_code.as_deref(), Some("231812"));
    let state = it.double.state();
    let arrived = state.arrived[0].clone();
    assert_eq!(arrived.key, "charge:transaction1");
    let expected = [
        ("amount", "1998"),
        ("currency", "cny"),
        ("confirm", "true"),
        ("capture_method", "automatic"),
        ("metadata[transaction_id]", "transaction1"),
        ("metadata[order_number]", "order1"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("use_stripe_sdk", "true"),
        ("payment_method", "pm_card_visa"),
        ("expand[]", "latest_charge"),
    ];
    let form: Vec<_> = arrived.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(form, expected);
}

#[tokio::test]
async fn a_token_becomes_a_card_and_the_page_to_return_to_is_sent() {
    let it = bench_with(|it| it.return_url = Some("https://shop.example/paid?a=1&b=2".to_owned())).await;
    expect_event(it.charge(&charge_with("tok_visa", CaptureMethod::Manual)).await);
    let state = it.double.state();
    let has = |name: &str, value: &str| state.arrived[0].form.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("payment_method_data[type]", "card") && has("payment_method_data[card][token]", "tok_visa"));
    assert!(has("return_url", "https://shop.example/paid?a=1&b=2") && has("capture_method", "manual"));
    assert!(state.arrived[0].form.iter().all(|(name, _)| !name.contains("allow_redirects")));
}

#[tokio::test]
async fn only_payment_methods_and_tokens_are_accepted() {
    let it = bench().await;
    for good in ["pm_card_visa", "pm_1MqLiJLkdIwHu7ix", "tok_visa", "tok_1MqLiJLkdIwHu7ix"] {
        assert!(it.gateway.accepts_token(good), "{good}");
    }
    for bad in
        ["pm_", "tok_", "card_1", "src_1", "cus_1", "pm_1 ", "pm_1&amount=1", "4242424242424242", "PM_1", ""]
    {
        assert!(!it.gateway.accepts_token(bad), "{bad}");
    }
    assert!(!it.gateway.accepts_token(&format!("pm_{}", "x".repeat(253))), "too long");
    let event = expect_event(it.charge(&charge_with("4242424242424242", CaptureMethod::Automatic)).await);
    assert_eq!(event.kind, EventKind::Failed);
    assert_eq!(it.double.state().lines(), [""; 0], "nothing is sent");
}

#[tokio::test]
async fn a_buyer_who_must_act_learns_how() {
    let it = bench().await;
    let charge = charge_with("pm_card_authenticationRequired", CaptureMethod::Automatic);
    let Ok(Answer::Accepted { reference: Some(reference), next_action: Some(action) }) =
        it.charge(&charge).await
    else {
        panic!("the buyer must act")
    };
    let parameters = [("clientSecret".to_owned(), format!("{reference}_secret_hidden"))].into();
    assert_eq!(action, NextAction::ClientSdk { parameters });
    let LookupAnswer::Found { events, next_action, .. } = it.look_up(&charge).await else {
        panic!("it is found")
    };
    assert_eq!((events, next_action), (Vec::new(), Some(action)), "a lookup repeats it");

    let it = bench_with(|it| it.return_url = Some("https://shop.example".to_owned())).await;
    let Ok(Answer::Accepted { next_action, .. }) = it.charge(&charge).await else {
        panic!("the buyer must act")
    };
    let url = "https://hooks.stripe.com/3d_secure_2/hidden".to_owned();
    assert_eq!(next_action, Some(NextAction::Redirect { url }));
    let recorded = format!("{:?}", it.log.take());
    assert!(!recorded.contains("hidden"), "neither the page nor the client secret: {recorded}");
}

#[tokio::test]
async fn a_charge_that_takes_days_is_accepted() {
    let it = bench().await;
    let answer = it.charge(&charge_with("pm_usBankAccount", CaptureMethod::Automatic)).await;
    assert!(matches!(answer, Ok(Answer::Accepted { reference: Some(_), next_action: None })), "{answer:?}");
}

#[tokio::test]
async fn amounts_are_sent_in_the_units_of_stripe() {
    let it = bench().await;
    for (amount, currency, units) in
        [("500", "JPY", "500"), ("5.130", "KWD", "5130"), ("60", "ISK", "6000"), ("12000", "UGX", "1200000")]
    {
        let transaction = domain::TransactionId::new(currency.to_owned());
        let charge = ports::Charge { amount: money(amount, currency), transaction, ..automatic() };
        let event = expect_event(it.charge(&charge).await);
        let reported = domain::Money::parse_gateway_amount(&event.reported.amount, charge.amount.currency());
        assert_eq!(reported, Ok(charge.amount));
        let form = it.double.state().arrived.last().unwrap().form.clone();
        assert_eq!(form[0], ("amount".to_owned(), units.to_owned()));
    }
    let odd = ports::Charge { amount: money("5.124", "KWD"), ..automatic() };
    assert!(it.gateway.supports(odd.amount, CaptureMethod::Automatic).is_err());
    assert_eq!(expect_event(it.charge(&odd).await).kind, EventKind::Failed);
    assert_eq!(it.double.state().arrived.len(), 4, "the odd one is not sent");
}

#[tokio::test]
async fn what_is_recorded_has_neither_key_nor_token_nor_person() {
    let it = bench().await;
    expect_event(it.charge(&charge_with("tok_chargeDeclined", CaptureMethod::Automatic)).await);
    expect_event(it.charge(&manual()).await).details.card_last4.unwrap();
    let all = it.log.take();
    assert!(all[0].request.starts_with("POST /v1/payment_intents\namount=1998\ncurrency=cny\n"));
    let text = format!("{all:?}");
    for hidden in [API_KEY, "tok_chargeDeclined", "pm_card_visa", "Ada", "ada@example.com", "_secret_"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let AttemptOutcome::Answered { status: Some(402), body } = &all[0].outcome else {
        panic!("it was declined")
    };
    assert!(body.contains("insufficient_funds"), "{body}");
}

#[tokio::test]
async fn a_check_says_the_mode_or_why_not() {
    let it = bench().await;
    let ready = it.gateway.check(&it.log).await.unwrap();
    assert_eq!(ready, GatewayCheck::Ready("Test mode: payments move no money.".to_owned()));
    for key in [LIMITED_KEY, "sk_test_wrong"] {
        let mut config = it.config();
        config.api_key = Some(key.into());
        let refused = it.gateway(config).check(&it.log).await.unwrap();
        assert!(matches!(refused, GatewayCheck::Refused(_)), "{key}: {refused:?}");
    }
}

#[tokio::test]
async fn without_an_api_key_nothing_is_asked() {
    let it = bench_with(|it| it.api_key = None).await;
    let (charge, log) = (automatic(), &it.log);
    assert!(!it.gateway.accepts_token("pm_card_visa"));
    assert_eq!(it.look_up(&charge).await, LookupAnswer::CannotTell);
    assert!(matches!(it.gateway.check(log).await, Ok(GatewayCheck::Ready(_))));
    assert!(it.charge(&charge).await.is_err());
    assert!(it.gateway.capture(charge.clone(), charge.amount, log).await.is_err());
    assert!(it.gateway.void(charge.clone(), log).await.is_err());
    assert!(
        it.gateway
            .refund(charge.clone(), domain::RefundId::new("r".into()), charge.amount, log)
            .await
            .is_err()
    );
    assert_eq!(it.double.state().lines(), [""; 0]);
}
