//! Changes that operators make to other users' accounts: roles, disabled accounts, forgotten passwords.
//!
//! Each change is one commit with its guard. A change that is already true succeeds and writes nothing, so
//! each command may be repeated. All instances apply it within a second: ended sessions and changed users are
//! read together by [`revocations`]. Unlike [`accounts`](super::accounts), a command may also change the last
//! operator: a command-line user can create another one.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Network, Password, Role, SessionId, User, UserKey};
use ports::{HashPurpose, HashQueueKey, HasherBusy, PortError, UnitOfWork, Write};

use super::revocations;
use crate::{
    App, Staff, UserCaller,
    retry::{Attempt, retry_stale},
};

/// The number of operators on one page of the list.
const PAGE_SIZE: u32 = 100;

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserAdminError {
    /// No user has this name or e-mail address.
    #[error("there is no such user")]
    NotFound,
    /// The hasher's queue is full; run the command again.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The system of record is unavailable, or the user's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Gives a user that role. Sessions continue with the new role.
///
/// # Errors
/// [`UserAdminError`].
pub async fn set_role(app: &App, login: &str, role: Role) -> Result<User, UserAdminError> {
    let changed = |user: &User| (user.role != role).then(|| user.with_role(role, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Disables an account and ends all its sessions. No login succeeds until it is [enabled](enable_user).
///
/// # Errors
/// [`UserAdminError`].
pub async fn disable_user(app: &App, login: &str) -> Result<User, UserAdminError> {
    let changed = |user: &User| (!user.disabled).then(|| user.with_disabled_flag(true, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Enables an account again. Its ended sessions stay ended.
///
/// # Errors
/// [`UserAdminError`].
pub async fn enable_user(app: &App, login: &str) -> Result<User, UserAdminError> {
    let changed = |user: &User| user.disabled.then(|| user.with_disabled_flag(false, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Ends all locks of the account's login, on every instance. Its counts of failed logins start over, because they are
/// kept under `changed_at`, which gets a new value. Those of wrong codes of a second factor stay.
///
/// # Errors
/// [`UserAdminError`].
pub async fn unlock_user(app: &App, login: &str) -> Result<User, UserAdminError> {
    let changed = |user: &User| Some(user.with_role(user.role, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Sets a password without the current one, and ends all sessions of the user.
///
/// # Errors
/// [`UserAdminError`].
pub async fn set_password(app: &App, login: &str, password: Password) -> Result<User, UserAdminError> {
    let share = HashQueueKey {
        purpose: HashPurpose::Change,
        network: Network::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };
    // Hashed once, outside the retried part: a stale commit repeats two reads and not the expensive hash.
    let to = app.hasher.hash_password(password, share).await?;
    let set = async || -> Result<User, Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        let known = known.ok_or(UserAdminError::NotFound)?;
        let user = known.user;
        let change = Write::ChangePassword { user: user.key, from: known.hash, to: to.clone() };
        let work = UnitOfWork::new()
            .with_write(change)
            .with_write(Write::DropPasswordReset(user.key))
            .with_write(end_sessions_write(app, user.key));
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok(user)
    };
    let user = retry_stale!(app, set().await)?;
    announce_change(app).await;
    Ok(user)
}

/// All operators in the order of their row keys, oldest account first.
///
/// # Errors
/// [`PortError`].
pub async fn list_operators(app: &App) -> Result<Vec<User>, PortError> {
    let mut all: Vec<User> = Vec::new();
    loop {
        let page = app.users.list_operators(all.last().map(|it| it.key), PAGE_SIZE).await?;
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        all.extend(page);
        // Each full page ends at a larger key than the one before, so the loop ends.
        if !full {
            return Ok(all);
        }
    }
}

/// Why a command cannot act as this operator.
#[derive(Debug, thiserror::Error)]
pub enum FindOperatorError {
    /// No user has this name or e-mail address.
    #[error("there is no such user")]
    NotFound,
    /// The user is no operator, or the account is disabled.
    #[error("the user is no operator, or disabled")]
    NotOperator,
    /// The system of record is unavailable, or the user's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The operator with that name or e-mail address, as the author of what a command changes. There is no session and no
/// password: the person who runs the command can write to the database anyway.
///
/// # Errors
/// [`FindOperatorError`].
pub async fn find_operator(app: &App, login: &str) -> Result<Staff, FindOperatorError> {
    let known = app.users.find_credentials(login).await?;
    let user = known.filter(|it| !it.user.is_erased()).ok_or(FindOperatorError::NotFound)?.user;
    if user.disabled {
        return Err(FindOperatorError::NotOperator);
    }
    // Of a session that does not exist: only the user is stored with a change.
    let caller = UserCaller { user, session: SessionId::new(app.ids.next_id()) };
    caller.into_operator().map(Staff::from).ok_or(FindOperatorError::NotOperator)
}

/// Commits the user that `changed` returns; `None` writes nothing.
async fn change_user(
    app: &App,
    login: &str,
    changed: &(dyn Fn(&User) -> Option<User> + Sync),
) -> Result<User, UserAdminError> {
    let changed_once = async || -> Result<User, Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        // An erased account has a name too, which says nothing; it stays as it is.
        let user = known.filter(|it| !it.user.is_erased()).ok_or(UserAdminError::NotFound)?.user;
        let Some(next) = changed(&user) else { return Ok(user) };
        let update = Write::UpdateUser { user: next.clone(), read: user.changed_at };
        // In one commit with the disabled flag. If these were two commits and the process died in between, a
        // disabled account would keep its sessions.
        let ended = next.disabled.then(|| end_sessions_write(app, user.key));
        let dropped = next.disabled.then_some(Write::DropPasswordReset(user.key));
        let work = UnitOfWork::new().with_write(update).with_writes(ended).with_writes(dropped);
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok(next)
    };
    let user = retry_stale!(app, changed_once().await)?;
    announce_change(app).await;
    Ok(user)
}

pub(super) fn end_sessions_write(app: &App, user: UserKey) -> Write {
    Write::RevokeSessions { user, except: None, at: app.clock.now() }
}

/// The write that ends all sessions of the caller but the present one.
pub(super) async fn end_others_write(app: &App, caller: &UserCaller) -> Result<Write, PortError> {
    let session = app.sessions.find_session(&caller.session).await?;
    let (user, at) = (caller.user.key, app.clock.now());
    Ok(Write::RevokeSessions { user, except: session.map(|it| it.key), at })
}

/// Notifies all instances after a commit. If it fails, each instance reads the change at its next
/// synchronisation.
pub(super) async fn announce_change(app: &App) {
    let _ = revocations::sync_recent(app).await;
    let _ = app.revocation_broadcast.publish().await;
}

#[cfg(test)]
mod tests;
