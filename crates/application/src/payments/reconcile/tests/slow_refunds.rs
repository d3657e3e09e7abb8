//! Refunds that the gateway has accepted and not completed yet.

use ports::LookupRemarks;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DECISION: &str = "Decide at the gateway where the money goes.";

type Lookup = fn(&Asking) -> Result<ScriptedAnswer, NoResponse>;

fn under_way() -> TestApp {
    bench(Transaction { refunds: vec![refund("r1", Some(NOW))], ..captured() })
}

fn needs_decision(_: &Asking) -> Result<ScriptedAnswer, NoResponse> {
    let remarks = LookupRemarks { decision: Some(DECISION), ..LookupRemarks::default() };
    Ok(ScriptedAnswer::Remarked(Vec::new(), remarks))
}

fn is_lost(_: &Asking) -> Result<ScriptedAnswer, NoResponse> {
    Err(NoResponse::Lost)
}

/// Checks whenever the refund is due, for that long. Returns how often.
async fn check_for(it: &TestApp, time: Duration, answer: Lookup) -> u32 {
    let end = it.app.clock.now().saturating_add(time);
    let mut count = 0;
    while let Some(due) = only(it).refunds[0].check_at.filter(|due| *due < end) {
        it.clock.advance(due.saturating_duration_since(it.app.clock.now()));
        it.gateway.push_answer(answer);
        check(it).await;
        count += 1;
    }
    it.clock.advance(end.saturating_duration_since(it.app.clock.now()));
    count
}

fn details(it: &TestApp) -> Vec<String> {
    it.record.state().findings.iter().map(|it| it.finding.detail.clone()).collect()
}

#[tokio::test]
async fn a_refund_that_the_gateway_works_on_has_four_days_before_an_operator_hears_of_it_once() {
    let it = under_way();
    let count = check_for(&it, 4 * DAY, answer_nothing).await;
    assert!((100..250).contains(&count), "{count} checks: rarer and rarer, and at least every hour");
    assert_eq!((details(&it), only(&it).refunds[0].checks), (Vec::new(), 0));
    assert!(only(&it).refunds[0].check_at.unwrap() <= it.app.clock.now().saturating_add(seconds(3_600)));
    check_for(&it, 2 * DAY, answer_nothing).await;
    assert!(matches!(&*details(&it), [detail] if detail.contains("at least eight")), "{:?}", details(&it));
}

#[tokio::test]
async fn lost_answers_count_from_the_last_one_that_said_that_the_gateway_works_on_it() {
    let it = under_way();
    let check_once = async |answer: Lookup| {
        let due = only(&it).refunds[0].check_at.unwrap();
        it.clock.advance(due.saturating_duration_since(it.app.clock.now()));
        it.gateway.push_answer(answer);
        check(&it).await;
    };
    for _ in 0..5 {
        check_once(answer_nothing).await;
        for _ in 1..CHECKS_BEFORE_FINDING {
            check_once(is_lost).await;
        }
    }
    assert_eq!(details(&it), Vec::<String>::new());
    check_once(is_lost).await;
    assert_eq!(details(&it).len(), 1);
}

#[tokio::test]
async fn a_refund_that_needs_a_decision_is_one_finding_however_late_and_none_again_when_it_is_resolved() {
    let it = under_way();
    check_for(&it, 2 * DAY, answer_nothing).await;
    check_for(&it, seconds(7_200), needs_decision).await;
    assert!(matches!(&*details(&it), [detail] if detail.contains(DECISION)), "{:?}", details(&it));
    it.record.change(|it| it.findings.clear());
    check_for(&it, 6 * DAY, needs_decision).await;
    assert_eq!(details(&it), Vec::<String>::new());
    it.gateway.push_answer(answer_with(EventKind::RefundSucceeded));
    it.clock.advance(DAY);
    check(&it).await;
    assert_eq!(only(&it).refunds[0].status(), RefundStatus::Succeeded);
}
