use domain::payment::RefundFacts;

use super::*;

/// One refund that was requested at [`NOW`], looked up that much later.
async fn app_after_refund(wait: Duration, answers: Vec<ScriptedAnswer>) -> TestApp {
    let it = bench(Transaction { refunds: vec![refund("r1", Some(NOW))], ..captured() });
    it.clock.advance(wait);
    for answer in answers {
        it.gateway.push_answer(|_| Ok(answer));
    }
    check(&it).await;
    it
}

fn status(it: &TestApp) -> RefundStatus {
    only(it).refunds[0].status()
}

/// The gateway reports that the refund went through at [`NOW`], before it was looked up.
async fn report_success(it: &TestApp) {
    let success = PaymentEvent {
        target: EventTarget::Transaction(pending().id),
        refund: Some(RefundId::new("r1".to_owned())),
        ..event(EventKind::RefundSucceeded, "5.00")
    };
    commit_report(&it.app, &pending().id, &GatewayReport::from(vec![success])).await.unwrap();
}

#[tokio::test]
async fn one_that_never_arrived_is_asked_for_again_while_its_key_lives_and_then_has_failed() {
    let it = bench(Transaction { refunds: vec![refund("r1", Some(NOW))], ..captured() });
    it.gateway.push_answer(knows_nothing);
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    check(&it).await;
    assert_eq!(asked(&it), ["look up r1 5.00", "refund r1 5.00"]);
    assert_eq!(status(&it), RefundStatus::Succeeded);

    let it = app_after_refund(KEY_LIFETIME, vec![ScriptedAnswer::Unknown]).await;
    assert_eq!(asked(&it), ["look up r1 5.00"]);
    assert_eq!((status(&it), only(&it).refundable_amount()), (RefundStatus::Failed, yuan("20")));
    assert_eq!((only(&it).refunds[0].check_at, it.record.state().findings.len()), (None, 1));
    assert_eq!(it.record.state().findings[0].finding.kind, FindingKind::Reconciliation);
}

#[tokio::test]
async fn a_request_that_was_refused_or_lapsed_fails_only_until_the_gateway_reports_a_success() {
    for (wait, answers) in [
        (seconds(60), vec![ScriptedAnswer::Unknown, ScriptedAnswer::Refused]),
        (KEY_LIFETIME, vec![ScriptedAnswer::Unknown]),
    ] {
        let it = app_after_refund(wait, answers).await;
        assert_eq!(only(&it).refunds[0].facts, RefundFacts { withdrawn: true, ..RefundFacts::default() });
        assert_eq!(status(&it), RefundStatus::Failed);
        report_success(&it).await;
        assert_eq!((status(&it), only(&it).refunded_amount()), (RefundStatus::Succeeded, yuan("5")));
    }
}

#[tokio::test]
async fn a_repetition_that_is_refused_while_the_first_request_may_be_under_way_leaves_the_refund_open() {
    let refused = || vec![ScriptedAnswer::Unknown, ScriptedAnswer::Refused];
    let it = app_after_refund(seconds(59), refused()).await;
    assert_eq!(asked(&it), ["look up r1 5.00", "refund r1 5.00"]);
    assert_eq!((status(&it), only(&it).refunds[0].checks), (RefundStatus::Pending, 1));
    assert_eq!(it.record.state().findings, []);
    let it = app_after_refund(seconds(60), refused()).await;
    assert_eq!((status(&it), it.record.state().findings.len()), (RefundStatus::Failed, 1));
}
