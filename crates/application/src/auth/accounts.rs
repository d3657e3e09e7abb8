//! The accounts of all users, for operators: found, listed, changed and logged out over HTTP.
//!
//! Each change is one commit with its guards and takes the idempotent path. A change that is already true succeeds
//! and writes nothing. All instances apply it within a second, as they do with those of `user_admin`.
//!
//! The promise: while operators change each other, at least one active operator remains. A commit that disables or
//! demotes an operator also guards another active operator:
//!
//! ```text
//! UpdateUser(target)         guard: `changed_at` of the target is the one read
//! UpdateUser(other operator) guard: `changed_at` is the one read; a new `changed_at`, nothing else
//! ```
//!
//! Of two operators who demote each other at once, the second commit is stale, and its next round finds no other operator.

use std::sync::{Mutex, PoisonError};

use domain::{Network, Role, Timestamp, User, UserId, session::ListedSession, user::fold_case};
use ports::{Account, AccountFilter, Page, PortError, StoredReply, UnitOfWork, Write};

use super::{
    session::list_sessions_of,
    user_admin::{announce_change, end_sessions_write},
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator, Staff,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::Attempt,
    security::{AccountEvent, SecurityEvent},
};

/// The number of operators that are read at once in search of another active one.
const PAGE_SIZE: u32 = 100;

/// What to change of an account; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountPatch {
    /// Whether the account is disabled. Disabling it ends all its sessions.
    pub disabled: Option<bool>,
    /// The new role. Sessions continue with it.
    pub role: Option<Role>,
}

impl AccountPatch {
    /// The user after the change; `None` if nothing changes.
    fn change_user(self, user: &User, now: Timestamp) -> Option<User> {
        let Self { disabled, role } = self.effective(user);
        let next = role.map(|it| user.with_role(it, now));
        match disabled {
            Some(it) => Some(next.as_ref().unwrap_or(user).with_disabled_flag(it, now)),
            None => next,
        }
    }

    /// What of it changes the user.
    fn effective(self, user: &User) -> Self {
        let role = self.role.filter(|it| *it != user.role);
        Self { disabled: self.disabled.filter(|it| *it != user.disabled), role }
    }

    /// What the security log says about it.
    fn security_events(self) -> impl Iterator<Item = AccountEvent> {
        let disabled = |it| if it { AccountEvent::UserDisabled } else { AccountEvent::UserEnabled };
        self.role.map(|_| AccountEvent::RoleSet).into_iter().chain(self.disabled.map(disabled))
    }
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No user has this id.
    #[error("there is no such user")]
    NotFound,
    /// The account was erased; nothing opens it again.
    #[error("the account was erased")]
    Erased,
    /// No other operator would be left who can log in.
    #[error("it is the last operator")]
    LastOperator,
    /// The system of record is unavailable, or a row that the decision needs cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for AccountError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// The account with that id; `None` if there is none.
///
/// # Errors
/// [`PortError`].
pub async fn find_account(app: &App, _by: &Staff, id: &UserId) -> Result<Option<Account>, PortError> {
    app.users.find_account(id).await
}

/// A page of accounts. The texts of the filter may have any case.
///
/// # Errors
/// [`PortError`].
pub async fn list_accounts(
    app: &App,
    _by: &Staff,
    filter: AccountFilter,
) -> Result<Page<Account>, PortError> {
    let fold = |it: Option<String>| it.map(|it| fold_case(&it));
    let AccountFilter { email, username, prefix, after, limit } = filter;
    let (email, username, prefix) = (fold(email), fold(username), fold(prefix));
    app.users.list_accounts(AccountFilter { email, username, prefix, after, limit }).await
}

/// Changes role and `disabled` of an account, and replies with it as `render` writes it. `network` is where the
/// operator is.
///
/// # Errors
/// [`AccountError`].
pub async fn change_account<R>(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    (id, patch): (&UserId, AccountPatch),
    network: Network,
    render: R,
) -> Result<IdempotentReply, AccountError>
where
    R: Fn(&Account) -> StoredReply + Send + Sync,
{
    let changed = Mutex::new(AccountPatch::default());
    let decide = || box_decision(decide_change(app, id, patch, &render, &changed));
    let answered =
        run_once(app, request.as_ref(), decide, Attempt::<AccountError>::from_commit_error).await?;
    // For a replay too: the process that committed may have died before it announced the change.
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        let changed = *changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.security_events().for_each(|event| log_event(event, id, by, network));
    }
    Ok(answered)
}

async fn decide_change<R>(
    app: &App,
    id: &UserId,
    patch: AccountPatch,
    render: &R,
    changed: &Mutex<AccountPatch>,
) -> Result<Decision<StoredReply>, Attempt<AccountError>>
where
    R: Fn(&Account) -> StoredReply + Send + Sync,
{
    let found = app.users.find_account(id).await.map_err(AccountError::from)?;
    let account = found.ok_or(AccountError::NotFound)?;
    if account.user.is_erased() {
        return Err(AccountError::Erased.into());
    }
    *changed.lock().unwrap_or_else(PoisonError::into_inner) = patch.effective(&account.user);
    let Some(next) = patch.change_user(&account.user, app.clock.now()) else {
        return Ok(Decision::with_reply(UnitOfWork::new(), id.to_string(), render(&account)));
    };
    let mut work =
        UnitOfWork::new().with_write(Write::UpdateUser { user: next.clone(), read: account.user.changed_at });
    if is_active_operator(&account.user) && !is_active_operator(&next) {
        let other_operator = guard_other_operator(app, &account.user).await.map_err(AccountError::from)?;
        work = work.with_write(other_operator.ok_or(AccountError::LastOperator)?);
    }
    // In one commit with the disabled flag. If these were two commits and the process died in between, a disabled
    // account would keep its sessions.
    let is_newly_disabled = next.disabled && !account.user.disabled;
    if is_newly_disabled {
        // The reset, too: a token that is on its way must not be valid once the account is enabled again.
        work =
            work.with_write(end_sessions_write(app, next.key)).with_write(Write::DropPasswordReset(next.key));
    }
    Ok(Decision::with_reply(work, id.to_string(), render(&Account { user: next, ..account })))
}

pub(super) fn is_active_operator(user: &User) -> bool {
    user.role == Role::Operator && !user.disabled
}

/// The write that guards that another operator stays active until the commit; `None` if there is no other.
pub(super) async fn guard_other_operator(app: &App, user: &User) -> Result<Option<Write>, PortError> {
    let mut after = None;
    loop {
        let page = app.users.list_operators(after, PAGE_SIZE).await?;
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        after = page.last().map(|it| it.key);
        if let Some(other_operator) = page.into_iter().find(|it| it.key != user.key && is_active_operator(it))
        {
            // The row gets a new `changed_at` and is otherwise as it was. A read inside the commit would lock
            // nothing, and databases that certify commits do not see what was only locked.
            let confirmed = other_operator.with_role(other_operator.role, app.clock.now());
            return Ok(Some(Write::UpdateUser { user: confirmed, read: other_operator.changed_at }));
        }
        // Each full page ends at a larger key than the one before, so the loop ends.
        if !full {
            return Ok(None);
        }
    }
}

/// The live sessions of a user, newest first, at most 1,000; `None` if there is no such user.
///
/// # Errors
/// [`PortError`].
pub async fn list_account_sessions(
    app: &App,
    _by: &Operator,
    id: &UserId,
) -> Result<Option<Vec<ListedSession>>, PortError> {
    match app.users.find_user(id).await? {
        Some(user) => list_sessions_of(app, user.key).await.map(Some),
        None => Ok(None),
    }
}

/// Ends all sessions of a user, and replies with `reply`. The operator's own session ends, too, if it is one of them.
///
/// # Errors
/// [`AccountError`].
pub async fn end_account_sessions(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    id: &UserId,
    network: Network,
    reply: StoredReply,
) -> Result<IdempotentReply, AccountError> {
    let decide = || {
        let decided = async {
            let user = app.users.find_user(id).await.map_err(AccountError::from)?;
            let user = user.ok_or(AccountError::NotFound)?;
            let work = UnitOfWork::new().with_write(end_sessions_write(app, user.key));
            Ok(Decision::with_reply(work, id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let answered =
        run_once(app, request.as_ref(), decide, Attempt::<AccountError>::from_commit_error).await?;
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        log_event(AccountEvent::SessionsEnded, id, by, network);
    }
    Ok(answered)
}

fn log_event(event: AccountEvent, user: &UserId, by: &Operator, network: Network) {
    let caller = by.caller();
    let (by, session) = (&caller.user.id, &caller.session);
    SecurityEvent::AccountChanged { event, user, by, session, network }.log();
}

#[cfg(test)]
mod tests;
