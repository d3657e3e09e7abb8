use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::{Session, SessionId, SessionKey};
use ports::MockPasswordHasher;

use super::*;
use crate::{Limit, Throttled, auth::LoginRequest, testing::*};

fn elsewhere() -> Session {
    Session { key: SessionKey::new(6), id: SessionId::new("elsewhere".to_owned()), ..session() }
}

fn bench() -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.extend([session(), elsewhere()].map(kept_session));
    })
}

async fn change(it: &TestApp, current: &str) -> Result<IdempotentReply, PasswordError> {
    keyed(it, None, current).await
}

async fn keyed(
    it: &TestApp,
    request: Option<IdempotentRequest>,
    current: &str,
) -> Result<IdempotentReply, PasswordError> {
    let new = Password::parse("white tea!").unwrap();
    let change = PasswordChange { current: current.to_owned(), new, network: network() };
    change_password(&it.app, &user_caller(ada()), request, change, reply("")).await
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_in_the_same_commit() {
    let it = bench();
    change(&it, "green tea").await.unwrap();
    let expected = [
        Write::ChangePassword { user: ada().key, from: hash_of("green tea"), to: hash_of("white tea!") },
        Write::DropPasswordReset(ada().key),
        Write::RevokeSessions { user: ada().key, except: Some(session().key), at: NOW },
    ];
    assert_eq!(it.record.only_commit(), expected);
    assert!(it.app.revocations.contains_session(&elsewhere().id), "here at once");
    assert_eq!(
        it.journal_lines(),
        ["commit ChangePassword DropPasswordReset RevokeSessions", "publish"],
        "then the other instances are notified"
    );
    assert!(!it.app.revocations.contains_session(&session().id));
}

#[tokio::test]
async fn wrong_passwords_are_counted_by_the_session_and_lock_nothing_else() {
    let mut it = bench();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..10 {
        assert!(matches!(change(&it, "black tea").await, Err(PasswordError::Login(LoginError::Invalid))));
    }
    let Err(PasswordError::Login(LoginError::Throttled(told))) = change(&it, "green tea").await else {
        panic!("locked")
    };
    assert_eq!(
        told,
        Throttled {
            reached: Limit::SessionFailures,
            limit: 10,
            window: seconds(900),
            retry_after: seconds(900)
        }
    );
    assert_eq!(it.record.commits(), []);
    let other = UserCaller { session: elsewhere().id, ..user_caller(ada()) };
    let new = Password::parse("white tea!").unwrap();
    let right = PasswordChange { current: "green tea".to_owned(), new, network: network() };
    let changed = change_password(&it.app, &other, None, right, reply("")).await;
    assert!(changed.is_ok(), "another session of the same network");
    let [login, password] = ["ada", "white tea!"].map(str::to_owned);
    let login = crate::auth::login(&it.app, LoginRequest { login, password, code: None, origin: origin() });
    assert!(login.await.is_ok(), "nor is the login locked");
}

#[tokio::test]
async fn a_lock_of_the_login_does_not_stand_in_the_way() {
    let mut it = bench();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..10 {
        let [login, password] = ["ada", "black tea"].map(str::to_owned);
        let login =
            crate::auth::login(&it.app, LoginRequest { login, password, code: None, origin: origin() });
        assert!(matches!(login.await, Err(LoginError::Invalid)));
    }
    assert!(change(&it, "green tea").await.is_ok());
}

#[tokio::test]
async fn a_client_that_tries_passwords_with_a_used_key_is_locked_like_any_other() {
    let mut it = bench();
    keyed(&it, Some(request()), "green tea").await.unwrap();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..10 {
        let guess = keyed(&it, Some(other_request()), "black tea").await;
        assert!(matches!(guess, Err(PasswordError::Key(KeyError::Reused))));
    }
    for request in [other_request(), request()] {
        let refused = keyed(&it, Some(request), "green tea").await;
        assert!(
            matches!(refused, Err(PasswordError::Login(LoginError::Throttled(_)))),
            "nor is the right one told"
        );
    }
}

#[tokio::test]
async fn beyond_the_limit_a_right_password_is_not_confirmed() {
    let mut it = bench();
    it.app.throttle = Arc::new(mock_throttle(|| Ok(10), || Ok(11)));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Throttled(_)))));
    let asked = AtomicU32::new(0);
    let count = move || Ok(if asked.fetch_add(1, Ordering::SeqCst) < 1 { 9 } else { 10 });
    it.app.throttle = Arc::new(mock_throttle(count, || Ok(1)));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Throttled(_)))));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn of_two_changes_at_once_the_second_does_not_know_the_password_any_more() {
    let it = bench();
    it.record.before_next_commit(|it| it.users[0].hash = hash_of("other tea"));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Invalid))));
    assert_eq!(it.record.state().users[0].hash, hash_of("other tea"));
    assert!(!it.app.revocations.contains_session(&elsewhere().id), "nothing was ended");
}

#[tokio::test]
async fn a_hash_that_a_login_makes_again_meanwhile_stands_in_no_way() {
    for (times, is_changed) in [(1, true), (VERIFICATIONS_MAX - 1, true), (VERIFICATIONS_MAX, false)] {
        let mut it = bench();
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify_password().returning(|_, _, _| Ok(true));
        hasher.expect_hash_password().returning(|it, _| Ok(hash_of(it.expose_secret())));
        it.app.hasher = Arc::new(hasher);
        for time in 0..times {
            it.record.before_next_commit(move |it| {
                it.users[0].hash = hash_of(&format!("green tea, again {time}"))
            });
        }
        match change(&it, "green tea").await {
            Ok(_) => assert!(is_changed, "{times}"),
            // Not that the password is wrong.
            Err(PasswordError::Login(LoginError::Failed(_))) => assert!(!is_changed, "{times}"),
            other => panic!("{times}: {other:?}"),
        }
        assert_eq!(it.record.state().users[0].hash == hash_of("white tea!"), is_changed);
    }
}

#[tokio::test]
async fn changes_are_counted_by_the_network_before_anything_is_hashed() {
    let mut it = bench();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.attempts_per_address = 1;
    assert!(matches!(change(&it, "black tea").await, Err(PasswordError::Login(LoginError::Invalid))));
    it.app.hasher = Arc::new(MockPasswordHasher::new());
    let refused = change(&it, "green tea").await;
    assert!(matches!(refused, Err(PasswordError::Login(LoginError::Throttled(it))) if it.limit == 1));
}

#[tokio::test]
async fn the_record_being_away_is_said() {
    let it = bench();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Failed(_)))));
}

#[tokio::test]
async fn a_change_that_is_sent_again_is_answered_again_though_the_present_password_is_another() {
    let mut it = bench();
    keyed(&it, Some(request()), "green tea").await.unwrap();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    let again = keyed(&it, Some(request()), "green tea").await.unwrap();
    assert_eq!(again, IdempotentReply::Replay(reply("")));
    let failed = it.app.throttle.read_attempts(&format!("password:session:{}", session().id)).await.unwrap();
    assert_eq!((failed.count, it.record.commits().len()), (0, 1));
}

#[tokio::test]
async fn a_wrong_password_keeps_no_key() {
    let it = bench();
    let wrong = keyed(&it, Some(request()), "black tea").await;
    assert!(matches!(wrong, Err(PasswordError::Login(LoginError::Invalid))));
    assert!(matches!(keyed(&it, Some(other_request()), "green tea").await, Ok(IdempotentReply::New(_))));
}
