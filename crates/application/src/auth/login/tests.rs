use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use ports::{Attempts, MockPasswordHasher, MockThrottle};

use super::*;
use crate::testing::*;

fn bench() -> Bench {
    Bench::new().with(|it| it.users.push((ada(), hash_of("green tea"))))
}

async fn log_in(it: &Bench, login: &str, password: &str) -> Result<Pair, LoginError> {
    let [login, password, peer] = [login, password, "192.0.2.1"].map(str::to_owned);
    super::login(&it.app, Login { login, password, peer }).await
}

/// Nothing may be hashed.
fn no_hashing(mut it: Bench) -> Bench {
    it.app.hasher = Arc::new(MockPasswordHasher::new());
    it
}

#[tokio::test]
async fn the_right_password_begins_a_session() {
    for login in ["ada", "ada@example.com"] {
        let it = bench();
        let pair = log_in(&it, login, "green tea").await.unwrap();
        let session = it.record.state().sessions[0].clone();
        assert_eq!(
            it.record.only_commit(),
            [Write::RequirePassword(ada().key, hash_of("green tea")), Write::InsertSession(session.clone())]
        );
        assert_eq!(pair.refresh, format!("{}/1", session.id));
        let expires = NOW.plus(it.app.policy.access_token_ttl).millis();
        assert_eq!(pair.access, format!("user-ada/{}/1/{}/{expires}", session.id, NOW.millis()));
    }
}

#[tokio::test]
async fn an_unknown_user_is_verified_against_nothing() {
    for login in ["nobody", "", &"x".repeat(LOGIN_BYTES_MAX + 1)] {
        let mut it = bench();
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify().times(1).withf(|hash, _| hash.is_none()).returning(|_, _| Ok(false));
        it.app.hasher = Arc::new(hasher);
        assert!(matches!(log_in(&it, login, "green tea").await, Err(LoginError::Invalid)));
    }
}

#[tokio::test]
async fn a_failure_counts_for_account_and_peer_whichever_name_was_used() {
    for login in ["ada", "ada@example.com"] {
        let mut it = bench();
        let mut throttle = MockThrottle::new();
        let attempts = Attempts { count: 1, resets_in: seconds(60) };
        throttle.expect_count().returning(move |_| Ok(attempts));
        for name in ["login:user:user-ada", "login:peer:192.0.2.1"] {
            let hit =
                throttle.expect_hit().times(1).withf(move |it, window| it == name && *window == seconds(900));
            hit.returning(move |_, _| Ok(attempts));
        }
        it.app.throttle = Arc::new(throttle);
        assert!(matches!(log_in(&it, login, "black tea").await, Err(LoginError::Invalid)));
        assert_eq!(it.record.commits(), []);
    }
}

#[tokio::test]
async fn at_the_limit_nothing_is_hashed_whether_the_account_exists_or_not() {
    for login in ["ada", "nobody"] {
        let mut it = no_hashing(bench());
        it.app.throttle = Arc::new(throttle(|| Ok(10), || unreachable!("nothing is counted")));
        let Err(LoginError::Throttled(told)) = log_in(&it, login, "green tea").await else {
            panic!("locked")
        };
        assert_eq!(told, Throttled { limit: 10, window: seconds(900), retry_after: seconds(60) });
    }
}

#[tokio::test]
async fn a_peer_that_guesses_at_many_accounts_is_locked_too() {
    let mut it = no_hashing(bench());
    let mut throttle = MockThrottle::new();
    throttle.expect_count().returning(|name| {
        let count = if name.starts_with("login:peer:") { 100 } else { 0 };
        Ok(Attempts { count, resets_in: seconds(60) })
    });
    it.app.throttle = Arc::new(throttle);
    let refused = log_in(&it, "ada", "green tea").await;
    assert!(matches!(refused, Err(LoginError::Throttled(it)) if it.limit == 100));
}

#[tokio::test]
async fn counts_that_cannot_be_had_refuse_nobody() {
    let mut it = bench();
    it.app.throttle = Arc::new(throttle(|| Err(away()), || Err(away())));
    assert!(matches!(log_in(&it, "ada", "black tea").await, Err(LoginError::Invalid)));
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
}

#[tokio::test]
async fn a_right_password_beyond_the_limit_is_not_told() {
    let mut it = bench();
    let asked = AtomicU32::new(0);
    // Two counts before the hash, then others have failed in the meantime.
    let count = move || Ok(if asked.fetch_add(1, Ordering::SeqCst) < 2 { 9 } else { 10 });
    it.app.throttle = Arc::new(throttle(count, || Ok(1)));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Throttled(_))));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn of_many_failures_at_once_only_those_within_the_limit_are_told() {
    let mut it = bench();
    it.app.throttle = Arc::new(throttle(|| Ok(9), || Ok(11)));
    assert!(matches!(log_in(&it, "ada", "black tea").await, Err(LoginError::Throttled(_))));
    it.app.throttle = Arc::new(throttle(|| Ok(9), || Ok(10)));
    assert!(matches!(log_in(&it, "ada", "black tea").await, Err(LoginError::Invalid)));
}

#[tokio::test]
async fn a_password_that_is_changed_under_the_login_lets_nobody_in() {
    let it = bench();
    it.record.meanwhile(|it| it.users[0].1 = hash_of("white tea"));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Invalid)));
    assert_eq!(it.record.state().sessions, []);
}

#[tokio::test]
async fn a_busy_hasher_and_a_record_that_is_away_are_said() {
    let mut it = bench();
    it.record.refuses(CommitError::Failed(away()));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Failed(_))));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Err(HasherBusy));
    it.app.hasher = Arc::new(hasher);
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Busy(_))));
}
