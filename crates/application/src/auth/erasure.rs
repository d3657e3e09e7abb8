//! Erasing an account by its user.
//!
//! ```text
//! right password? ─► last operator? ─► open order? ─► one commit                     ─► a sweep
//!                                                     EraseUser                          orders, 100 at a time
//!                                                     RevokeSessions, DropPasswordReset  stored replies, networks
//!                                                     CloseOpenOrders                    finished
//! ```
//!
//! After the commit nothing logs in to the account, its name and address are free, and within a second no session of it is
//! accepted anywhere. The orders still show contact, address, metadata and parcel until the sweep has come to them: see
//! [`sweeps::erase_accounts`](crate::sweeps::erase_accounts). The row of the user stays, because orders, payments and
//! the authors of changes refer to it.

use std::sync::atomic::AtomicU32;

use domain::{Network, Password, PasswordHash, User, UserKey, order::OrderStatus};
use ports::{
    HashPurpose, HashQueueKey, PortError, SecondFactorWrite, StoredReply, UnitOfWork, UserErasure, Write,
};

use super::{
    accounts::{guard_other_operator, is_active_operator},
    login::LoginError,
    login_attempts::PasswordAttempt,
    password::{map_commit_error, verify_current_password},
    user_admin::{announce_change, end_sessions_write},
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt},
    retry::Attempt,
    security::SecurityEvent,
};

/// A text that is no hash, so that no password has it.
const NO_HASH: &str = "*";

/// The input of an erasure.
#[derive(Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    /// The current password as it was sent, of any length.
    pub current: String,
    /// The network of the client, for the hasher's queue and the log.
    pub network: Network,
}

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// As with a login; `Invalid` means that the current password is wrong.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// An order of the user still [needs its customer](OrderStatus::needs_customer), also one that cannot be read.
    #[error("an order is open")]
    OpenOrders,
    /// No other operator would be left who can log in.
    #[error("it is the last operator")]
    LastOperator,
}

impl From<PortError> for ErasureError {
    fn from(error: PortError) -> Self {
        Self::Login(error.into())
    }
}

impl UseCaseError for ErasureError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Login(LoginError::Failed(_)))
    }
}

/// Erases the caller's account, and replies with `reply`. A sweep erases the data of its orders afterwards.
///
/// Wrong current passwords, and a key that is used with other content, are counted as for a change of the password.
///
/// # Errors
/// [`ErasureError`].
pub async fn erase_account(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    erasure: ErasureRequest,
    reply: StoredReply,
) -> Result<IdempotentReply, ErasureError> {
    let network = erasure.network;
    let current = Password::sanitize_attempt(erasure.current);
    count_attempt(app, AttemptKind::Change, network).await.map_err(LoginError::from)?;
    let user = &caller.user.id;
    let guess = PasswordAttempt::new(user, &caller.session, network);
    guess.check_limit(app).await.map_err(LoginError::from)?;
    let decide = || {
        let decided = async {
            let share = HashQueueKey { purpose: HashPurpose::Change, network };
            let hash = verify_current_password(app, caller.user.key, &current, share, &guess).await;
            let work = prepare_erasure(app, &caller.user, hash.map_err(ErasureError::from)?).await?;
            Ok(Decision::with_reply(work, user.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let rounds = AtomicU32::new(1);
    let outcome = run_once(app, request.as_ref(), decide, |it| map_commit_error(it, &rounds)).await;
    if matches!(outcome, Err(ErasureError::Key(KeyError::Reused))) {
        guess.count_failure(app).await.map_err(LoginError::from)?;
    }
    let answered = outcome?;
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        SecurityEvent::AccountErased { user, session: &caller.session, network }.log();
    }
    Ok(answered)
}

async fn prepare_erasure(
    app: &App,
    user: &User,
    from: PasswordHash,
) -> Result<UnitOfWork, Attempt<ErasureError>> {
    let account = app.users.find_account(&user.id).await.map_err(ErasureError::from)?;
    // Nothing deletes the row of a user.
    let account = account.ok_or(ErasureError::Login(LoginError::Invalid))?;
    let (read, now) = (account.user, app.clock.now());
    let other_operator = if is_active_operator(&read) {
        let found = guard_other_operator(app, &read).await.map_err(ErasureError::from)?;
        Some(found.ok_or(ErasureError::LastOperator)?)
    } else {
        None
    };
    // After the number of placed orders was read above, and in this order: an order that is placed in between is
    // seen here or makes the commit stale.
    if has_open_order(app, read.key).await.map_err(ErasureError::from)? {
        return Err(ErasureError::OpenOrders.into());
    }
    let erased = read.erase(&app.ids.next_id(), now);
    let to = PasswordHash::new(NO_HASH.to_owned());
    let erasure = UserErasure { user: erased, read: read.changed_at, from, to, at: now };
    Ok(UnitOfWork::new()
        .with_write(Write::EraseUser(Box::new(erasure)))
        .with_write(Write::DropPasswordReset(read.key))
        .with_write(Write::SecondFactor(Box::new(SecondFactorWrite::Drop(read.key))))
        .with_write(end_sessions_write(app, read.key))
        .with_write(Write::CloseOpenOrders { owner: read.key, placed: account.order_count })
        .with_writes(other_operator))
}

/// Whether an order needs its customer, readable or not: the list of orders leaves out what cannot be read.
async fn has_open_order(app: &App, owner: UserKey) -> Result<bool, PortError> {
    let open: Vec<_> = OrderStatus::ALL.into_iter().filter(|it| it.needs_customer()).collect();
    app.orders.has_order_in(owner, &open).await
}

#[cfg(test)]
mod tests;
