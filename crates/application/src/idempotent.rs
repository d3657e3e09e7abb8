//! The idempotent path: a request that is sent again gets the first answer, and what it asks for happens once.
//!
//! Lock, look the key up, do the work, and let the unique key of the record have the last word. The lock only saves
//! work: with it lost or expired the result is the same, because the claim of the key is part of the commit.

use std::time::Duration;

use ports::{Claim, Fingerprint, Happening, Held, IdempotencyKey, StoredReply, Unavailable};

use crate::App;

/// How long a lock is held at most: longer than nearly all requests run, and how long a retry is kept waiting when the
/// process that held it has died.
const LEASE: Duration = Duration::from_secs(5);

/// A request that carries an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The key within its scope.
    pub key: IdempotencyKey,
    /// What was asked.
    pub fingerprint: Fingerprint,
}

/// The answer to such a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It was done now.
    First(StoredReply),
    /// It had been done: this is what was said then.
    Again(StoredReply),
}

/// Why a request with an idempotency key was not looked into.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    Reused,
    /// Another request with the key is running.
    #[error("another request with this idempotency key is running")]
    InProgress,
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// How a request finds its key.
pub(crate) enum Entered {
    /// Answered before.
    Answered(StoredReply),
    /// Begun before, by a process that did not live to answer.
    Begun(Claim, Option<Held>),
    /// Not used before.
    Fresh(Option<Held>),
}

/// Locks the key and looks it up.
pub(crate) async fn enter(app: &App, request: &Request) -> Result<Entered, KeyError> {
    let IdempotencyKey { user, route, key } = &request.key;
    let name = format!("key:{}:{route}:{key}", user.get());
    // Without locks the unique key alone decides, later and at more cost.
    let lock = app.locks.acquire(&name, LEASE, app.policy.in_progress_wait).await;
    let busy = matches!(lock, Ok(None));
    let held = lock.ok().flatten();
    match app.replies.find(&request.key).await? {
        Some(claim) => found(app, request, claim, held, busy),
        None if busy => Err(KeyError::InProgress),
        None => Ok(Entered::Fresh(held)),
    }
}

/// Looks the key up again before a request is refused: without a lock, what stands in its way may be what its own first
/// copy has just done. `None` when the refusal stands.
pub(crate) async fn overtaken(app: &App, request: &Request) -> Result<Option<Entered>, KeyError> {
    match app.replies.find(&request.key).await? {
        Some(claim) => found(app, request, claim, None, false).map(Some),
        None => Ok(None),
    }
}

/// What a claim that stands in the way means for this request.
pub(crate) fn found(
    app: &App,
    request: &Request,
    claim: Claim,
    held: Option<Held>,
    busy: bool,
) -> Result<Entered, KeyError> {
    if claim.fingerprint != request.fingerprint {
        return Err(KeyError::Reused);
    }
    match claim.reply {
        Some(reply) => {
            app.meter.record(Happening::Replayed);
            Ok(Entered::Answered(reply))
        }
        None if busy => Err(KeyError::InProgress),
        None => Ok(Entered::Begun(claim, held)),
    }
}
