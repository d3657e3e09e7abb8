use std::sync::Arc;

use ports::{Claim, MailKind, MockPasswordHasher};

use super::*;
use crate::{
    auth::email_verification::{VerificationError, request_email_verification},
    testing::*,
};

fn account() -> NewAccount {
    let User { username, email, .. } = ada();
    NewAccount { username, email, password: Password::parse("green tea!").unwrap() }
}

/// Registers from one address.
async fn registered(
    it: &TestApp,
    request: Option<IdempotentRequest>,
) -> Result<IdempotentReply, RegisterError> {
    let render = |user: &User| reply(user.id.as_str());
    register_account(&it.app, request, account(), network(), render).await
}

/// A key without a user.
fn keyed() -> IdempotentRequest {
    let key = ports::IdempotencyKey { owner: None, ..request().key };
    IdempotentRequest { key, ..request() }
}

#[tokio::test]
async fn an_account_is_kept_with_its_hash_and_its_role() {
    let it = TestApp::new();
    let answered = registered(&it, None).await.unwrap();
    let user = it.record.state().users[0].user.clone();
    assert_eq!(answered, IdempotentReply::New(reply(user.id.as_str())));
    assert_eq!(it.record.only_commit(), [Write::InsertUser(user.clone(), hash_of("green tea!"))]);
    assert_eq!((user.role, user.created_at), (Role::Customer, NOW));
    let it = TestApp::new();
    assert_eq!(create_operator(&it.app, account()).await.unwrap().role, Role::Operator);
}

#[tokio::test]
async fn a_registration_queues_the_mail_that_verifies_its_address_with_it() {
    let it = TestApp::new().with_mailer(&Arc::<RecordingMailer>::default());
    registered(&it, Some(keyed())).await.unwrap();
    registered(&it, Some(keyed())).await.unwrap();
    assert_eq!(it.journal_lines(), ["commit Claim InsertUser QueueMail"]);
    let state = it.record.state();
    let (mail, user) = (&state.mails[0], &state.users[0].user);
    assert_eq!(
        (mail.kind, &mail.recipient, mail.user),
        (MailKind::EmailVerification, &user.email, Some(user.key))
    );
    assert_eq!(user.email_verified_at, None);
}

/// Asks for a mail to the address of the account.
async fn ask_for_mail(it: &TestApp) -> Result<IdempotentReply, VerificationError> {
    request_email_verification(&it.app, None, account().email, network(), reply("")).await
}

#[tokio::test]
async fn the_mail_of_a_registration_counts_as_one_that_was_asked_for() {
    let mut it = TestApp::new().with_mailer(&Arc::<RecordingMailer>::default());
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    registered(&it, None).await.unwrap();
    for _ in 1..it.app.policy.login_failures_per_account {
        ask_for_mail(&it).await.unwrap();
    }
    assert!(matches!(ask_for_mail(&it).await, Err(VerificationError::Throttled(_))));
}

#[tokio::test]
async fn beyond_the_limit_of_mails_an_account_is_made_without_one() {
    let mut it = TestApp::new().with_mailer(&Arc::<RecordingMailer>::default());
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..it.app.policy.login_failures_per_account {
        ask_for_mail(&it).await.unwrap();
    }
    let asked = it.record.state().mails;
    registered(&it, None).await.unwrap();
    let state = it.record.state();
    assert_eq!((state.users.len(), state.mails), (1, asked));
}

#[tokio::test]
async fn what_is_taken_is_named() {
    let it = TestApp::new();
    it.record.refuse_next_commit(CommitError::AccountConflict(vec![
        AccountConflict::Username,
        AccountConflict::Email,
    ]));
    let refused = registered(&it, None).await;
    assert!(
        matches!(refused, Err(RegisterError::Taken(it)) if it == [AccountConflict::Username, AccountConflict::Email])
    );
}

#[tokio::test]
async fn a_busy_hasher_and_a_record_that_is_away_are_said() {
    let mut it = TestApp::new();
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(matches!(registered(&it, None).await, Err(RegisterError::Failed(_))));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash_password().returning(|_, _| Err(HasherBusy));
    it.app.hasher = Arc::new(hasher);
    assert!(matches!(registered(&it, None).await, Err(RegisterError::Busy(_))));
}

#[tokio::test]
async fn a_key_or_id_that_was_given_out_twice_is_drawn_again() {
    let it = TestApp::new();
    it.record.refuse_next_commit(CommitError::Stale);
    assert!(matches!(registered(&it, None).await, Ok(IdempotentReply::New(_))));
}

#[tokio::test]
async fn a_registration_that_is_sent_again_makes_no_second_account() {
    let it = TestApp::new().without_locks();
    let IdempotentReply::New(first) = registered(&it, Some(keyed())).await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!(it.journal_lines(), ["commit Claim InsertUser"]);
    assert_eq!(registered(&it, Some(keyed())).await.unwrap(), IdempotentReply::Replay(first));
    assert_eq!(it.record.state().users.len(), 1);
    let until = NOW.saturating_add(it.app.policy.reply_ttl);
    assert_eq!(it.record.state().claims[0].expires_at, Some(until));
    assert!(it.app.policy.reply_ttl >= seconds(24 * 3_600));
}

#[tokio::test]
async fn a_name_that_its_own_first_copy_took_is_not_taken() {
    let it = TestApp::new().without_locks();
    it.record.before_next_commit(|it| {
        it.claims.push(Claim { key: keyed().key, ..claim_for("u", Some(reply("kept"))) })
    });
    it.record.refuse_next_commit(CommitError::AccountConflict(vec![AccountConflict::Username]));
    assert_eq!(registered(&it, Some(keyed())).await.unwrap(), IdempotentReply::Replay(reply("kept")));
}

#[tokio::test]
async fn a_request_is_recognised_under_a_secret_that_is_being_replaced() {
    let it = TestApp::new();
    registered(&it, Some(keyed())).await.unwrap();
    let under_the_next = IdempotentRequest { fingerprint: other_request().fingerprint, ..keyed() };
    let forgotten = registered(&it, Some(under_the_next.clone())).await;
    assert!(matches!(forgotten, Err(RegisterError::Key(KeyError::Reused))));
    let known = IdempotentRequest { older: vec![keyed().fingerprint], ..under_the_next };
    assert!(matches!(registered(&it, Some(known)).await, Ok(IdempotentReply::Replay(_))));
}

#[tokio::test]
async fn a_client_that_tries_passwords_with_a_used_key_fails_to_log_in() {
    let mut it = TestApp::new();
    registered(&it, Some(keyed())).await.unwrap();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    let other = || IdempotentRequest { fingerprint: other_request().fingerprint, ..keyed() };
    for _ in 0..it.app.policy.login_failures_per_account {
        let refused = registered(&it, Some(other())).await;
        assert!(matches!(refused, Err(RegisterError::Key(KeyError::Reused))));
    }
    assert!(matches!(registered(&it, Some(other())).await, Err(RegisterError::Throttled(_))));
    let right = registered(&it, Some(keyed())).await;
    assert!(matches!(right, Err(RegisterError::Throttled(_))), "nor is the right one told");
}

#[tokio::test]
async fn a_lock_of_the_name_as_a_whole_keeps_nothing_from_being_registered() {
    let mut it = TestApp::new();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for number in 0..100 {
        let network = Network::from_address(IpAddr::from([10, 0, 0, number]));
        let [login, password] = ["ada", "black tea"].map(str::to_owned);
        let guess = crate::auth::login(
            &it.app,
            crate::auth::LoginRequest { login, password, code: None, origin: origin_at(network) },
        );
        assert!(matches!(guess.await, Err(crate::auth::LoginError::Invalid)));
    }
    assert!(matches!(registered(&it, Some(keyed())).await, Ok(IdempotentReply::New(_))));
}

#[tokio::test]
async fn what_is_taken_costs_no_hash_and_the_answer_of_before_none_either() {
    let mut it = TestApp::new();
    registered(&it, Some(keyed())).await.unwrap();
    it.app.hasher = Arc::new(MockPasswordHasher::new());
    let refused = registered(&it, None).await;
    assert!(
        matches!(refused, Err(RegisterError::Taken(it)) if it == [AccountConflict::Username, AccountConflict::Email])
    );
    assert!(matches!(registered(&it, Some(keyed())).await, Ok(IdempotentReply::Replay(_))));
}

#[tokio::test]
async fn registrations_are_counted_by_the_network_right_ones_too() {
    let mut it = TestApp::new();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    it.app.policy.attempts_per_address = 1;
    assert!(registered(&it, None).await.is_ok());
    it.app.hasher = Arc::new(MockPasswordHasher::new());
    let refused = registered(&it, None).await;
    assert!(matches!(refused, Err(RegisterError::Throttled(it)) if it.limit == 1));
}
