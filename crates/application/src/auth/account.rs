//! Making accounts.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Email, Network, Password, Role, User, UserId, UserKey, Username};
use ports::{CommitError, HasherBusy, PortError, Purpose, Share, StoredReply, Taken, UnitOfWork, Write};

use super::guesses::Guess;
use crate::{
    Answered, App, KeyError, Request, Throttled,
    idempotent::{Decided, OnceError, box_round, once},
    limits::{Attempt, count_attempt},
    retry::{Tried, until_settled},
};

/// What a user needs to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The address, which also logs in.
    pub email: Email,
    /// The password.
    pub password: Password,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Name or address, or both, are somebody's.
    #[error("taken: {0:?}")]
    Taken(Vec<Taken>),
    /// Too many registrations from one network; or too many failed, which a request with an idempotency key may do: it could
    /// try passwords.
    #[error("too many registrations")]
    Throttled(Throttled),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for RegisterError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl OnceError for RegisterError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Makes a customer's account, and answers with the user as `render` writes it. `network` is where the client is.
///
/// A client that knows the idempotency key of a registration could try passwords with it: the right one gets the first answer
/// again. So a key that is used with something else counts as a failed login, for the network and for the name in it.
///
/// # Errors
/// [`RegisterError`].
pub async fn register<R>(
    app: &App,
    request: Option<Request>,
    account: NewAccount,
    network: Network,
    render: R,
) -> Result<Answered, RegisterError>
where
    R: Fn(&User) -> StoredReply + Send + Sync,
{
    count_attempt(app, Attempt::Register, network).await?;
    let decide = || {
        let decided = async {
            let (work, user) = prepare(app, &account, Role::Customer, network).await?;
            Ok(Decided::answered(work, user.id.to_string(), render(&user)))
        };
        box_round(decided)
    };
    let Some(request) = request else { return once(app, None, decide, explain_refusal).await };
    let username = account.username.as_str();
    let known = app.users.find_by_login(username).await?;
    let guess = Guess::new(app, username, known.as_ref(), network);
    // Not the lock of the account as a whole: it keeps those out who log in, and this would keep a name from being taken.
    guess.check_network(app).await?;
    let outcome = once(app, Some(&request), decide, explain_refusal).await;
    if matches!(outcome, Err(RegisterError::Key(KeyError::Reused))) {
        guess.failed_network(app).await?;
    }
    outcome
}

/// Makes an operator's account: from the command line only.
///
/// # Errors
/// [`RegisterError`].
pub async fn create_operator(app: &App, account: NewAccount) -> Result<User, RegisterError> {
    until_settled!(app, create_once(app, &account).await)
}

async fn create_once(app: &App, account: &NewAccount) -> Result<User, Tried<RegisterError>> {
    let here = Network::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let (work, user) = prepare(app, account, Role::Operator, here).await?;
    app.store.commit(work).await.map_err(explain_refusal)?;
    Ok(user)
}

async fn prepare(
    app: &App,
    account: &NewAccount,
    role: Role,
    network: Network,
) -> Result<(UnitOfWork, User), Tried<RegisterError>> {
    let NewAccount { username, email, password } = account.clone();
    // Before it costs a hash; the commit decides.
    let taken = app.users.taken(&username, &email).await.map_err(RegisterError::from)?;
    if !taken.is_empty() {
        return Err(RegisterError::Taken(taken).into());
    }
    let share = Share { purpose: Purpose::Register, network };
    let hash = app.hasher.hash(password, share).await.map_err(RegisterError::from)?;
    let user = User {
        key: UserKey::new(app.ids.key()),
        id: UserId::new(app.ids.id()),
        username,
        email,
        role,
        disabled: false,
        created_at: app.clock.now(),
        changed_at: None,
    };
    Ok((UnitOfWork::new().with(Write::InsertUser(user.clone(), hash)), user))
}

fn explain_refusal(error: CommitError) -> Tried<RegisterError> {
    if let CommitError::Taken(taken) = error {
        return RegisterError::Taken(taken).into();
    }
    Tried::commit(error)
}

#[cfg(test)]
mod tests;
