use domain::{Password, User};
use ports::CommitError;

use super::*;
use crate::{
    auth::{LoginError, LoginRequest, authenticate, login, refresh_session, session::issue_token_pair},
    testing::*,
};

fn bench() -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(session()));
    })
}

fn user(it: &TestApp) -> User {
    it.record.state().users[0].user.clone()
}

async fn log_in(it: &TestApp, password: &str) -> bool {
    let (name, password) = ("ada".to_owned(), password.to_owned());
    match login(&it.app, LoginRequest { login: name, password, code: None, origin: origin() }).await {
        Ok(_) => true,
        Err(LoginError::Invalid) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn is_accepted(it: &TestApp) -> bool {
    let session = domain::Session { rotated_at: it.app.clock.now(), ..session() };
    authenticate(&it.app, &issue_token_pair(&it.app, &session, ada().id).access).await.unwrap().is_some()
}

#[tokio::test]
async fn a_role_is_given_once_and_sessions_go_on() {
    let it = bench();
    for _ in 0..2 {
        assert_eq!(set_role(&it.app, "ada", Role::Operator).await.unwrap().role, Role::Operator);
    }
    assert_eq!(it.record.only_commit(), [Write::UpdateUser { user: user(&it), read: None }]);
    assert_eq!(user(&it).changed_at, Some(NOW));
    assert!(is_accepted(&it).await);
    assert_eq!(list_operators(&it.app).await.unwrap(), [user(&it)]);
    assert_eq!(set_role(&it.app, "ada@example.com", Role::Customer).await.unwrap().role, Role::Customer);
    assert!(list_operators(&it.app).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_account_is_good_for_nothing_until_it_is_opened_again() {
    let it = bench();
    for _ in 0..2 {
        assert!(disable_user(&it.app, "ada").await.unwrap().disabled);
    }
    assert_eq!(it.record.commits().len(), 1);
    assert!(
        it.journal_lines().iter().any(|it| it.contains("DropPasswordReset")),
        "its mail is worth nothing"
    );
    assert!(!is_accepted(&it).await && !log_in(&it, "green tea").await);
    assert!(refresh_session(&it.app, "session/1", network()).await.is_err());
    assert!(it.journal_lines().contains(&"publish".to_owned()));
    assert!(!enable_user(&it.app, "ada").await.unwrap().disabled);
    assert!(!is_accepted(&it).await, "the session stays ended");
    assert!(log_in(&it, "green tea").await);
}

#[tokio::test]
async fn a_session_that_began_all_the_same_is_good_for_nothing_either() {
    let it = bench().with_state(|it| it.users[0].user = ada().with_disabled_flag(true, NOW));
    assert!(!is_accepted(&it).await);
    assert!(refresh_session(&it.app, "session/1", network()).await.is_err());
}

#[tokio::test]
async fn a_login_that_was_checked_before_the_account_was_closed_begins_no_session() {
    let it = bench();
    it.record.before_next_commit(|it| it.users[0].user = ada().with_disabled_flag(true, NOW));
    assert!(!log_in(&it, "green tea").await);
    assert_eq!(it.record.state().sessions.len(), 1);
}

#[tokio::test]
async fn a_password_is_set_and_all_sessions_end() {
    let it = bench();
    let new = Password::parse("black tea, please").unwrap();
    set_password(&it.app, "ada", new).await.unwrap();
    assert!(!is_accepted(&it).await && !log_in(&it, "green tea").await);
    assert!(log_in(&it, "black tea, please").await);
}

#[tokio::test]
async fn who_changed_a_user_a_moment_before_is_not_overwritten() {
    let it = bench();
    it.record.before_next_commit(|it| it.users[0].user = ada().with_disabled_flag(true, NOW));
    set_role(&it.app, "ada", Role::Operator).await.unwrap();
    assert_eq!((user(&it).role, user(&it).disabled), (Role::Operator, true));
    let it = bench();
    it.record.before_next_commit(|it| it.users[0].hash = hash_of("white tea"));
    set_password(&it.app, "ada", Password::parse("black tea, please").unwrap()).await.unwrap();
    assert!(log_in(&it, "black tea, please").await, "what an operator sets holds");
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_not_changed() {
    let it = bench();
    assert!(matches!(set_role(&it.app, "bob", Role::Operator).await, Err(UserAdminError::NotFound)));
    assert!(matches!(disable_user(&it.app, "bob").await, Err(UserAdminError::NotFound)));
    let new = Password::parse("black tea, please").unwrap();
    assert!(matches!(set_password(&it.app, "bob", new).await, Err(UserAdminError::NotFound)));
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(disable_user(&it.app, "ada").await, Err(UserAdminError::Failed(_))));
}
