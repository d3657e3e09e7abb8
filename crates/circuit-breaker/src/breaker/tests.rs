use tokio::time;

use super::*;

const PERIOD: Duration = Duration::from_secs(5);

fn breaker(failures_to_open: u32) -> CircuitBreaker {
    CircuitBreaker::new(Settings { failures_to_open, open_period: PERIOD })
}

/// One that has failed and whose period is over.
async fn half_open() -> CircuitBreaker {
    let breaker = breaker(1);
    breaker.acquire_permit().unwrap().fail();
    time::advance(PERIOD).await;
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker
}

#[tokio::test(start_paused = true)]
async fn only_failures_in_a_row_open_it() {
    let breaker = breaker(3);
    for _ in 0..5 {
        assert!(!breaker.acquire_permit().unwrap().fail());
        assert!(!breaker.acquire_permit().unwrap().fail());
        assert!(!breaker.acquire_permit().unwrap().succeed());
    }
    assert!(!breaker.acquire_permit().unwrap().fail());
    assert!(!breaker.acquire_permit().unwrap().fail());
    assert!(breaker.acquire_permit().unwrap().fail());
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.acquire_permit().unwrap_err(), CircuitOpen);
}

#[tokio::test(start_paused = true)]
async fn no_failure_at_all_is_taken_as_one() {
    let breaker = breaker(0);
    assert_eq!(breaker.state(), State::Closed);
    assert!(breaker.acquire_permit().unwrap().fail());
}

#[tokio::test(start_paused = true)]
async fn after_the_period_one_call_probes_and_the_others_are_refused() {
    let breaker = breaker(1);
    breaker.acquire_permit().unwrap().fail();
    time::advance(PERIOD - Duration::from_millis(1)).await;
    assert_eq!(breaker.state(), State::Open);
    time::advance(Duration::from_millis(1)).await;
    let probe = breaker.acquire_permit().unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.acquire_permit().is_err());
    // However long the probe takes.
    time::advance(PERIOD * 10).await;
    assert!(breaker.acquire_permit().is_err());
    assert!(probe.succeed());
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_it_for_another_period() {
    let breaker = half_open().await;
    assert!(!breaker.acquire_permit().unwrap().fail());
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.acquire_permit().is_err());
    time::advance(PERIOD).await;
    assert!(breaker.acquire_permit().unwrap().succeed());
}

#[tokio::test(start_paused = true)]
async fn a_lost_probe_keeps_the_others_out_for_one_period() {
    let breaker = half_open().await;
    drop(breaker.acquire_permit().unwrap());
    assert!(breaker.acquire_permit().is_err());
    time::advance(PERIOD).await;
    assert!(breaker.acquire_permit().unwrap().succeed());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_was_not_made_leaves_the_next_one_free() {
    let breaker = half_open().await;
    let unused = breaker.acquire_permit().unwrap();
    unused.cancel();
    assert_eq!(breaker.state(), State::HalfOpen);
    let probe = breaker.acquire_permit().unwrap();
    assert!(breaker.acquire_permit().is_err(), "one at a time");
    assert!(probe.succeed());
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_outcome_says_nothing() {
    let breaker = breaker(2);
    breaker.acquire_permit().unwrap().fail();
    drop(breaker.acquire_permit().unwrap());
    assert_eq!(breaker.state(), State::Closed);
    assert!(breaker.acquire_permit().unwrap().fail(), "nor does it break the row of failures");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_closes_it_and_a_late_failure_does_not_prolong_it() {
    let breaker = breaker(1);
    let [first, late_failure, late_answer] = [(); 3].map(|()| breaker.acquire_permit().unwrap());
    first.fail();
    time::advance(PERIOD / 2).await;
    assert!(!late_failure.fail());
    time::advance(PERIOD / 2).await;
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(late_answer.succeed());
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_of_long_ago_is_not_taken_for_the_present_one() {
    let breaker = breaker(1);
    let late_answer = breaker.acquire_permit().unwrap();
    breaker.acquire_permit().unwrap().fail();
    time::advance(PERIOD).await;
    let old_probe = breaker.acquire_permit().unwrap();
    late_answer.succeed();
    breaker.acquire_permit().unwrap().fail();
    time::advance(PERIOD).await;
    let probe = breaker.acquire_permit().unwrap();
    drop(old_probe);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.acquire_permit().is_err(), "the present probe is under way");
    assert!(probe.succeed());
}
