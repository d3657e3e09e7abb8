//! What may be changed about other people: roles, closed accounts, forgotten passwords.
//!
//! Each change is one commit with its guard. What is true already is no fault and changes nothing, so that each may be
//! asked for again. It is felt on every instance within a second: sessions by [`revocations`], roles by the same look.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Network, Password, Role, User, UserKey};
use ports::{HasherBusy, PortError, Purpose, Share, UnitOfWork, Write};

use super::revocations;
use crate::{
    App,
    retry::{Tried, until_settled},
};

/// How many operators are read at once.
const READ_AT_ONCE: u32 = 100;

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
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
/// [`PersonError`].
pub async fn set_role(app: &App, login: &str, role: Role) -> Result<User, PersonError> {
    let changed = |user: &User| (user.role != role).then(|| user.with_role(role, app.clock.now()));
    change(app, login, &changed).await
}

/// Closes an account, and ends all its sessions: it logs in nowhere until it is [enabled](enable).
///
/// # Errors
/// [`PersonError`].
pub async fn disable(app: &App, login: &str) -> Result<User, PersonError> {
    let changed = |user: &User| (!user.disabled).then(|| user.with_disabled(true, app.clock.now()));
    change(app, login, &changed).await
}

/// Opens an account again. Its sessions stay ended.
///
/// # Errors
/// [`PersonError`].
pub async fn enable(app: &App, login: &str) -> Result<User, PersonError> {
    let changed = |user: &User| user.disabled.then(|| user.with_disabled(false, app.clock.now()));
    change(app, login, &changed).await
}

/// Sets a password without the present one, and ends all sessions of the user.
///
/// # Errors
/// [`PersonError`].
pub async fn set_password(app: &App, login: &str, password: Password) -> Result<User, PersonError> {
    let share = Share { purpose: Purpose::Change, network: Network::of(IpAddr::V4(Ipv4Addr::LOCALHOST)) };
    let to = app.hasher.hash(password, share).await?;
    let set = async || -> Result<User, Tried<PersonError>> {
        let known = app.users.find_by_login(login).await.map_err(PersonError::from)?;
        let known = known.ok_or(PersonError::NotFound)?;
        let user = known.user;
        let change = Write::ChangePassword { user: user.key, from: known.hash, to: to.clone() };
        let work = UnitOfWork::new().with(change).with(end_sessions(app, user.key));
        app.store.commit(work).await.map_err(Tried::<PersonError>::commit)?;
        Ok(user)
    };
    let user = until_settled!(app, set().await)?;
    announce(app).await;
    Ok(user)
}

/// All operators, by row, oldest account first.
///
/// # Errors
/// [`PortError`].
pub async fn list_operators(app: &App) -> Result<Vec<User>, PortError> {
    let mut all: Vec<User> = Vec::new();
    loop {
        let page = app.users.list_operators(all.last().map(|it| it.key), READ_AT_ONCE).await?;
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= READ_AT_ONCE;
        all.extend(page);
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(all);
        }
    }
}

/// Commits what `changed` makes of the user; nothing when it makes nothing of it.
async fn change(
    app: &App,
    login: &str,
    changed: &(dyn Fn(&User) -> Option<User> + Sync),
) -> Result<User, PersonError> {
    let changed_once = async || -> Result<User, Tried<PersonError>> {
        let known = app.users.find_by_login(login).await.map_err(PersonError::from)?;
        let user = known.ok_or(PersonError::NotFound)?.user;
        let Some(next) = changed(&user) else { return Ok(user) };
        let update = Write::UpdateUser { user: next.clone(), read: user.changed_at };
        let ended = next.disabled.then(|| end_sessions(app, user.key));
        let work = UnitOfWork::new().with(update).with_all(ended);
        app.store.commit(work).await.map_err(Tried::<PersonError>::commit)?;
        Ok(next)
    };
    let user = until_settled!(app, changed_once().await)?;
    announce(app).await;
    Ok(user)
}

fn end_sessions(app: &App, user: UserKey) -> Write {
    Write::RevokeSessions { user, except: None, at: app.clock.now() }
}

/// Committed: if this fails, each instance reads it from the record a little later.
async fn announce(app: &App) {
    let _ = revocations::glance(app).await;
    let _ = app.sessions_ended.publish().await;
}

#[cfg(test)]
mod tests;
