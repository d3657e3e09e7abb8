use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use mockall::predicate::{always, eq};
use ports::{Attempts, MockPasswordHasher, MockThrottle};

use super::*;
use crate::{
    Limit,
    auth::session::{RefreshError, refresh_session},
    testing::*,
};

fn bench() -> TestApp {
    TestApp::new().with_state(|it| it.users.push(account_of(ada(), "green tea")))
}

async fn log_in(it: &TestApp, login: &str, password: &str) -> Result<TokenPair, LoginError> {
    let [login, password] = [login, password].map(str::to_owned);
    super::login(&it.app, LoginRequest { login, password, code: None, origin: origin() }).await
}

/// Nothing may be hashed.
fn no_hashing(mut it: TestApp) -> TestApp {
    it.app.hasher = Arc::new(MockPasswordHasher::new());
    it
}

#[tokio::test]
async fn the_right_password_begins_a_session() {
    for login in ["ada", "ada@example.com"] {
        let it = bench();
        let pair = log_in(&it, login, "green tea").await.unwrap();
        let session = it.record.state().sessions[0].session.clone();
        assert_eq!(
            it.record.only_commit(),
            [
                Write::RequirePassword(ada().key, hash_of("green tea")),
                Write::SecondFactor(Box::new(SecondFactorWrite::RequireNone(ada().key))),
                Write::InsertSession(session.clone(), origin())
            ]
        );
        assert_eq!(pair.refresh, format!("{}/1", session.id));
        let expires = NOW.saturating_add(it.app.policy.access_token_ttl).as_millis();
        assert_eq!(pair.access, format!("user-ada/{}/1/{}/{expires}", session.id, NOW.as_millis()));
    }
}

#[tokio::test]
async fn an_unknown_user_is_verified_against_nothing() {
    for login in ["nobody", "", &"x".repeat(LOGIN_BYTES_MAX + 1)] {
        let mut it = bench();
        let mut hasher = MockPasswordHasher::new();
        hasher
            .expect_verify_password()
            .times(1)
            .withf(|hash, _, _| hash.is_none())
            .returning(|_, _, _| Ok(false));
        it.app.hasher = Arc::new(hasher);
        assert!(matches!(log_in(&it, login, "green tea").await, Err(LoginError::Invalid)));
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_is_made_again_in_the_commit_of_the_session() {
    let mut it = bench();
    let mut hasher = MockPasswordHasher::new();
    let share = HashQueueKey { purpose: HashPurpose::Login, network: network() };
    hasher.expect_verify_password().returning(|hash, attempt, _| Ok(hash == Some(hash_of(&attempt))));
    hasher.expect_hash_cost().return_const(10_u32);
    hasher
        .expect_hash_password()
        .times(1)
        .with(always(), eq(share))
        .returning(|it, _| Ok(hash_of(&format!("{} again", it.expose_secret()))));
    it.app.hasher = Arc::new(hasher);
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
    let again = hash_of("green tea again");
    let expected = Write::ChangePassword { user: ada().key, from: hash_of("green tea"), to: again.clone() };
    assert_eq!(it.record.only_commit()[1], expected);
    assert_eq!(it.record.state().users[0].hash, again);
}

#[tokio::test]
async fn a_network_that_logged_in_to_the_account_before_is_hashed_for_in_a_share_of_its_own() {
    let mut it = bench();
    let shares = Arc::<Mutex<Vec<HashQueueKey>>>::default();
    let mut hasher = MockPasswordHasher::new();
    let seen = shares.clone();
    hasher.expect_verify_password().returning(move |hash, attempt, share| {
        seen.lock().unwrap().push(share);
        Ok(hash == Some(hash_of(&attempt)))
    });
    hasher.expect_hash_cost().return_const(hash_of("green tea").cost());
    it.app.hasher = Arc::new(hasher);
    assert!(log_in(&it, "ada", "black tea").await.is_err());
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
    assert!(log_in(&it, "bob", "green tea").await.is_err());
    let purposes: Vec<_> = shares.lock().unwrap().iter().map(|it| it.purpose).collect();
    let (new, known) = (HashPurpose::Login, HashPurpose::KnownLogin);
    assert_eq!(
        purposes,
        [new, new, known, new],
        "a failure makes nothing known, and a login only its account"
    );
}

#[tokio::test]
async fn a_hasher_that_is_busy_puts_off_the_new_hash_and_not_the_login() {
    let mut it = bench();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify_password().returning(|_, _, _| Ok(true));
    hasher.expect_hash_cost().return_const(10_u32);
    hasher.expect_hash_password().returning(|_, _| Err(HasherBusy));
    it.app.hasher = Arc::new(hasher);
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
    assert_eq!(it.record.only_commit()[0], Write::RequirePassword(ada().key, hash_of("green tea")));
}

#[tokio::test]
async fn a_password_that_is_changed_while_it_is_hashed_again_stays() {
    let mut it = bench();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify_password().returning(|hash, attempt, _| Ok(hash == Some(hash_of(&attempt))));
    hasher.expect_hash_cost().return_const(10_u32);
    hasher.expect_hash_password().returning(|_, _| Ok(hash_of("green tea again")));
    it.app.hasher = Arc::new(hasher);
    it.record.before_next_commit(|it| it.users[0].hash = hash_of("white tea"));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Invalid)));
    assert_eq!(it.record.state().users[0].hash, hash_of("white tea"));
}

/// A password whose hash another login has just made again, so often.
fn renewed_beside(times: u32) -> TestApp {
    let mut it = bench();
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify_password()
        .returning(|hash, _, _| Ok(hash.is_some_and(|it| it != hash_of("white tea"))));
    hasher.expect_hash_cost().return_const(10_u32);
    hasher.expect_hash_password().times(1).returning(|_, _| Ok(hash_of("green tea, mine")));
    it.app.hasher = Arc::new(hasher);
    for time in 0..times {
        it.record
            .before_next_commit(move |it| it.users[0].hash = hash_of(&format!("green tea, theirs {time}")));
    }
    it
}

#[tokio::test]
async fn of_two_logins_that_make_a_hash_again_both_are_right() {
    let it = renewed_beside(1);
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
    let theirs = hash_of("green tea, theirs 0");
    assert_eq!(it.record.only_commit()[0], Write::RequirePassword(ada().key, theirs.clone()));
    assert_eq!(it.record.state().users[0].hash, theirs);
}

#[tokio::test]
async fn instances_that_replace_a_hash_by_turns_refuse_no_right_password() {
    for times in 2..VERIFICATIONS_MAX {
        assert!(log_in(&renewed_beside(times), "ada", "green tea").await.is_ok(), "{times}");
    }
    // It is bounded, and even then the password is not called wrong.
    let it = renewed_beside(VERIFICATIONS_MAX);
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Failed(_))));
    assert_eq!(it.record.state().sessions, []);
}

#[tokio::test]
async fn a_password_that_is_changed_between_two_verifications_stays() {
    let it = renewed_beside(1);
    it.record.before_next_commit(|it| it.users[0].hash = hash_of("white tea"));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Invalid)));
    assert_eq!(
        (it.record.state().users[0].hash.clone(), it.record.state().sessions),
        (hash_of("white tea"), vec![])
    );
}

#[tokio::test]
async fn what_could_never_be_a_password_waits_for_no_hash() {
    let mut it = bench();
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify_password()
        .times(1)
        .withf(|_, attempt, _| attempt.len() == 1)
        .returning(|_, _, _| Ok(false));
    it.app.hasher = Arc::new(hasher);
    assert!(matches!(log_in(&it, "ada", &"x".repeat(65_536)).await, Err(LoginError::Invalid)));
}

#[tokio::test]
async fn attempts_are_counted_by_the_network_whether_they_are_right_or_not() {
    let mut it = no_hashing(bench());
    let mut throttle = MockThrottle::new();
    let attempts = Attempts { count: 5_001, resets_in: seconds(60) };
    let name = "attempts:login:192.0.2.1";
    throttle
        .expect_count_attempt()
        .times(1)
        .with(eq(name), eq(seconds(900)))
        .returning(move |_, _| Ok(attempts));
    it.app.throttle = Arc::new(throttle);
    let refused = log_in(&it, "ada", "green tea").await;
    let expected =
        Throttled { reached: Limit::Attempts, limit: 5_000, window: seconds(900), retry_after: seconds(60) };
    assert!(matches!(refused, Err(LoginError::Throttled(it)) if it == expected));
}

#[tokio::test]
async fn at_the_limit_nothing_is_hashed_whether_the_account_exists_or_not() {
    for login in ["ada", "nobody"] {
        let mut it = no_hashing(bench());
        it.app.throttle = Arc::new(mock_throttle(|| Ok(10), || Ok(1)));
        let Err(LoginError::Throttled(told)) = log_in(&it, login, "green tea").await else {
            panic!("locked")
        };
        assert_eq!(
            told,
            Throttled {
                reached: Limit::LoginFailures,
                limit: 10,
                window: seconds(900),
                retry_after: seconds(60)
            }
        );
    }
}

#[tokio::test]
async fn counts_that_cannot_be_had_refuse_no_login() {
    let mut it = bench();
    it.app.throttle = Arc::new(mock_throttle(|| Err(unavailable_error()), || Err(unavailable_error())));
    assert!(matches!(log_in(&it, "ada", "black tea").await, Err(LoginError::Invalid)));
    assert!(log_in(&it, "ada", "green tea").await.is_ok());
}

#[tokio::test]
async fn a_right_password_beyond_the_limit_is_not_confirmed() {
    let mut it = bench();
    let asked = AtomicU32::new(0);
    // Three counts before the hash, then others have failed in the meantime.
    let count = move || Ok(if asked.fetch_add(1, Ordering::SeqCst) < 3 { 0 } else { 10 });
    it.app.throttle = Arc::new(mock_throttle(count, || Ok(1)));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Throttled(_))));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn a_password_that_is_changed_under_the_login_begins_no_session() {
    let it = bench();
    it.record.before_next_commit(|it| it.users[0].hash = hash_of("white tea"));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Invalid)));
    assert_eq!(it.record.state().sessions, []);
}

#[tokio::test]
async fn a_busy_hasher_and_a_record_that_is_away_are_said() {
    let mut it = bench();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Failed(_))));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify_password().returning(|_, _, _| Err(HasherBusy));
    it.app.hasher = Arc::new(hasher);
    assert!(matches!(log_in(&it, "ada", "green tea").await, Err(LoginError::Busy(_))));
}

/// As many sessions as a user may have, but for one: the later its number, the older.
fn with_sessions(it: &mut Snapshot) {
    let old = |n: u32| Session {
        key: SessionKey::new(10_000 - i64::from(n)),
        id: SessionId::new(format!("old-{n}")),
        created_at: NOW.saturating_sub(seconds(u64::from(n))),
        ..session()
    };
    it.sessions.extend((1..LIVE_SESSIONS_MAX).map(|n| kept_session(old(n))));
}

#[tokio::test]
async fn a_login_beyond_the_limit_of_live_sessions_ends_the_oldest_one_in_its_commit() {
    let it = bench().with_state(with_sessions);
    let live = || it.record.state().sessions.iter().filter(|it| it.session.is_live(NOW)).count();
    let limit = usize::try_from(LIVE_SESSIONS_MAX).unwrap();
    let oldest = SessionId::new(format!("old-{}", LIVE_SESSIONS_MAX - 1));
    let first = log_in(&it, "ada", "green tea").await.unwrap();
    assert_eq!((live(), it.journal_lines().len()), (limit, 1), "there was room, and nothing is published");
    let second = log_in(&it, "ada", "green tea").await.unwrap();
    assert_eq!((live(), it.record.commits().len()), (limit, 2));
    assert_eq!(it.journal_lines().last().map(String::as_str), Some("publish"));
    assert!(it.app.revocations.contains_session(&oldest), "its access tokens are refused, too");
    let refresh = async |token: &str| refresh_session(&it.app, token, network()).await;
    let refused = refresh(&format!("{oldest}/1")).await;
    assert!(matches!(refused, Err(RefreshError::Invalid)), "{:?}", refused.err());
    for token in [&first.refresh, &second.refresh, "old-1/1", &format!("old-{}/1", LIVE_SESSIONS_MAX - 2)] {
        assert!(refresh(token).await.is_ok(), "{token}");
    }
}

#[tokio::test]
async fn sessions_that_logins_at_once_left_beyond_the_limit_end_with_the_next_login() {
    let it = bench().with_state(with_sessions).with_state(|it| {
        let more = |n: i64| Session {
            key: SessionKey::new(n),
            id: SessionId::new(format!("more-{n}")),
            ..session()
        };
        it.sessions.extend((100..120).map(|n| kept_session(more(n))));
    });
    log_in(&it, "ada", "green tea").await.unwrap();
    let state = it.record.state();
    let live = state.sessions.iter().filter(|it| it.session.is_live(NOW)).count();
    assert_eq!(live, usize::try_from(LIVE_SESSIONS_MAX).unwrap());
    assert!(state.sessions.iter().all(|it| it.session.is_live(NOW) || it.session.created_at < NOW));
}
