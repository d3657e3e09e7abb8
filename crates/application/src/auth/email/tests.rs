use std::sync::Arc;

use ports::{MailKind, PasswordReset};

use super::*;
use crate::{auth::email_verification::request_email_verification, testing::*};

fn reset() -> PasswordReset {
    PasswordReset { user: ada().key, requested_at: NOW, expires_at: NOW, digest: Some("d".to_owned()) }
}

fn bench() -> TestApp {
    TestApp::new().with_state(|it| {
        it.users.extend([account_of(ada(), "green tea"), account_of(bob(), "white tea")]);
        it.sessions.push(kept_session(session()));
        it.password_resets.push(reset());
    })
}

async fn change(it: &TestApp, email: &str, current: &str) -> Result<IdempotentReply, EmailError> {
    let (email, current) = (Email::parse(email).unwrap(), current.to_owned());
    let change = EmailChange { current, email, network: network() };
    let render = |it: &User| reply(it.email.as_str());
    change_email(&it.app, &user_caller(ada()), Some(request()), change, render).await
}

#[tokio::test]
async fn a_new_address_ends_other_sessions_and_older_tokens_and_both_addresses_get_a_mail() {
    let it = bench().with_mailer(&Arc::<RecordingMailer>::default());
    let answered = change(&it, "New@example.com", "green tea").await.unwrap();
    assert_eq!(answered, IdempotentReply::New(reply("New@example.com")));
    assert_eq!(
        it.journal_lines(),
        [
            "commit Claim RequirePassword ChangeEmail DropPasswordReset RevokeSessions QueueMail QueueMail",
            "publish"
        ]
    );
    let state = it.record.state();
    assert_eq!(state.users[0].user, ada().with_email(Email::parse("New@example.com").unwrap(), NOW));
    assert!(state.password_resets.is_empty());
    let mut mails: Vec<_> = state.mails.iter().map(|it| (it.kind.as_str(), it.recipient.as_str())).collect();
    mails.sort_unstable();
    let (old, new) = (ada().email, MailKind::EmailVerification.as_str());
    assert_eq!(mails, [(MailKind::EmailChanged.as_str(), old.as_str()), (new, "New@example.com")]);
    let again = change(&it, "New@example.com", "green tea").await.unwrap();
    assert_eq!(again, IdempotentReply::Replay(reply("New@example.com")));
}

#[tokio::test]
async fn beyond_the_limit_of_mails_the_address_changes_and_only_the_old_one_gets_a_mail() {
    let mut it = bench().with_mailer(&Arc::<RecordingMailer>::default());
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..it.app.policy.login_failures_per_account {
        let email = Email::parse("new@example.com").unwrap();
        request_email_verification(&it.app, None, email, network(), reply("")).await.unwrap();
    }
    it.record.change(|state| state.mails.clear());
    change(&it, "new@example.com", "green tea").await.unwrap();
    let state = it.record.state();
    assert_eq!(state.users[0].user.email.as_str(), "new@example.com");
    let kinds: Vec<_> = state.mails.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [MailKind::EmailChanged]);
}

#[tokio::test]
async fn without_a_mail_server_no_notice_is_queued() {
    let it = bench();
    change(&it, "new@example.com", "green tea").await.unwrap();
    assert!(it.record.state().mails.is_empty());
}

#[tokio::test]
async fn only_the_right_password_learns_whether_an_address_is_taken() {
    let it = bench();
    let taken = change(&it, "BOB@example.com", "green tea").await;
    assert!(matches!(taken, Err(EmailError::Taken)), "{taken:?}");
    for email in ["BOB@example.com", "new@example.com"] {
        let wrong = change(&it, email, "black tea").await;
        assert!(matches!(wrong, Err(EmailError::Login(LoginError::Invalid))), "{wrong:?}");
    }
    assert_eq!(it.record.state().users[0].user, ada());
}

#[tokio::test]
async fn wrong_passwords_are_counted_by_the_session() {
    let mut it = bench();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..10 {
        let wrong = change(&it, "new@example.com", "black tea").await;
        assert!(matches!(wrong, Err(EmailError::Login(LoginError::Invalid))), "{wrong:?}");
    }
    let locked = change(&it, "new@example.com", "green tea").await;
    assert!(matches!(locked, Err(EmailError::Login(LoginError::Throttled(_)))), "{locked:?}");
}

#[tokio::test]
async fn the_present_address_is_no_change() {
    let it = bench();
    change(&it, "ada@example.com", "green tea").await.unwrap();
    assert_eq!(it.record.state().users[0].user.changed_at, None);
    assert_eq!(it.record.state().password_resets, [reset()]);
}

#[tokio::test]
async fn a_change_that_comes_first_is_read_again() {
    let it = bench();
    it.record.before_next_commit(|state| {
        state.users[0].user = state.users[0].user.with_role(domain::Role::Operator, NOW);
    });
    change(&it, "new@example.com", "green tea").await.unwrap();
    let user = it.record.state().users[0].user.clone();
    assert_eq!((user.role, user.email.as_str()), (domain::Role::Operator, "new@example.com"));
}
