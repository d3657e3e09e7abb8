use std::sync::Arc;

use domain::Email;
use ports::Observation;

use super::*;
use crate::testing::*;

fn mail(kind: MailKind) -> QueuedMail {
    QueuedMail {
        key: domain::MailKey::new(7),
        kind,
        recipient: ada().email,
        user: Some(ada().key),
        attempts: 0,
        created_at: NOW,
        due_at: NOW,
        expires_at: NOW.saturating_add(seconds(3_600)),
    }
}

fn bench(mails: &[QueuedMail]) -> (TestApp, Arc<RecordingMailer>) {
    let mailer = Arc::<RecordingMailer>::default();
    let it = TestApp::new().with_mailer(&mailer).with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.mails.extend(mails.iter().cloned());
        let expires_at = NOW.saturating_add(seconds(3_600));
        it.password_resets.push(PasswordReset {
            user: ada().key,
            requested_at: NOW,
            expires_at,
            digest: None,
        });
    });
    (it, mailer)
}

fn digest(it: &TestApp) -> Option<String> {
    it.record.state().password_resets[0].digest.clone()
}

#[tokio::test]
async fn an_attempt_is_committed_before_the_server_is_asked_and_the_mail_deleted_after() {
    let (it, mailer) = bench(&[mail(MailKind::PasswordReset)]);
    assert!(!send_mails(&it.app).await.unwrap());
    assert_eq!(it.journal_lines(), ["commit BeginMail SetResetToken", "commit DeleteMail"]);
    assert_eq!(mailer.mails().len(), 1);
    assert_eq!(digest(&it), Some(newest_digest(&it.app, &mailer.last_token())));
    assert_eq!(it.metrics.all_observations(), [Observation::BatchProcessed("send-mails", 1)]);
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 1, "once");
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_sent_again_later_with_another_token() {
    let (it, mailer) = bench(&[mail(MailKind::PasswordReset)]);
    mailer.fail_next(MailError::Unavailable("no connection".to_owned()));
    assert!(matches!(send_mails(&it.app).await, Err(PortError::Unavailable(_))));
    let first = mailer.last_token();
    // The mail server may take 20 s, and the clock of another instance may be 10 s ahead.
    it.clock.advance(seconds(30));
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 1, "its instance may still be sending it");
    it.clock.advance(PAUSE_MIN);
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 2);
    assert_ne!(mailer.last_token(), first);
    assert_eq!(digest(&it), Some(newest_digest(&it.app, &mailer.last_token())), "only the newest is good");
    assert!(it.record.state().mails.is_empty());
}

fn mails_of(kinds: &[MailKind]) -> Vec<QueuedMail> {
    let number = |(key, kind): (i64, &MailKind)| QueuedMail { key: domain::MailKey::new(key), ..mail(*kind) };
    (7..).zip(kinds).map(number).collect()
}

#[tokio::test]
async fn a_mail_that_the_server_defers_waits_by_itself_and_the_others_are_sent() {
    let (it, mailer) =
        bench(&mails_of(&[MailKind::PasswordReset, MailKind::EmailChanged, MailKind::EmailChanged]));
    mailer.fail_next(MailError::Deferred("450".to_owned()));
    assert!(!send_mails(&it.app).await.unwrap());
    assert_eq!(mailer.mails().len(), 3, "all kinds in one pass");
    let left: Vec<_> = it.record.state().mails.iter().map(|it| (it.kind, it.attempts)).collect();
    assert_eq!(left, [(MailKind::PasswordReset, 1)]);
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 3, "not before its pause is over");
    it.clock.advance(PAUSE_MIN);
    send_mails(&it.app).await.unwrap();
    assert!(it.record.state().mails.is_empty());
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_keeps_no_other_kind_from_being_sent() {
    let (it, mailer) = bench(&mails_of(&[MailKind::PasswordReset, MailKind::EmailChanged]));
    mailer.fail_next(MailError::Unavailable("no answer in time".to_owned()));
    assert!(send_mails(&it.app).await.is_err(), "the log says so");
    assert_eq!(mailer.mails().len(), 2);
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_given_three_mails_in_a_pass_whatever_their_kind() {
    let reset = MailKind::PasswordReset;
    let (it, mailer) = bench(&mails_of(&[reset, reset, MailKind::EmailChanged, MailKind::EmailChanged]));
    for _ in 0..4 {
        mailer.fail_next(MailError::Unavailable("no connection".to_owned()));
    }
    assert!(send_mails(&it.app).await.is_err());
    assert_eq!(mailer.mails().len(), 3);
}

#[tokio::test]
async fn a_mail_that_the_server_refuses_is_given_up() {
    let (it, mailer) = bench(&[mail(MailKind::EmailChanged)]);
    mailer.fail_next(MailError::Refused("550".to_owned()));
    send_mails(&it.app).await.unwrap();
    assert!(it.record.state().mails.is_empty());
}

#[tokio::test]
async fn pauses_grow_and_a_mail_is_given_up_at_its_end() {
    let (it, mailer) = bench(&[mail(MailKind::PasswordReset)]);
    let mut tries = 0;
    for _ in 0..4_000 {
        mailer.fail_next(MailError::Unavailable("no connection".to_owned()));
        let _ = send_mails(&it.app).await;
        tries = mailer.mails().len();
        it.clock.advance(seconds(1));
    }
    assert!(it.record.state().mails.is_empty(), "after an hour");
    assert!((8..=12).contains(&tries), "{tries}");
}

#[tokio::test]
async fn a_reset_that_was_replaced_used_or_dropped_is_not_sent() {
    for replaced in [true, false] {
        let (it, mailer) = bench(&[mail(MailKind::PasswordReset)]);
        it.record.change(|state| match replaced {
            true => state.password_resets[0].requested_at = NOW.saturating_add(seconds(1)),
            false => state.password_resets.clear(),
        });
        send_mails(&it.app).await.unwrap();
        assert!(mailer.mails().is_empty() && it.record.state().mails.is_empty());
    }
}

#[tokio::test]
async fn another_instance_that_begins_first_sends_it_alone() {
    let (it, mailer) = bench(&[mail(MailKind::EmailChanged)]);
    it.record.before_next_commit(|state| state.mails[0].attempts = 1);
    send_mails(&it.app).await.unwrap();
    assert!(mailer.mails().is_empty());
}

#[tokio::test]
async fn without_a_mail_server_mails_wait_and_end() {
    let (mut it, _) = bench(&[mail(MailKind::EmailChanged)]);
    it.app.mailing = None;
    send_mails(&it.app).await.unwrap();
    assert_eq!(it.record.state().mails.len(), 1, "another instance may have one");
    it.clock.advance(seconds(3_600));
    send_mails(&it.app).await.unwrap();
    assert!(it.record.state().mails.is_empty());
}

#[tokio::test]
async fn a_request_becomes_a_reset_and_a_mail_in_one_commit_or_nothing() {
    let ask = |address: &str| {
        let recipient = Email::new(address.to_owned());
        QueuedMail { user: None, recipient, ..mail(MailKind::ResetRequest) }
    };
    let (it, mailer) = bench(&[ask("ADA@example.com")]);
    resolve_reset_requests(&it.app).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit DeleteMail RequestPasswordReset QueueMail"]);
    assert_eq!(it.record.state().mails[0].recipient, ada().email, "as its owner wrote it");
    let (it, _) = bench(&[ask("ghost@example.com")]);
    resolve_reset_requests(&it.app).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit DeleteMail"]);
    assert!(it.record.state().mails.is_empty() && mailer.mails().is_empty());
    let (it, _) = bench(&[ask("ada@example.com")]);
    it.record.before_next_commit(|state| state.mails.clear());
    resolve_reset_requests(&it.app).await.unwrap();
    assert!(it.record.state().mails.is_empty(), "another instance was faster, and one mail is enough");
}

#[tokio::test]
async fn a_reset_is_mailed_only_to_the_address_that_the_account_still_has() {
    let request = QueuedMail { user: None, ..mail(MailKind::ResetRequest) };
    let (it, _) = bench(&[request]);
    let moved = ada().with_email(Email::new("moved@example.com".to_owned()), NOW);
    it.record.before_next_commit(move |state| {
        state.users.iter_mut().find(|it| it.user.key == ada().key).unwrap().user = moved;
    });
    resolve_reset_requests(&it.app).await.unwrap();
    let kinds: Vec<_> = it.record.state().mails.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [MailKind::ResetRequest], "it is looked up again later");
}

#[tokio::test]
async fn a_request_that_waited_takes_no_token_away_that_was_handed_over_meanwhile() {
    // By the clock of the instance that took the request, which is behind the operator's, the same, or ahead.
    for (behind, ahead) in [(1, 0), (0, 0), (0, 8), (0, 86_400)] {
        let request = QueuedMail { user: None, ..mail(MailKind::ResetRequest) };
        let (it, _) = bench(&[request]);
        it.clock.advance(seconds(behind));
        it.clock.put_back(seconds(ahead));
        let (_, token, _) =
            crate::auth::issue_password_reset(&it.app, ada().username.as_str()).await.unwrap();
        it.clock.advance(seconds(ahead));
        resolve_reset_requests(&it.app).await.unwrap();
        assert!(it.record.state().mails.is_empty(), "it is answered by the operator");
        assert_eq!(digest(&it), Some(newest_digest(&it.app, &token)), "{behind} {ahead}");
    }
}

#[tokio::test]
async fn a_request_that_is_looked_up_meanwhile_takes_no_token_away() {
    let (it, mailer) = bench(&[QueuedMail { user: None, ..mail(MailKind::ResetRequest) }]);
    it.clock.put_back(seconds(8));
    // The sweep of another instance is faster than the operator's first commit.
    it.record.before_next_commit(|state| state.mails = vec![mail(MailKind::PasswordReset)]);
    let (_, token, _) = crate::auth::issue_password_reset(&it.app, ada().username.as_str()).await.unwrap();
    it.clock.advance(seconds(8));
    send_mails(&it.app).await.unwrap();
    assert!(mailer.mails().is_empty());
    assert_eq!(digest(&it), Some(newest_digest(&it.app, &token)));
}

#[tokio::test]
async fn a_newer_request_replaces_a_token_also_by_a_clock_that_is_behind() {
    let (it, mailer) = bench(&[]);
    let (_, token, _) = crate::auth::issue_password_reset(&it.app, ada().username.as_str()).await.unwrap();
    it.clock.put_back(seconds(8));
    let (email, network) = (ada().email, network());
    crate::auth::request_password_reset(&it.app, None, email, network, reply("")).await.unwrap();
    it.clock.advance(seconds(8));
    resolve_reset_requests(&it.app).await.unwrap();
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 1);
    assert_ne!(digest(&it), Some(newest_digest(&it.app, &token)));
}

#[tokio::test]
async fn a_mail_that_waits_takes_no_token_away_that_was_handed_over_meanwhile_whatever_the_clocks_say() {
    for ahead in [0, 8] {
        let (it, mailer) = bench(&[mail(MailKind::PasswordReset)]);
        // The clock of the instance that took the request is ahead of the operator's.
        it.clock.put_back(seconds(ahead));
        let (_, token, _) =
            crate::auth::issue_password_reset(&it.app, ada().username.as_str()).await.unwrap();
        it.clock.advance(seconds(ahead));
        send_mails(&it.app).await.unwrap();
        assert!(mailer.mails().is_empty() && it.record.state().mails.is_empty(), "{ahead}");
        assert_eq!(digest(&it), Some(newest_digest(&it.app, &token)));
    }
}
