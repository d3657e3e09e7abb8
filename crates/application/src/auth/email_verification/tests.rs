use std::sync::Arc;

use super::*;
use crate::{sweeps::send_mails, testing::*};

/// Ada's account, and a mail server.
fn bench(mailer: &Arc<RecordingMailer>) -> TestApp {
    TestApp::new().with_mailer(mailer).with_state(|it| it.users.push(account_of(ada(), "green tea")))
}

async fn ask(it: &TestApp, email: &str) -> Result<IdempotentReply, VerificationError> {
    let email = Email::parse(email).unwrap();
    request_email_verification(&it.app, None, email, network(), reply("")).await
}

async fn confirm(it: &TestApp, token: &str) -> Result<IdempotentReply, VerificationError> {
    confirm_email_verification(&it.app, None, token, network(), reply("")).await
}

/// Asks, and lets the sweep send the mail.
async fn token_for(it: &TestApp, mailer: &RecordingMailer) -> String {
    ask(it, "ada@example.com").await.unwrap();
    send_mails(&it.app).await.unwrap();
    mailer.last_token()
}

fn stored(it: &TestApp) -> User {
    it.record.state().users[0].user.clone()
}

#[tokio::test]
async fn a_request_does_the_same_work_whether_or_not_there_is_an_account() {
    let mailer = Arc::default();
    let it = bench(&mailer);
    for email in ["ada@example.com", "ghost@example.com"] {
        ask(&it, email).await.unwrap();
    }
    assert_eq!(it.journal_lines(), ["commit QueueMail", "commit QueueMail"]);
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 1);
    assert!(it.record.state().mails.is_empty());
}

#[tokio::test]
async fn a_token_verifies_once_and_no_mail_is_sent_afterwards() {
    let mailer = Arc::default();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    let other = token_for(&it, &mailer).await;
    confirm(&it, &token).await.unwrap();
    let user = stored(&it);
    assert_eq!(
        (user.email_verified_at, user.changed_at),
        (Some(it.app.clock.now()), Some(it.app.clock.now()))
    );
    for used in [&token, &other] {
        assert!(matches!(confirm(&it, used).await, Err(VerificationError::Invalid)));
    }
    ask(&it, "ada@example.com").await.unwrap();
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 2);
}

#[tokio::test]
async fn a_token_is_good_for_a_day_and_for_its_own_address_only() {
    let mailer = Arc::default();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    let long = "x".repeat(TOKEN_BYTES_MAX + 1);
    for bad in ["", "unknown", token.to_uppercase().as_str(), long.as_str()] {
        assert!(matches!(confirm(&it, bad).await, Err(VerificationError::Invalid)), "{bad}");
    }
    let read = stored(&it);
    let there = read.with_email(Email::parse("new@example.com").unwrap(), it.app.clock.now());
    let back = there.with_email(read.email.clone(), it.app.clock.now());
    let moves = [(there.clone(), read.changed_at), (back, there.changed_at)];
    for (user, read) in moves {
        it.app.store.commit(UnitOfWork::new().with_write(Write::ChangeEmail { user, read })).await.unwrap();
    }
    assert!(matches!(confirm(&it, &token).await, Err(VerificationError::Invalid)), "sent before the change");
    let late = token_for(&it, &mailer).await;
    it.clock.advance(VERIFICATION_TTL);
    assert!(matches!(confirm(&it, &late).await, Err(VerificationError::Invalid)), "expired");
    assert_eq!(stored(&it).email_verified_at, None);
}

#[tokio::test]
async fn a_closed_account_is_not_verified_and_gets_no_mail() {
    let mailer = Arc::default();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    let read = stored(&it);
    let user = read.with_disabled_flag(true, it.app.clock.now());
    let close = Write::UpdateUser { user, read: read.changed_at };
    it.app.store.commit(UnitOfWork::new().with_write(close)).await.unwrap();
    assert!(matches!(confirm(&it, &token).await, Err(VerificationError::Invalid)));
    ask(&it, "ada@example.com").await.unwrap();
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 1);
}

#[tokio::test]
async fn nothing_is_queued_where_no_page_takes_the_token() {
    let mailer = Arc::<RecordingMailer>::default();
    let mut it = bench(&mailer);
    if let Some(mailing) = &mut it.app.mailing {
        mailing.verification_url = None;
    }
    ask(&it, "ada@example.com").await.unwrap();
    assert!(it.record.state().mails.is_empty());
}
