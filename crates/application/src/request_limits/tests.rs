use std::sync::atomic::{AtomicBool, Ordering};

use adapters_local::{LocalThrottle, ManualClock};
use async_trait::async_trait;
use domain::Timestamp;
use ports::{Attempts, CountDelta, PortError};

use super::*;
use crate::testing::unavailable_error;

const QUOTAS: RequestQuotas = RequestQuotas { per_user: 3, per_key: 2, per_network: 0 };

/// Shared counters that can be unavailable.
struct Shared {
    counters: LocalThrottle,
    away: AtomicBool,
}

#[async_trait]
impl SharedCounters for Shared {
    async fn add_counts(&self, deltas: &[CountDelta], window: Duration) -> Result<Vec<Attempts>, PortError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(unavailable_error());
        }
        self.counters.add_counts(deltas, window).await
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(1_000)))
}

fn user(key: i64) -> Subject {
    Subject::User(UserKey::new(key))
}

fn network(text: &str) -> Subject {
    Subject::Network(Network::from_address(text.parse().unwrap()))
}

/// Two limiters beside each other, their clock and what they share.
fn pair() -> ([RequestLimiter; 2], Arc<ManualClock>, Arc<Shared>) {
    let clock = clock();
    let counters = LocalThrottle::new(clock.clone());
    let shared = Arc::new(Shared { counters, away: AtomicBool::new(false) });
    let limiter = || RequestLimiter::new(QUOTAS, clock.clone(), Some(shared.clone()));
    ([limiter(), limiter()], clock, shared)
}

/// How many of ten requests are let through.
fn let_through(limiter: &RequestLimiter, subject: Subject) -> usize {
    (0..10).filter(|_| limiter.count_request(subject).is_ok()).count()
}

#[test]
fn a_subject_is_refused_when_its_quota_is_used_up_and_let_in_again_with_the_next_window() {
    let clock = clock();
    let limiter = RequestLimiter::new(QUOTAS, clock.clone(), None);
    let state =
        |remaining, resets_in| QuotaState { limit: Limit::UserRequests, quota: 3, remaining, resets_in };
    assert_eq!(limiter.count_request(user(1)), Ok(Some(state(2, REQUEST_WINDOW))));
    clock.advance(Duration::from_secs(10));
    let left = Duration::from_secs(50);
    assert_eq!(limiter.count_request(user(1)), Ok(Some(state(1, left))));
    assert_eq!(limiter.count_request(user(1)), Ok(Some(state(0, left))));
    let refused =
        Throttled { reached: Limit::UserRequests, limit: 3, window: REQUEST_WINDOW, retry_after: left };
    assert_eq!(limiter.count_request(user(1)), Err(refused));
    assert_eq!(let_through(&limiter, user(2)), 3, "another one has a quota of its own");
    clock.advance(left);
    assert_eq!(let_through(&limiter, user(1)), 3);
}

#[test]
fn each_kind_of_subject_has_its_quota_and_zero_is_none() {
    let limiter = RequestLimiter::new(QUOTAS, clock(), None);
    assert_eq!(let_through(&limiter, Subject::ApiKey(ApiKeyKey::new(1))), 2);
    assert_eq!(let_through(&limiter, user(1)), 3);
    assert_eq!(limiter.count_request(network("192.0.2.1")), Ok(None));
}

#[tokio::test]
async fn two_instances_enforce_one_quota() {
    let ([one, other], clock, _) = pair();
    for limiter in [&one, &other] {
        assert!(limiter.count_request(user(1)).is_ok());
        limiter.share_counts().await;
    }
    assert_eq!(let_through(&other, user(1)), 1);
    other.share_counts().await;
    // The first one learns of it with its next count, so it lets one more through.
    assert!(one.count_request(user(1)).is_ok());
    one.share_counts().await;
    assert_eq!((let_through(&one, user(1)), let_through(&other, user(1))), (0, 0));
    clock.advance(REQUEST_WINDOW);
    assert_eq!(let_through(&one, user(1)), 3);
}

#[tokio::test]
async fn a_limiter_whose_shared_counters_are_away_counts_alone_and_nothing_twice() {
    let ([one, other], _, shared) = pair();
    shared.away.store(true, Ordering::SeqCst);
    for limiter in [&one, &other] {
        assert!(limiter.count_request(user(1)).is_ok());
        limiter.share_counts().await;
    }
    shared.away.store(false, Ordering::SeqCst);
    assert!(one.count_request(user(1)).is_ok());
    one.share_counts().await;
    assert_eq!(let_through(&one, user(1)), 1, "two of three are used up, whatever became of the first");
    assert_eq!(let_through(&other, user(1)), 2, "it knows of its own");
}

#[tokio::test]
async fn a_total_that_comes_after_its_window_is_not_counted_in_the_next_one() {
    let (mut window, total) =
        (Window::starting_at(Duration::ZERO), Attempts { count: 9, resets_in: REQUEST_WINDOW });
    assert_eq!(window.count_request(3, Duration::ZERO), Some(2));
    let sent = window.take_unsent();
    assert_eq!(window.count_request(3, REQUEST_WINDOW), Some(2), "the next window");
    window.apply_total(sent, total, REQUEST_WINDOW);
    assert_eq!(window.count_request(3, REQUEST_WINDOW), Some(1));
}

#[test]
fn the_count_of_the_next_shared_window_replaces_that_of_the_last() {
    let mut window = Window::starting_at(Duration::ZERO);
    for _ in 0..3 {
        window.count_request(3, Duration::ZERO);
    }
    assert_eq!(window.count_request(3, Duration::from_secs(59)), None);
    let sent = window.take_unsent();
    // The shared window ended before the requests were added, so they are the first of the next one.
    window.apply_total(sent, Attempts { count: 1, resets_in: REQUEST_WINDOW }, Duration::from_secs(59));
    assert_eq!(window.count_request(3, Duration::from_secs(59)), Some(1));
}

#[tokio::test]
async fn nothing_is_exchanged_while_nothing_is_counted() {
    let ([one, _], ..) = pair();
    let waits = async || tokio::time::timeout(Duration::from_millis(1), one.wait_counted()).await.is_err();
    assert!(waits().await);
    assert!(one.count_request(user(1)).is_ok());
    assert!(!waits().await);
    one.share_counts().await;
    assert!(waits().await);
}
