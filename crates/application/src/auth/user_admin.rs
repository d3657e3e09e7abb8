//! What may be changed about other people: roles, closed accounts, forgotten passwords.
//!
//! Each change is one commit with its guard. What is true already is no fault and changes nothing, so that each may be
//! asked for again. It is felt on every instance within a second: sessions by [`revocations`], roles by the same look.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Network, Password, Role, User, UserKey};
use ports::{HashPurpose, HashQueueKey, HasherBusy, PortError, UnitOfWork, Write};

use super::revocations;
use crate::{
    App,
    retry::{Attempt, retry_stale},
};

/// How many operators are read at once.
const PAGE_SIZE: u32 = 100;

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserAdminError {
    /// There is no user with this name or address.
    #[error("there is no such user")]
    NotFound,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The record could not be had.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Gives a user that role. Sessions go on, in the new role.
///
/// # Errors
/// [`UserAdminError`].
pub async fn set_role(app: &App, login: &str, role: Role) -> Result<User, UserAdminError> {
    let changed = |user: &User| (user.role != role).then(|| user.with_role(role, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Closes an account, and ends all its sessions: it logs in nowhere until it is [enabled](enable_user).
///
/// # Errors
/// [`UserAdminError`].
pub async fn disable_user(app: &App, login: &str) -> Result<User, UserAdminError> {
    let changed = |user: &User| (!user.disabled).then(|| user.with_disabled_flag(true, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Opens an account again. Its sessions stay ended.
///
/// # Errors
/// [`UserAdminError`].
pub async fn enable_user(app: &App, login: &str) -> Result<User, UserAdminError> {
    let changed = |user: &User| user.disabled.then(|| user.with_disabled_flag(false, app.clock.now()));
    change_user(app, login, &changed).await
}

/// Sets a password without the present one, and ends all sessions of the user.
///
/// # Errors
/// [`UserAdminError`].
pub async fn set_password(app: &App, login: &str, password: Password) -> Result<User, UserAdminError> {
    let share = HashQueueKey {
        purpose: HashPurpose::Change,
        network: Network::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };
    let to = app.hasher.hash_password(password, share).await?;
    let set = async || -> Result<User, Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        let known = known.ok_or(UserAdminError::NotFound)?;
        let user = known.user;
        let change = Write::ChangePassword { user: user.key, from: known.hash, to: to.clone() };
        let work = UnitOfWork::new().with_write(change).with_write(end_sessions_write(app, user.key));
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok(user)
    };
    let user = retry_stale!(app, set().await)?;
    announce_change(app).await;
    Ok(user)
}

/// All operators, by row, oldest account first.
///
/// # Errors
/// [`PortError`].
pub async fn list_operators(app: &App) -> Result<Vec<User>, PortError> {
    let mut all: Vec<User> = Vec::new();
    loop {
        let page = app.users.list_operators(all.last().map(|it| it.key), PAGE_SIZE).await?;
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        all.extend(page);
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(all);
        }
    }
}

/// Commits what `changed` makes of the user; nothing when it makes nothing of it.
async fn change_user(
    app: &App,
    login: &str,
    changed: &(dyn Fn(&User) -> Option<User> + Sync),
) -> Result<User, UserAdminError> {
    let changed_once = async || -> Result<User, Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        let user = known.ok_or(UserAdminError::NotFound)?.user;
        let Some(next) = changed(&user) else { return Ok(user) };
        let update = Write::UpdateUser { user: next.clone(), read: user.changed_at };
        let ended = next.disabled.then(|| end_sessions_write(app, user.key));
        let work = UnitOfWork::new().with_write(update).with_writes(ended);
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok(next)
    };
    let user = retry_stale!(app, changed_once().await)?;
    announce_change(app).await;
    Ok(user)
}

fn end_sessions_write(app: &App, user: UserKey) -> Write {
    Write::RevokeSessions { user, except: None, at: app.clock.now() }
}

/// Committed: if this fails, each instance reads it from the record a little later.
async fn announce_change(app: &App) {
    let _ = revocations::sync_recent(app).await;
    let _ = app.revocation_broadcast.publish().await;
}

#[cfg(test)]
mod tests;
