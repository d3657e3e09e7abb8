//! Mails to a server that takes them, refuses them, or says nothing.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use adapters_smtp::{SmtpConfig, SmtpMailer};
use domain::Email;
use ports::{MailError, Mailer, OutgoingMail};
use test_servers::{SmtpMode, SmtpServer};

fn mailer(url: &str) -> SmtpMailer {
    let from = "Shop <shop@example.com>".to_owned();
    SmtpMailer::new(&SmtpConfig { url: url.into(), from }).unwrap()
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        id: "abc123".to_owned(),
        to: Email::new("o'neil+x@example.org".to_owned()),
        subject: "Hello".to_owned(),
        body: format!("A link:\n\nhttps://shop.example/reset#token={}\n.\n.a dot\n", "k".repeat(52)),
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let server = SmtpServer::start().unwrap();
    mailer(&server.url()).send_mail(mail()).await.unwrap();
    let all = server.mails();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].to, "o'neil+x@example.org");
    let (head, body) = all[0].content.split_once("\n\n").unwrap();
    // The library ends a text with one more line break.
    assert_eq!(body.trim_end(), mail().body.trim_end());
    for line in [
        "From: Shop <shop@example.com>",
        "To: o'neil+x@example.org",
        "Subject: Hello",
        "Message-ID: <abc123@example.com>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.lines().any(|it| it == line), "{line}: {head}");
    }
}

#[tokio::test]
async fn a_permanent_refusal_differs_from_a_temporary_one_and_neither_repeats_the_address() {
    let server = SmtpServer::start().unwrap();
    let mailer = mailer(&server.url());
    server.set_mode(SmtpMode::Refuse);
    let refused = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(&refused, MailError::Refused(code) if code == "550"), "{refused:?}");
    server.set_mode(SmtpMode::Defer);
    let deferred = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(&deferred, MailError::Deferred(code) if code == "450"), "{deferred:?}");
    server.set_mode(SmtpMode::Close);
    let closing = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(&closing, MailError::Unavailable(code) if code == "421"), "{closing:?}");
    for shown in [format!("{refused:?} {refused}"), format!("{deferred:?} {deferred}")] {
        assert!(!shown.contains("example"), "{shown}");
    }
    server.set_mode(SmtpMode::Accept);
    mailer.send_mail(mail()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_or_loses_its_answer_may_be_asked_again() {
    let server = SmtpServer::start().unwrap();
    let (url, mailer) = (server.url(), mailer(&server.url()));
    server.set_mode(SmtpMode::LoseAnswer);
    let lost = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(lost, MailError::Unavailable(_)), "{lost:?}");
    assert_eq!(server.mails().len(), 1, "though it has the mail");
    drop(server);
    // The port is free once the listener's thread has ended.
    let away = self::mailer(&url);
    let mut outcome = Ok(());
    for _ in 0..600 {
        outcome = away.send_mail(mail()).await;
        if outcome.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(matches!(outcome, Err(MailError::Unavailable(_))), "{outcome:?}");
}

/// Nothing is wrong with the mail, so it must not be given up.
#[tokio::test]
async fn a_server_that_refuses_the_service_is_unavailable() {
    let server = SmtpServer::start().unwrap();
    let mailer = mailer(&server.url().replace("smtp://", "smtp://shop:outdated@"));
    let no_login = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(no_login, MailError::Unavailable(_)), "{no_login:?}");
    server.set_mode(SmtpMode::RefuseLogin);
    let wrong_password = mailer.send_mail(mail()).await.unwrap_err();
    assert!(matches!(&wrong_password, MailError::Unavailable(code) if code == "535"), "{wrong_password:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_within_a_limit() {
    let server = SmtpServer::start().unwrap();
    server.set_mode(SmtpMode::Hang);
    let hung = mailer(&server.url()).send_mail(mail()).await.unwrap_err();
    assert!(matches!(hung, MailError::Unavailable(_)), "{hung:?}");
}
