//! Registering customers, and making operators' accounts from the command line.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Email, Network, Password, Role, User, UserId, UserKey, Username};
use ports::{
    AccountConflict, CommitError, HashPurpose, HashQueueKey, HasherBusy, PortError, StoredReply, UnitOfWork,
    Write,
};

use super::{
    email_verification::{may_send_verification, verification_write},
    login_attempts::LoginAttempt,
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt},
    retry::{Attempt, retry_stale},
};

/// The valid input of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The name to log in with; unique regardless of case.
    pub username: Username,
    /// The e-mail address; unique regardless of case, and also good for logging in.
    pub email: Email,
    /// The password, already checked against the rules; only its hash is stored.
    pub password: Password,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The name, the address or both belong to another account.
    #[error("taken: {0:?}")]
    Taken(Vec<AccountConflict>),
    /// Too many registrations from one network; or too many failed attempts, because a request with an
    /// idempotency key can be used to try passwords.
    #[error("too many registrations")]
    Throttled(Throttled),
    /// The hasher's queue is full or the wait was too long; the client may retry.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The system of record is unavailable, or the account's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for RegisterError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for RegisterError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Makes a customer's account, and replies with the user as `render` writes it. `network` is where the client
/// is.
///
/// A client that knows the idempotency key of a registration could try passwords with it: the right one gets
/// a replay, a wrong one [`KeyError::Reused`]. So a key that is used with other content counts as a failed
/// login, for the network and for the name in the request.
///
/// # Errors
/// [`RegisterError`].
pub async fn register_account<R>(
    app: &App,
    request: Option<IdempotentRequest>,
    account: NewAccount,
    network: Network,
    render: R,
) -> Result<IdempotentReply, RegisterError>
where
    R: Fn(&User) -> StoredReply + Send + Sync,
{
    // Counted before anything is read or hashed, so that a flood from one network costs no more than the
    // counter.
    count_attempt(app, AttemptKind::Register, network).await?;
    let is_mailed = may_send_verification(app, &account.email, network).await;
    let decide = || {
        let decided = async {
            let (work, user) = prepare_account(app, &account, Role::Customer, network).await?;
            let verification =
                || verification_write(app, user.email.clone(), Some(user.key), user.created_at);
            let work = work.with_writes(is_mailed.then(verification).flatten());
            Ok(Decision::with_reply(work, user.id.to_string(), render(&user)))
        };
        box_decision(decided)
    };
    // Without a key there is no replay, so nothing can be learned about a password and nothing is counted
    // below.
    let Some(request) = request else { return run_once(app, None, decide, map_commit_error).await };
    let username = account.username.as_str();
    let known = app.users.find_credentials(username).await?;
    let guess = LoginAttempt::new(app, username, known.as_ref(), network);
    // Not the lock of the account as a whole. That lock refuses logins from unfamiliar networks, and here it
    // would let an attacker prevent the registration of a free name. The check comes before the claim is
    // looked up, because beyond the limit a replay would already confirm the password.
    guess.check_network_limits(app).await?;
    let outcome = run_once(app, Some(&request), decide, map_commit_error).await;
    if matches!(outcome, Err(RegisterError::Key(KeyError::Reused))) {
        guess.count_network_failure(app).await?;
    }
    outcome
}

/// Makes an operator's account. Only the command line calls this; there is no key, so a repeated call is
/// refused because the name is taken.
///
/// # Errors
/// [`RegisterError`].
pub async fn create_operator(app: &App, account: NewAccount) -> Result<User, RegisterError> {
    retry_stale!(app, create_operator_once(app, &account).await)
}

async fn create_operator_once(app: &App, account: &NewAccount) -> Result<User, Attempt<RegisterError>> {
    // The command runs in its own process, so its hash waits for no other; the queue needs some network.
    let here = Network::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let (work, user) = prepare_account(app, account, Role::Operator, here).await?;
    app.store.commit(work).await.map_err(map_commit_error)?;
    Ok(user)
}

async fn prepare_account(
    app: &App,
    account: &NewAccount,
    role: Role,
    network: Network,
) -> Result<(UnitOfWork, User), Attempt<RegisterError>> {
    let NewAccount { username, email, password } = account.clone();
    // Checked first, because this is one read and a hash is expensive. The unique indexes decide at the
    // commit, for two registrations of one name at the same time.
    let taken = app.users.find_account_conflicts(&username, &email).await.map_err(RegisterError::from)?;
    if !taken.is_empty() {
        return Err(RegisterError::Taken(taken).into());
    }
    let share = HashQueueKey { purpose: HashPurpose::Register, network };
    let hash = app.hasher.hash_password(password, share).await.map_err(RegisterError::from)?;
    let user = User {
        key: UserKey::new(app.ids.next_key()),
        id: UserId::new(app.ids.next_id()),
        username,
        email,
        role,
        disabled: false,
        created_at: app.clock.now(),
        changed_at: None,
        second_factor_at: None,
        email_verified_at: None,
        email_revision: 0,
    };
    Ok((UnitOfWork::new().with_write(Write::InsertUser(user.clone(), hash)), user))
}

fn map_commit_error(error: CommitError) -> Attempt<RegisterError> {
    if let CommitError::AccountConflict(taken) = error {
        return RegisterError::Taken(taken).into();
    }
    Attempt::from_commit_error(error)
}

#[cfg(test)]
mod tests;
