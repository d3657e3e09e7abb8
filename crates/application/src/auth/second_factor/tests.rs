use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::{Network, Password, SecondFactor, Timestamp};
use ports::{MockPasswordHasher, MockThrottle, StoredReply};

use super::*;
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Throttled, UserCaller,
    auth::{
        LoginError, LoginRequest, TokenPair, login,
        login::VERIFICATIONS_MAX,
        totp_codes::check_login_code,
        user_admin::{set_password, unlock_user},
    },
    testing::*,
};

const RIGHT: &str = "green tea";

/// Ada's account, with the password.
fn ada_app() -> TestApp {
    TestApp::new().with_state(|it| it.users = vec![account_of(ada(), RIGHT)])
}

fn caller() -> UserCaller {
    UserCaller { user: ada(), session: session().id }
}

async fn enrol(app: &App) -> Result<EnrolledFactor, SecondFactorError> {
    let shown = Mutex::new(None);
    enrol_with(app, None, RIGHT, &shown).await?;
    Ok(shown.into_inner().unwrap().unwrap())
}

/// Enrols under a key, with a reply whose body is the secret. What the reply was rendered with is put in `shown`.
async fn enrol_with(
    app: &App,
    key: Option<IdempotentRequest>,
    current: &str,
    shown: &Mutex<Option<EnrolledFactor>>,
) -> Result<IdempotentReply, SecondFactorError> {
    let enrolment = EnrolmentRequest { current: current.to_owned(), network: network() };
    let render = |it: EnrolledFactor| {
        let body = it.secret.clone();
        *shown.lock().unwrap() = Some(it);
        StoredReply { status: 200, location: None, etag: None, body }
    };
    enrol_second_factor(app, &caller(), key, enrolment, render).await
}

async fn confirm(app: &App, code: &str) -> Result<IdempotentReply, SecondFactorError> {
    let confirmation = CodeConfirmation { code: code.to_owned(), network: network() };
    confirm_second_factor(app, &caller(), None, confirmation, reply("")).await
}

async fn disable(app: &App, current: &str, code: &str) -> Result<IdempotentReply, SecondFactorError> {
    let removal = FactorRemoval { current: current.to_owned(), code: code.to_owned(), network: network() };
    disable_second_factor(app, &caller(), None, removal, reply("")).await
}

async fn log_in(app: &App, password: &str, code: Option<&str>) -> Result<TokenPair, LoginError> {
    log_in_from(app, network(), password, code).await
}

async fn log_in_from(
    app: &App,
    network: Network,
    password: &str,
    code: Option<&str>,
) -> Result<TokenPair, LoginError> {
    let (login_name, password) = ("ada".to_owned(), password.to_owned());
    let (code, origin) = (code.map(str::to_owned), origin_at(network));
    login(app, LoginRequest { login: login_name, password, code, origin }).await
}

/// The code that the device shows now.
fn shown_code(it: &TestApp) -> String {
    format!("{:06}", CountingCodes::step_at(it.app.clock.now()))
}

/// With a factor in force since the step before, and its recovery codes.
async fn protected() -> (TestApp, Vec<String>) {
    let it = ada_app();
    let enrolled = enrol(&it.app).await.unwrap();
    confirm(&it.app, &shown_code(&it)).await.unwrap();
    it.clock.advance(STEP);
    (it, enrolled.recovery_codes)
}

fn stored(it: &TestApp) -> Option<SecondFactor> {
    it.record.state().second_factors.into_iter().next()
}

fn in_force_since(it: &TestApp) -> Option<Timestamp> {
    it.record.state().users.into_iter().next().and_then(|it| it.user.second_factor_at)
}

#[tokio::test]
async fn an_enrolled_factor_is_in_force_once_a_code_was_shown_back() {
    let it = ada_app();
    let enrolled = enrol(&it.app).await.unwrap();
    assert_eq!(enrolled.recovery_codes.len(), 10);
    let kept = stored(&it).unwrap();
    assert!(!kept.sealed_secret.is_empty() && kept.sealed_secret != enrolled.secret);
    assert!(enrolled.recovery_codes.iter().all(|code| !kept.recovery_digests.contains(code)));
    log_in(&it.app, RIGHT, None).await.unwrap();
    let wrong = confirm(&it.app, "000000").await;
    assert!(matches!(wrong, Err(SecondFactorError::Login(LoginError::CodeInvalid))));
    let by_recovery = confirm(&it.app, &enrolled.recovery_codes[0]).await;
    assert!(
        matches!(by_recovery, Err(SecondFactorError::Login(LoginError::CodeInvalid))),
        "it is not the device"
    );
    assert_eq!(in_force_since(&it), None);
    confirm(&it.app, &shown_code(&it)).await.unwrap();
    assert_eq!(in_force_since(&it), Some(NOW));
    assert!(matches!(enrol(&it.app).await, Err(SecondFactorError::InForce)));
    assert!(matches!(confirm(&it.app, &shown_code(&it)).await, Err(SecondFactorError::InForce)));
}

#[tokio::test]
async fn nothing_is_enrolled_with_a_wrong_password_and_nothing_confirmed_without_an_enrolment() {
    let it = ada_app();
    let wrong = enrol_with(&it.app, None, "black tea", &Mutex::default()).await;
    assert!(matches!(wrong, Err(SecondFactorError::Login(LoginError::Invalid))));
    assert_eq!(stored(&it), None);
    assert!(matches!(confirm(&it.app, &shown_code(&it)).await, Err(SecondFactorError::Missing)));
    assert!(matches!(disable(&it.app, RIGHT, &shown_code(&it)).await, Err(SecondFactorError::Missing)));
}

#[tokio::test]
async fn an_enrolment_is_repeated_under_its_key_and_stores_no_secret_in_the_open() {
    let it = ada_app();
    let enrol = async |key: IdempotentRequest| enrol_with(&it.app, Some(key), RIGHT, &Mutex::default()).await;
    let IdempotentReply::New(first) = enrol(request()).await.unwrap() else { panic!("it is new") };
    assert!(!first.body.is_empty());
    let claim = it.app.claims.find_claim(&request().key).await.unwrap().unwrap();
    assert!(!claim.reply.unwrap().body.contains(&first.body));
    assert_eq!(enrol(request()).await.unwrap(), IdempotentReply::Replay(first));
    assert!(matches!(enrol(other_request()).await, Err(SecondFactorError::Key(KeyError::Reused))));
}

#[tokio::test]
async fn a_hash_that_logins_make_again_meanwhile_stands_in_no_way_of_an_enrolment() {
    for (times, is_enrolled) in [(1, true), (VERIFICATIONS_MAX - 1, true), (VERIFICATIONS_MAX, false)] {
        let mut it = ada_app();
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_verify_password().returning(|_, _, _| Ok(true));
        it.app.hasher = Arc::new(hasher);
        for time in 0..times {
            it.record.before_next_commit(move |it| it.users[0].hash = hash_of(&format!("again {time}")));
        }
        match enrol(&it.app).await {
            Ok(_) => assert!(is_enrolled, "{times}"),
            // Not that the password is wrong.
            Err(SecondFactorError::Login(LoginError::Failed(_))) => assert!(!is_enrolled, "{times}"),
            Err(other) => panic!("{times}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_is_enrolled_for_an_account_that_is_closed_meanwhile() {
    let mut it = ada_app();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify_password().times(1).returning(|_, _, _| Ok(true));
    it.app.hasher = Arc::new(hasher);
    it.record.before_next_commit(|it| it.users[0].user = ada().with_disabled_flag(true, NOW));
    let refused = enrol(&it.app).await;
    assert!(matches!(refused, Err(SecondFactorError::Login(LoginError::Invalid))));
    assert_eq!(stored(&it), None);
}

#[tokio::test]
async fn a_login_needs_a_code_that_was_not_used_and_says_so_only_to_the_right_password() {
    let (it, recovery) = protected().await;
    for code in [None, Some("000000"), Some(recovery[0].as_str())] {
        assert!(matches!(log_in(&it.app, "black tea", code).await, Err(LoginError::Invalid)), "{code:?}");
    }
    assert!(matches!(log_in(&it.app, RIGHT, None).await, Err(LoginError::CodeRequired)));
    let long = "1".repeat(5_000);
    for wrong in ["", "000000", "xxxxx-xxxxx", long.as_str()] {
        assert!(matches!(log_in(&it.app, RIGHT, Some(wrong)).await, Err(LoginError::CodeInvalid)), "{wrong}");
    }
    let code = shown_code(&it);
    log_in(&it.app, RIGHT, Some(&code)).await.unwrap();
    assert!(matches!(log_in(&it.app, RIGHT, Some(&code)).await, Err(LoginError::CodeInvalid)), "it was used");
}

#[tokio::test]
async fn a_recovery_code_is_good_once_however_it_is_typed() {
    let (it, recovery) = protected().await;
    let typed = recovery[3].to_uppercase().replace('-', " ");
    log_in(&it.app, RIGHT, Some(&typed)).await.unwrap();
    assert_eq!(stored(&it).unwrap().recovery_digests.len(), 9);
    assert!(matches!(log_in(&it.app, RIGHT, Some(&recovery[3])).await, Err(LoginError::CodeInvalid)));
    log_in(&it.app, RIGHT, Some(&recovery[4])).await.unwrap();
}

#[tokio::test]
async fn wrong_codes_count_as_wrong_passwords_do_and_the_right_password_does_not_clear_them() {
    let (mut it, _) = protected().await;
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..it.app.policy.login_failures_per_account {
        assert!(matches!(log_in(&it.app, RIGHT, Some("000000")).await, Err(LoginError::CodeInvalid)));
        let unasked = log_in(&it.app, RIGHT, None).await;
        assert!(matches!(unasked, Err(LoginError::CodeRequired | LoginError::Throttled(_))));
    }
    let code = shown_code(&it);
    let refused = log_in(&it.app, RIGHT, Some(&code)).await;
    assert!(matches!(refused, Err(LoginError::Throttled(Throttled { .. }))), "though it is right");
}

#[tokio::test]
async fn wrong_codes_in_a_session_have_a_limit_that_the_right_password_does_not_lift() {
    let (mut it, _) = protected().await;
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..it.app.policy.login_failures_per_account {
        let wrong = disable(&it.app, RIGHT, "000000").await;
        assert!(matches!(wrong, Err(SecondFactorError::Login(LoginError::CodeInvalid))));
    }
    let refused = disable(&it.app, RIGHT, &shown_code(&it)).await;
    assert!(matches!(refused, Err(SecondFactorError::Login(LoginError::Throttled(_)))));
}

/// The network of that number.
fn network_of(number: u8) -> Network {
    Network::from_address(IpAddr::from([10, 0, 0, number]))
}

const NEW: &str = "white tea, please";

/// As who reads the user's mails can, and as an operator does.
async fn restart_counts_of_passwords(it: &TestApp) {
    set_password(&it.app, "ada", Password::parse(NEW).unwrap()).await.unwrap();
    unlock_user(&it.app, "ada").await.unwrap();
}

#[tokio::test]
async fn a_new_password_buys_no_guesses_at_the_code() {
    let (mut it, _) = protected().await;
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for _ in 0..it.app.policy.login_failures_per_account {
        assert!(matches!(log_in(&it.app, RIGHT, Some("000000")).await, Err(LoginError::CodeInvalid)));
    }
    restart_counts_of_passwords(&it).await;
    let refused = log_in(&it.app, NEW, Some(&shown_code(&it))).await;
    assert!(matches!(refused, Err(LoginError::Throttled(_))), "though it is right");
    it.clock.advance(it.app.policy.login_window);
    log_in(&it.app, NEW, Some(&shown_code(&it))).await.unwrap();
}

#[tokio::test]
async fn an_account_locks_for_codes_from_anywhere_whatever_its_password_is() {
    let (mut it, _) = protected().await;
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for number in 0..100 {
        let wrong = log_in_from(&it.app, network_of(number), RIGHT, Some("000000")).await;
        assert!(matches!(wrong, Err(LoginError::CodeInvalid)), "{number}");
    }
    restart_counts_of_passwords(&it).await;
    let refused = log_in_from(&it.app, network_of(200), NEW, Some(&shown_code(&it))).await;
    assert!(matches!(refused, Err(LoginError::Throttled(it)) if it.limit == 100));
    let wrong = log_in_from(&it.app, network_of(200), RIGHT, None).await;
    assert!(matches!(wrong, Err(LoginError::Invalid)), "passwords are not locked with it");
}

#[tokio::test]
async fn a_login_with_a_code_forgets_the_wrong_ones_of_its_network() {
    let (mut it, recovery) = protected().await;
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    for right in &recovery[..3] {
        for _ in 1..it.app.policy.login_failures_per_account {
            assert!(matches!(log_in(&it.app, RIGHT, Some("000000")).await, Err(LoginError::CodeInvalid)));
        }
        log_in(&it.app, RIGHT, Some(right)).await.unwrap();
    }
}

/// Counts that others raise to the limit after that many reads.
fn raised_after(reads: u32) -> Arc<MockThrottle> {
    let asked = AtomicU32::new(0);
    let count = move || Ok(if asked.fetch_add(1, Ordering::SeqCst) < reads { 0 } else { 10 });
    Arc::new(mock_throttle(count, || Ok(1)))
}

#[tokio::test]
async fn a_right_code_beyond_the_limit_of_the_session_is_not_confirmed() {
    let mut it = ada_app();
    enrol(&it.app).await.unwrap();
    // One read before the claim of the key, then others have failed in the meantime.
    it.app.throttle = raised_after(1);
    let refused = confirm(&it.app, &shown_code(&it)).await;
    assert!(matches!(refused, Err(SecondFactorError::Login(LoginError::Throttled(_)))), "{refused:?}");
    assert_eq!(in_force_since(&it), None);
    let (mut it, _) = protected().await;
    // Two of passwords and one of codes, the last of them after the hash.
    it.app.throttle = raised_after(3);
    let refused = disable(&it.app, RIGHT, &shown_code(&it)).await;
    assert!(matches!(refused, Err(SecondFactorError::Login(LoginError::Throttled(_)))), "{refused:?}");
    assert!(in_force_since(&it).is_some());
}

#[tokio::test]
async fn a_replay_buys_no_guesses_at_the_code() {
    let mut it = ada_app();
    it.app.throttle = Arc::new(MemoryThrottle::new(it.clock.clone()));
    enrol(&it.app).await.unwrap();
    let code = shown_code(&it);
    let confirm_again = async |it: &TestApp| {
        let confirmation = CodeConfirmation { code: code.clone(), network: network() };
        confirm_second_factor(&it.app, &caller(), Some(request()), confirmation, reply("")).await
    };
    assert_eq!(confirm_again(&it).await.unwrap(), IdempotentReply::New(reply("")));
    it.clock.advance(STEP);
    for _ in 0..it.app.policy.login_failures_per_account {
        assert_eq!(confirm_again(&it).await.unwrap(), IdempotentReply::Replay(reply("")));
        let wrong = disable(&it.app, RIGHT, "000000").await;
        assert!(matches!(wrong, Err(SecondFactorError::Login(LoginError::CodeInvalid))), "{wrong:?}");
    }
    let refused = disable(&it.app, RIGHT, &shown_code(&it)).await;
    assert!(matches!(refused, Err(SecondFactorError::Login(LoginError::Throttled(_)))), "{refused:?}");
}

#[tokio::test]
async fn it_is_disabled_by_password_and_code_and_nothing_is_left_of_it() {
    let (it, _) = protected().await;
    let code = shown_code(&it);
    let wrong = disable(&it.app, "black tea", &code).await;
    assert!(matches!(wrong, Err(SecondFactorError::Login(LoginError::Invalid))));
    disable(&it.app, RIGHT, &code).await.unwrap();
    assert_eq!((stored(&it), in_force_since(&it)), (None, None));
    log_in(&it.app, RIGHT, None).await.unwrap();
}

#[tokio::test]
async fn an_operator_resets_what_was_lost() {
    let (it, _) = protected().await;
    for _ in 0..2 {
        reset_second_factor(&it.app, "ada").await.unwrap();
        assert_eq!((stored(&it), in_force_since(&it)), (None, None));
    }
    log_in(&it.app, RIGHT, None).await.unwrap();
    assert!(reset_second_factor(&it.app, "stranger").await.is_err());
}

#[tokio::test]
async fn a_reset_beside_a_confirmation_leaves_an_account_that_can_log_in() {
    let it = ada_app();
    enrol(&it.app).await.unwrap();
    it.record.before_next_commit(|state| {
        state.users[0].user = ada().with_second_factor(Some(NOW), NOW);
        state.second_factors[0].confirmed_at = Some(NOW);
    });
    reset_second_factor(&it.app, "ada").await.unwrap();
    assert_eq!((stored(&it), in_force_since(&it)), (None, None));
    log_in(&it.app, RIGHT, None).await.unwrap();
}

#[tokio::test]
async fn a_login_that_was_checked_before_a_factor_was_in_force_is_asked_for_the_code() {
    let (it, _) = protected().await;
    // As it was read before.
    let write = check_login_code(&it.app, &ada(), None).await.unwrap();
    assert_eq!(write, ports::SecondFactorWrite::RequireNone(ada().key));
    let work = ports::UnitOfWork::new().with_write(ports::Write::SecondFactor(Box::new(write)));
    assert!(matches!(it.app.store.commit(work).await, Err(ports::CommitError::Stale)));
}
