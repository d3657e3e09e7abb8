use domain::payment::EventKind;

use super::*;
use crate::testing::*;

#[expect(
    clippy::disallowed_methods,
    reason = "the paused clock of the test, which moves only when the test advances it"
)]
fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

fn charge() -> Charge {
    Charge::from(&pending())
}

fn bench() -> (TestApp, Arc<GuardedGateway>) {
    let it = TestApp::new();
    let gateway = it.app.gateways[0].clone();
    (it, gateway)
}

fn calls(it: &TestApp) -> Vec<CallOutcome> {
    let all = it.gateway_meter.all_observations().into_iter();
    all.filter_map(|it| if let Observation::GatewayCall(_, outcome, _) = it { Some(outcome) } else { None })
        .collect()
}

fn states(it: &TestApp) -> Vec<BreakerState> {
    let all = it.gateway_meter.all_observations().into_iter();
    all.filter_map(|it| if let Observation::GatewayBreaker(_, state) = it { Some(state) } else { None })
        .collect()
}

async fn fail(it: &TestApp, gateway: &Arc<GuardedGateway>) {
    it.gateway.push_answer(|_| Err(NoResponse::unavailable("refused")));
    gateway.admit().await.unwrap().charge(charge()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_given_up_after_the_time_limit() {
    let (it, gateway) = bench();
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::Nothing));
    let began = instant();
    let answer = gateway.admit().await.unwrap().charge(charge()).await;
    assert!(matches!(answer, Err(NoResponse::Unavailable(_))));
    assert_eq!(began.elapsed().as_secs(), GatewayLimits::default().time_limit.as_secs());
    assert_eq!(calls(&it), [CallOutcome::TimedOut]);
}

#[tokio::test(start_paused = true)]
async fn an_admission_that_is_not_used_leaves_the_probe_to_the_next() {
    let (it, gateway) = bench();
    for _ in 0..FAILURES_MAX {
        fail(&it, &gateway).await;
    }
    tokio::time::advance(OPEN_PERIOD).await;
    drop(gateway.admit().await.unwrap());
    it.gateway.push_answer(answer_with(EventKind::Captured));
    gateway.admit().await.unwrap().charge(charge()).await.unwrap();
    assert_eq!(states(&it).last(), Some(&BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_later_call_of_an_admission_that_the_breaker_refuses_is_counted() {
    let (it, gateway) = bench();
    it.gateway.push_answer(answer_nothing);
    let admission = gateway.admit().await.unwrap();
    admission.charge(charge()).await.unwrap();
    for _ in 0..FAILURES_MAX {
        fail(&it, &gateway).await;
    }
    let refused = admission.charge(charge()).await;
    assert!(matches!(refused, Err(NoResponse::Unavailable(_))));
    assert_eq!(calls(&it).last(), Some(&CallOutcome::Refused));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_away_is_left_alone_and_tried_again_after_a_while() {
    let (it, gateway) = bench();
    for _ in 0..FAILURES_MAX {
        fail(&it, &gateway).await;
    }
    let refused = gateway.admit().await.err().unwrap();
    assert_eq!(refused, GatewayUnavailable { retry_after: OPEN_PERIOD });
    assert_eq!(it.journal_lines().len(), usize::try_from(FAILURES_MAX).unwrap(), "it was not called");
    tokio::time::advance(OPEN_PERIOD).await;
    it.gateway.push_answer(answer_with(EventKind::Captured));
    let admission = gateway.admit().await.unwrap();
    assert!(gateway.admit().await.is_err(), "only one call probes the gateway");
    admission.charge(charge()).await.unwrap();
    assert!(gateway.admit().await.is_ok());
    use BreakerState::{Closed, HalfOpen, Open};
    assert_eq!(states(&it), [Closed, Open, HalfOpen, Closed]);
    assert_eq!(calls(&it).iter().filter(|it| **it == CallOutcome::Refused).count(), 2);
}

#[tokio::test]
async fn lost_answers_do_not_speak_against_a_gateway() {
    let (it, gateway) = bench();
    for _ in 0..3 * FAILURES_MAX {
        it.gateway.push_answer(|_| Err(NoResponse::Lost));
        gateway.admit().await.unwrap().charge(charge()).await.unwrap_err();
    }
    assert_eq!(states(&it), [BreakerState::Closed]);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_calls_are_under_way_and_who_waits_too_long_is_turned_away() {
    let it = TestApp::new();
    let limits = GatewayLimits { concurrency: 2, ..GatewayLimits::default() };
    let gateway = GuardedGateway::new(it.gateway.clone(), limits, it.clock.clone(), it.gateway_meter.clone());
    let (one, _other) = (gateway.admit().await.unwrap(), gateway.admit().await.unwrap());
    assert_eq!(gateway.admit().await.err(), Some(GatewayUnavailable { retry_after: QUEUE_WAIT }));
    let (waiting, ()) = tokio::join!(gateway.admit(), async {
        tokio::task::yield_now().await;
        drop(one);
    });
    assert!(waiting.is_ok(), "a permit was freed in time");
}

#[tokio::test(start_paused = true)]
async fn a_second_call_is_not_made_when_the_first_one_opened_the_breaker() {
    let (it, gateway) = bench();
    for _ in 1..FAILURES_MAX {
        fail(&it, &gateway).await;
    }
    let admission = gateway.admit().await.unwrap();
    it.gateway.push_answer(|_| Err(NoResponse::unavailable("refused")));
    admission.charge(charge()).await.unwrap_err();
    assert!(matches!(admission.charge(charge()).await, Err(NoResponse::Unavailable(_))));
    assert_eq!(it.journal_lines().len(), usize::try_from(FAILURES_MAX).unwrap(), "it was not called");
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_takes_neither_room_nor_time_from_another() {
    let ((slow, slow_gateway), (fast, fast_gateway)) = (bench(), bench());
    let began = instant();
    let hang = async {
        slow.gateway.push_answer(|_| Ok(ScriptedAnswer::Nothing));
        slow_gateway.admit().await.unwrap().charge(charge()).await.unwrap_err();
        began.elapsed()
    };
    let answer = async {
        for _ in 0..2 * GatewayLimits::default().concurrency {
            fast.gateway.push_answer(answer_with(EventKind::Captured));
            fast_gateway.admit().await.unwrap().charge(charge()).await.unwrap();
        }
        began.elapsed()
    };
    let (hung, answered) = tokio::join!(hang, answer);
    assert_eq!((hung, answered), (GatewayLimits::default().time_limit, Duration::ZERO));
}
