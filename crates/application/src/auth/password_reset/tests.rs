use std::sync::Arc;

use ports::CommitError;

use super::*;
use crate::{
    Limit,
    auth::{LoginError, LoginRequest, login},
    sweeps::{resolve_reset_requests, send_mails},
    testing::*,
};

const NEW: &str = "a new password";

fn bench(mailer: &Arc<RecordingMailer>) -> TestApp {
    let it = TestApp::new().with_mailer(mailer);
    it.with_state(|it| {
        it.users.push(account_of(ada(), "green tea"));
        it.sessions.push(kept_session(session()));
    })
}

fn mailer() -> Arc<RecordingMailer> {
    Arc::default()
}

async fn ask(it: &TestApp, email: &str) -> Result<IdempotentReply, ResetError> {
    let email = Email::parse(email).unwrap();
    request_password_reset(&it.app, None, email, network(), reply("")).await
}

/// Asks, and lets the sweeps send the mail.
async fn token_for(it: &TestApp, mailer: &RecordingMailer) -> String {
    ask(it, "ada@example.com").await.unwrap();
    resolve_reset_requests(&it.app).await.unwrap();
    send_mails(&it.app).await.unwrap();
    mailer.last_token()
}

async fn confirm(it: &TestApp, token: &str) -> Result<IdempotentReply, ConfirmError> {
    keyed(it, None, token, NEW).await
}

async fn keyed(
    it: &TestApp,
    request: Option<IdempotentRequest>,
    token: &str,
    new: &str,
) -> Result<IdempotentReply, ConfirmError> {
    let new = Password::parse(new).unwrap();
    let confirmation = ResetConfirmation { token: token.to_owned(), new, network: network() };
    confirm_password_reset(&it.app, request, confirmation, reply("")).await
}

fn is_invalid<T>(outcome: &Result<T, ConfirmError>) -> bool {
    matches!(outcome, Err(ConfirmError::Invalid))
}

#[tokio::test]
async fn a_request_does_the_same_work_whether_or_not_there_is_an_account() {
    let mut seen = vec![];
    for email in ["ada@example.com", "ghost@example.com", "ADA@example.com"] {
        let it = bench(&mailer());
        let answered = ask(&it, email).await.unwrap();
        let kinds: Vec<_> = it
            .record
            .only_commit()
            .iter()
            .map(|it| {
                let Write::QueueMail(mail) = it else { panic!("{it:?}") };
                (mail.kind, mail.user, mail.expires_at)
            })
            .collect();
        seen.push((answered, kinds, it.journal_lines()));
    }
    assert!(seen.windows(2).all(|it| it[0] == it[1]), "{seen:?}");
}

#[tokio::test]
async fn a_token_sets_one_password_and_ends_all_sessions_in_one_commit() {
    let mailer = mailer();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    assert_eq!(mailer.mails()[0].to, ada().email);
    confirm(&it, &token).await.unwrap();
    let commits = it.record.commits();
    let expected = [
        Write::UsePasswordReset { user: ada().key, digest: newest_digest(&it.app, &token), now: NOW },
        Write::RequirePassword(ada().key, hash_of("green tea")),
        Write::ChangePassword { user: ada().key, from: hash_of("green tea"), to: hash_of(NEW) },
        Write::RevokeSessions { user: ada().key, except: None, at: NOW },
    ];
    assert_eq!(commits.last().unwrap().writes(), expected);
    assert!(it.app.revocations.contains_session(&session().id), "here at once");
    assert_eq!(it.journal_lines().last().map(String::as_str), Some("publish"));
    assert!(is_invalid(&confirm(&it, &token).await), "it is used");
    let again =
        LoginRequest { login: "ada".to_owned(), password: NEW.to_owned(), code: None, origin: origin() };
    assert!(login(&it.app, again).await.is_ok());
}

#[tokio::test]
async fn no_row_holds_a_token() {
    let mailer = mailer();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    let state = format!("{:?}", it.record.state());
    assert!(!state.contains(&token) && state.contains(&newest_digest(&it.app, &token)));
}

#[tokio::test]
async fn an_unknown_an_older_and_an_expired_token_get_one_answer() {
    let mailer = mailer();
    let it = bench(&mailer);
    let old = token_for(&it, &mailer).await;
    it.clock.advance(seconds(1));
    let new = token_for(&it, &mailer).await;
    for bad in ["", "unknown", &old, &"k".repeat(100_000)] {
        assert!(is_invalid(&confirm(&it, bad).await));
    }
    it.clock.advance(RESET_TTL);
    assert!(is_invalid(&confirm(&it, &new).await), "from the moment it expires");
    assert!(it.record.state().users[0].hash == hash_of("green tea"));
}

#[tokio::test]
async fn a_token_dies_with_a_change_of_the_password_or_of_the_address_or_a_closed_account() {
    use crate::auth::user_admin::{disable_user, set_password};
    let mailer = mailer();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    set_password(&it.app, "ada", Password::parse("by an operator").unwrap()).await.unwrap();
    assert!(is_invalid(&confirm(&it, &token).await));
    it.clock.advance(seconds(1));
    let token = token_for(&it, &mailer).await;
    disable_user(&it.app, "ada").await.unwrap();
    assert!(is_invalid(&confirm(&it, &token).await));
    ask(&it, "ada@example.com").await.unwrap();
    resolve_reset_requests(&it.app).await.unwrap();
    send_mails(&it.app).await.unwrap();
    assert_eq!(mailer.mails().len(), 2, "a disabled account gets no mail");
}

#[tokio::test]
async fn of_two_confirmations_at_once_the_later_commit_finds_the_token_used() {
    let mailer = mailer();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    it.record.before_next_commit(|state| {
        state.password_resets.clear();
        state.users[0].hash = hash_of("the faster one");
    });
    assert!(is_invalid(&confirm(&it, &token).await));
    assert!(it.record.state().users[0].hash == hash_of("the faster one"));
}

#[tokio::test]
async fn a_lost_answer_is_replayed_under_its_key() {
    let mailer = mailer();
    let it = bench(&mailer);
    let token = token_for(&it, &mailer).await;
    it.record.lose_next_answer();
    assert!(matches!(keyed(&it, Some(request()), &token, NEW).await, Err(ConfirmError::Failed(_))));
    let again = keyed(&it, Some(request()), &token, NEW).await.unwrap();
    assert_eq!(again, IdempotentReply::Replay(reply("")));
}

#[tokio::test]
async fn requests_are_limited_for_the_address_and_the_network_alike_for_every_address() {
    let mut refused = vec![];
    for email in ["ada@example.com", "ghost@example.com"] {
        let mut it = bench(&mailer());
        it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
        for _ in 0..10 {
            ask(&it, email).await.unwrap();
        }
        match ask(&it, &email.to_uppercase()).await {
            Err(ResetError::Throttled(throttled)) => refused.push(throttled),
            other => panic!("{other:?}"),
        }
        assert!(ask(&it, "other@example.com").await.is_ok(), "another address is free");
        let mut n = 0;
        let limit = loop {
            n += 1;
            match ask(&it, &format!("n{n}@example.com")).await {
                Ok(_) => assert!(n < 200),
                Err(ResetError::Throttled(it)) => break it.reached,
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!(limit, Limit::NetworkResets);
    }
    assert_eq!(refused[0].reached, Limit::ResetRequests);
    assert_eq!(refused[0], refused[1]);
}

#[tokio::test]
async fn requests_from_many_networks_keep_no_owner_out_and_send_few_mails() {
    let mailer = mailer();
    let mut it = bench(&mailer);
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.login_failures_per_account_total = 3;
    for number in 1..=6 {
        let from = Network::from_address([198, 51, 100, number].into());
        let email = Email::parse("ada@example.com").unwrap();
        request_password_reset(&it.app, None, email, from, reply("")).await.unwrap();
        resolve_reset_requests(&it.app).await.unwrap();
        send_mails(&it.app).await.unwrap();
    }
    assert_eq!((mailer.mails().len(), it.record.state().mails.len()), (3, 0));
    confirm(&it, &mailer.last_token()).await.unwrap();
    it.clock.advance(RESET_PAUSE);
    token_for(&it, &mailer).await;
    assert_eq!(mailer.mails().len(), 4);
}

#[tokio::test]
async fn tokens_and_passwords_under_a_used_key_are_not_guessed() {
    let mailer = mailer();
    let mut it = bench(&mailer);
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    let token = token_for(&it, &mailer).await;
    keyed(&it, Some(request()), &token, NEW).await.unwrap();
    for _ in 0..10 {
        let other = keyed(&it, Some(other_request()), &token, "a guessed one").await;
        assert!(matches!(other, Err(ConfirmError::Key(KeyError::Reused))), "{other:?}");
    }
    for key in [request(), other_request()] {
        let locked = keyed(&it, Some(key), &token, NEW).await;
        assert!(matches!(locked, Err(ConfirmError::Throttled(_))), "{locked:?}");
    }
}

#[tokio::test]
async fn a_new_password_ends_the_locks_of_the_login() {
    let mailer = mailer();
    let mut it = bench(&mailer);
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    let attempt = async |it: &TestApp, password: &str| {
        let (login_name, password) = ("ada".to_owned(), password.to_owned());
        login(&it.app, LoginRequest { login: login_name, password, code: None, origin: origin() }).await
    };
    for _ in 0..10 {
        assert!(matches!(attempt(&it, "guess").await, Err(LoginError::Invalid)));
    }
    assert!(matches!(attempt(&it, "green tea").await, Err(LoginError::Throttled(_))));
    let token = token_for(&it, &mailer).await;
    confirm(&it, &token).await.unwrap();
    assert!(attempt(&it, NEW).await.is_ok());
}

#[tokio::test]
async fn an_operator_makes_a_token_where_there_is_no_mail_server() {
    let it = TestApp::new().with_state(|it| it.users.push(account_of(ada(), "green tea")));
    ask(&it, "ada@example.com").await.unwrap();
    resolve_reset_requests(&it.app).await.unwrap();
    let state = it.record.state();
    assert!(state.mails.is_empty(), "there is no one to send it");
    assert_eq!(state.password_resets.len(), 1, "the request is recorded all the same");
    let (user, token, expires_at) = issue_password_reset(&it.app, "ADA@example.com").await.unwrap();
    assert_eq!((user, expires_at), (ada(), NOW.saturating_add(RESET_TTL)));
    confirm(&it, &token).await.unwrap();
    let unknown = issue_password_reset(&it.app, "ghost").await;
    assert!(matches!(unknown, Err(UserAdminError::NotFound)));
    it.record.refuse_next_commit(CommitError::Stale);
    assert!(issue_password_reset(&it.app, "ada").await.is_ok(), "another request came first");
}
