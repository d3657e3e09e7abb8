//! The changes of a second factor: by its user in a session, and by an operator at the command line.

use std::sync::atomic::AtomicU32;

use domain::{Network, Password, PasswordHash, SecondFactor, User};
use ports::{HashPurpose, HashQueueKey, PortError, SecondFactorWrite, StoredReply, UnitOfWork, Write};

use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    auth::{
        LoginError,
        login_attempts::PasswordAttempt,
        password::{map_commit_error, verify_current_password},
        totp_codes::{find_step, new_recovery_codes, seal_secret, spend_code},
        user_admin::{UserAdminError, announce_change, end_others_write},
    },
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt},
    retry::{Attempt, retry_stale},
    sealed_reply::{open_reply, seal_reply},
    security::SecurityEvent,
};

/// Why a second factor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// As with a login: `Invalid` means that the current password is wrong, `CodeInvalid` that the code is.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The account has a second factor in force; it must be disabled before another one is enrolled.
    #[error("a second factor is in force")]
    InForce,
    /// There is nothing to confirm or to disable.
    #[error("there is no second factor")]
    Missing,
}

impl From<PortError> for SecondFactorError {
    fn from(error: PortError) -> Self {
        Self::Login(error.into())
    }
}

impl UseCaseError for SecondFactorError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Login(LoginError::Failed(_)))
    }
}

/// The input of an enrolment.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// The current password as it was sent, of any length.
    pub current: String,
    /// The network of the client, for the hasher's queue and the log.
    pub network: Network,
}

/// What the user needs to log in with the second factor. It is shown this once, and has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolledFactor {
    /// The secret that the device shares, as base32.
    pub secret: String,
    /// The same as an `otpauth://` address.
    pub url: String,
    /// Codes that are each good once in place of one of the device.
    pub recovery_codes: Vec<String>,
}

/// Enrols a second factor, in place of one that was not confirmed, and replies with it as `render` writes it. No login needs
/// it before it is [confirmed](confirm_second_factor). The stored reply is encrypted.
///
/// # Errors
/// [`SecondFactorError`], never `Missing`.
pub async fn enrol_second_factor<R>(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    enrolment: EnrolmentRequest,
    render: R,
) -> Result<IdempotentReply, SecondFactorError>
where
    R: Fn(EnrolledFactor) -> StoredReply + Send + Sync,
{
    let EnrolmentRequest { current, network } = enrolment;
    let current = Password::sanitize_attempt(current);
    count_attempt(app, AttemptKind::Change, network).await.map_err(LoginError::from)?;
    let guess = PasswordAttempt::new(&caller.user.id, &caller.session, network);
    guess.check_limit(app).await.map_err(LoginError::from)?;
    let decide = || {
        box_decision(async {
            let share = HashQueueKey { purpose: HashPurpose::Change, network };
            let hash = verify_current_password(app, caller.user.key, &current, share, &guess).await;
            let hash = hash.map_err(SecondFactorError::from)?;
            let (work, enrolled) = prepare_enrolment(app, &caller.user, hash).await?;
            let reply = seal_reply(app, render(enrolled));
            Ok(Decision::with_reply(work, caller.user.id.to_string(), reply))
        })
    };
    let rounds = AtomicU32::new(1);
    let outcome = run_once(app, request.as_ref(), decide, |it| map_commit_error(it, &rounds)).await;
    count_reused_key(app, &guess, &outcome).await?;
    Ok(open_reply(app, outcome?)?)
}

async fn prepare_enrolment(
    app: &App,
    user: &User,
    hash: PasswordHash,
) -> Result<(UnitOfWork, EnrolledFactor), SecondFactorError> {
    let found = app.second_factors.find_second_factor(user.key).await?;
    if found.is_some_and(|it| it.confirmed_at.is_some()) {
        return Err(SecondFactorError::InForce);
    }
    let secret = app.one_time_codes.generate_secret();
    let (recovery_codes, recovery_digests) = new_recovery_codes(app);
    let factor = SecondFactor {
        user: user.key,
        sealed_secret: seal_secret(app, &secret),
        created_at: app.clock.now(),
        confirmed_at: None,
        last_step: 0,
        recovery_digests,
        revision: 1,
    };
    let work = UnitOfWork::new()
        .with_write(Write::RequirePassword(user.key, hash))
        .with_write(factor_write(SecondFactorWrite::Enrol(factor)));
    let url = app.one_time_codes.enrolment_url(&secret, user.username.as_str());
    Ok((work, EnrolledFactor { secret, url, recovery_codes }))
}

/// A client that knows the key of a request with a password could try passwords with it.
async fn count_reused_key(
    app: &App,
    guess: &PasswordAttempt<'_>,
    outcome: &Result<IdempotentReply, SecondFactorError>,
) -> Result<(), SecondFactorError> {
    if matches!(outcome, Err(SecondFactorError::Key(KeyError::Reused))) {
        guess.count_failure(app).await.map_err(LoginError::from)?;
    }
    Ok(())
}

/// The input of a confirmation.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeConfirmation {
    /// A code of the device as it was sent, of any length.
    pub code: String,
    /// The network of the client, for the counters and the log.
    pub network: Network,
}

/// Puts the enrolled factor in force with a code that shows that the device has its secret, and ends all other sessions,
/// which began without it. Replies with `reply`.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn confirm_second_factor(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    confirmation: CodeConfirmation,
    reply: StoredReply,
) -> Result<IdempotentReply, SecondFactorError> {
    let CodeConfirmation { code, network } = confirmation;
    let guess = begin_attempt(app, caller, network).await?;
    let decide = || {
        let decided = async {
            let work = prepare_confirmation(app, caller, &code, &guess).await?;
            Ok(Decision::with_reply(work, caller.user.id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let outcome =
        run_once(app, request.as_ref(), decide, Attempt::<SecondFactorError>::from_commit_error).await;
    let answered = count_wrong_code(app, &guess, outcome).await?;
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        SecurityEvent::SecondFactorEnabled { user: &caller.user.id, session: &caller.session, network }.log();
    }
    Ok(answered)
}

async fn prepare_confirmation(
    app: &App,
    caller: &UserCaller,
    code: &str,
    guess: &PasswordAttempt<'_>,
) -> Result<UnitOfWork, Attempt<SecondFactorError>> {
    check_code_limit(app, guess).await?;
    let now = app.clock.now();
    let (user, factor) = find_factor(app, caller).await?;
    if factor.confirmed_at.is_some() {
        return Err(SecondFactorError::InForce.into());
    }
    // Not one for recovery: it does not show that the device has the secret.
    let step = find_step(app, &factor, code).map_err(SecondFactorError::from)?;
    let confirmed = step.and_then(|it| factor.confirm(it, now));
    let confirmed = confirmed.ok_or(SecondFactorError::Login(LoginError::CodeInvalid))?;
    let next = user.with_second_factor(Some(now), now);
    let ended = end_others_write(app, caller).await.map_err(SecondFactorError::from)?;
    Ok(UnitOfWork::new()
        .with_write(factor_write(SecondFactorWrite::Set { user: next, read: user.changed_at }))
        .with_write(factor_write(SecondFactorWrite::Replace(confirmed)))
        .with_write(ended))
}

/// The input of a removal.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorRemoval {
    /// The current password as it was sent, of any length.
    pub current: String,
    /// A code of the device, or one for recovery, as it was sent, of any length.
    pub code: String,
    /// The network of the client, for the hasher's queue, the counters and the log.
    pub network: Network,
}

/// Disables the second factor of the caller, and replies with `reply`. Sessions stay.
///
/// # Errors
/// [`SecondFactorError`], never `InForce`.
pub async fn disable_second_factor(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    removal: FactorRemoval,
    reply: StoredReply,
) -> Result<IdempotentReply, SecondFactorError> {
    let FactorRemoval { current, code, network } = removal;
    let current = Password::sanitize_attempt(current);
    count_attempt(app, AttemptKind::Change, network).await.map_err(LoginError::from)?;
    let password = PasswordAttempt::new(&caller.user.id, &caller.session, network);
    password.check_limit(app).await.map_err(LoginError::from)?;
    let guess = begin_attempt(app, caller, network).await?;
    let decide = || {
        let decided = async {
            let share = HashQueueKey { purpose: HashPurpose::Change, network };
            let hash = verify_current_password(app, caller.user.key, &current, share, &password).await;
            let hash = hash.map_err(SecondFactorError::from)?;
            let work = UnitOfWork::new().with_write(Write::RequirePassword(caller.user.key, hash));
            let work = prepare_removal(app, caller, (&code, &guess), work).await?;
            Ok(Decision::with_reply(work, caller.user.id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let rounds = AtomicU32::new(1);
    let outcome = run_once(app, request.as_ref(), decide, |it| map_commit_error(it, &rounds)).await;
    count_reused_key(app, &password, &outcome).await?;
    let answered = count_wrong_code(app, &guess, outcome).await?;
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        SecurityEvent::SecondFactorDisabled { user: &caller.user.id, session: &caller.session, network }
            .log();
    }
    Ok(answered)
}

async fn prepare_removal(
    app: &App,
    caller: &UserCaller,
    (code, guess): (&str, &PasswordAttempt<'_>),
    work: UnitOfWork,
) -> Result<UnitOfWork, Attempt<SecondFactorError>> {
    check_code_limit(app, guess).await?;
    let (user, factor) = find_factor(app, caller).await?;
    if user.second_factor_at.is_none() {
        return Err(SecondFactorError::Missing.into());
    }
    let spent = spend_code(app, &factor, code).map_err(SecondFactorError::from)?;
    let spent = spent.ok_or(SecondFactorError::Login(LoginError::CodeInvalid))?;
    let next = user.with_second_factor(None, app.clock.now());
    Ok(work
        .with_write(factor_write(SecondFactorWrite::Set { user: next, read: user.changed_at }))
        // The guard: of a login and a removal with one code at the same time one succeeds.
        .with_write(factor_write(SecondFactorWrite::Replace(spent)))
        .with_write(factor_write(SecondFactorWrite::Drop(user.key))))
}

/// The caller as the system of record has it, and the second factor.
async fn find_factor(
    app: &App,
    caller: &UserCaller,
) -> Result<(User, SecondFactor), Attempt<SecondFactorError>> {
    let key = caller.user.key;
    let factor = app.second_factors.find_second_factor(key).await.map_err(SecondFactorError::from)?;
    let factor = factor.ok_or(SecondFactorError::Missing)?;
    let user = app.users.find_user_by_key(key).await.map_err(SecondFactorError::from)?;
    Ok((user.ok_or(SecondFactorError::Missing)?, factor))
}

/// Deletes the second factor of the account with that name or address. Its sessions stay. For an operator at the command
/// line, when device and recovery codes are lost.
///
/// # Errors
/// [`UserAdminError`].
pub async fn reset_second_factor(app: &App, login: &str) -> Result<User, UserAdminError> {
    let reset = async || -> Result<User, Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        let user = known.filter(|it| !it.user.is_erased()).ok_or(UserAdminError::NotFound)?.user;
        let next = user.with_second_factor(None, app.clock.now());
        // Always a guard: a factor that a confirmation puts in force at this moment would be deleted, while the row of
        // the user goes on to say that it is in force, and no login would be accepted.
        let guard = match user.second_factor_at {
            Some(_) => SecondFactorWrite::Set { user: next.clone(), read: user.changed_at },
            None => SecondFactorWrite::RequireNone(user.key),
        };
        let work = UnitOfWork::new()
            .with_write(factor_write(guard))
            .with_write(factor_write(SecondFactorWrite::Drop(user.key)));
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok(next)
    };
    let user = retry_stale!(app, reset().await)?;
    announce_change(app).await;
    Ok(user)
}

fn factor_write(it: SecondFactorWrite) -> Write {
    Write::SecondFactor(Box::new(it))
}

/// An attempt at a code in the caller's session; refused where the session has reached the limit of wrong codes.
async fn begin_attempt<'c>(
    app: &App,
    caller: &'c UserCaller,
    network: Network,
) -> Result<PasswordAttempt<'c>, LoginError> {
    let guess = PasswordAttempt::of_code(&caller.user.id, &caller.session, network);
    guess.check_limit(app).await?;
    Ok(guess)
}

/// Refuses once more at the limit, right before the code is checked: other attempts may have failed while this one waited
/// for its key or its hash, and a result beyond the limit is not revealed.
async fn check_code_limit(app: &App, guess: &PasswordAttempt<'_>) -> Result<(), SecondFactorError> {
    guess.check_limit(app).await.map_err(|it| LoginError::from(it).into())
}

/// Counts an outcome that says that the code is wrong; a success clears the count. A replay does not: its code was not
/// checked, and it can be repeated between guesses.
async fn count_wrong_code(
    app: &App,
    guess: &PasswordAttempt<'_>,
    outcome: Result<IdempotentReply, SecondFactorError>,
) -> Result<IdempotentReply, SecondFactorError> {
    match &outcome {
        Ok(IdempotentReply::New(_)) => guess.clear_failures(app).await,
        Ok(IdempotentReply::Replay(_)) => {}
        Err(SecondFactorError::Login(LoginError::CodeInvalid)) => {
            guess.count_failure(app).await.map_err(LoginError::from)?;
        }
        Err(_) => {}
    }
    outcome
}
