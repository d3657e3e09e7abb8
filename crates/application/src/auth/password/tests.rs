use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::{Session, SessionId, SessionKey};

use super::*;
use crate::testing::*;

fn elsewhere() -> Session {
    Session { key: SessionKey::new(6), id: SessionId::new("elsewhere".to_owned()), ..session() }
}

fn bench() -> Bench {
    Bench::new().with(|it| {
        it.users.push((ada(), hash_of("green tea")));
        it.sessions.extend([session(), elsewhere()]);
    })
}

async fn change(it: &Bench, current: &str) -> Result<Answered, PasswordError> {
    keyed(it, None, current).await
}

async fn keyed(it: &Bench, request: Option<Request>, current: &str) -> Result<Answered, PasswordError> {
    let new = Password::parse("white tea!").unwrap();
    let change = ChangePassword { current: current.to_owned(), new, peer: "192.0.2.1".to_owned() };
    change_password(&it.app, &caller(ada()), request, change, reply("")).await
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_in_the_same_commit() {
    let it = bench();
    change(&it, "green tea").await.unwrap();
    let expected = [
        Write::ChangePassword { user: ada().key, from: hash_of("green tea"), to: hash_of("white tea!") },
        Write::RevokeSessions { user: ada().key, except: Some(session().key), at: NOW },
    ];
    assert_eq!(it.record.only_commit(), expected);
    assert!(it.app.revocations.contains(&elsewhere().id), "here at once");
    assert_eq!(it.journal(), ["commit ChangePassword RevokeSessions", "publish"], "then the others are told");
    assert!(!it.app.revocations.contains(&session().id));
}

#[tokio::test]
async fn a_wrong_password_counts_as_a_failed_login() {
    let mut it = bench();
    it.app.throttle = Arc::new(throttle(|| Ok(0), || Ok(11)));
    assert!(matches!(change(&it, "black tea").await, Err(PasswordError::Login(LoginError::Throttled(_)))));
    it.app.throttle = Arc::new(throttle(|| Ok(0), || Ok(1)));
    assert!(matches!(change(&it, "black tea").await, Err(PasswordError::Login(LoginError::Invalid))));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn beyond_the_limit_a_right_password_is_not_told() {
    let mut it = bench();
    it.app.throttle = Arc::new(throttle(|| Ok(10), || Ok(11)));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Throttled(_)))));
    let asked = AtomicU32::new(0);
    let count = move || Ok(if asked.fetch_add(1, Ordering::SeqCst) < 2 { 9 } else { 10 });
    it.app.throttle = Arc::new(throttle(count, || Ok(1)));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Throttled(_)))));
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn of_two_changes_at_once_the_second_does_not_know_the_password_any_more() {
    let it = bench();
    it.record.meanwhile(|it| it.users[0].1 = hash_of("other tea"));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Invalid))));
    assert_eq!(it.record.state().users[0].1, hash_of("other tea"));
    assert!(!it.app.revocations.contains(&elsewhere().id), "nothing was ended");
}

#[tokio::test]
async fn the_record_being_away_is_said() {
    let it = bench();
    it.record.refuses(CommitError::Failed(away()));
    assert!(matches!(change(&it, "green tea").await, Err(PasswordError::Login(LoginError::Failed(_)))));
}

#[tokio::test]
async fn a_change_that_is_sent_again_is_answered_again_though_the_present_password_is_another() {
    let mut it = bench();
    keyed(&it, Some(request()), "green tea").await.unwrap();
    it.app.throttle = Arc::new(throttle(|| Ok(0), || panic!("no login failed")));
    let again = keyed(&it, Some(request()), "green tea").await.unwrap();
    assert_eq!(again, Answered::Again(reply("")));
    assert_eq!(it.record.commits().len(), 1);
}

#[tokio::test]
async fn a_wrong_password_keeps_no_key() {
    let it = bench();
    let wrong = keyed(&it, Some(request()), "black tea").await;
    assert!(matches!(wrong, Err(PasswordError::Login(LoginError::Invalid))));
    assert!(matches!(keyed(&it, Some(other_request()), "green tea").await, Ok(Answered::First(_))));
}
