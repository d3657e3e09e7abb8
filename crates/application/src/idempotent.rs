//! The idempotent path: a request that is sent again gets the first answer, and what it asks for happens once.
//!
//! All writes of clients take it. Lock, look the key up, decide, and let the unique key of the record have the last
//! word: the claim of the key is part of the commit that does the work. The lock only saves work; with it lost or
//! expired the result is the same.
//!
//! An operation that is one commit is a function that decides, for [`run_once`]. One that asks a gateway in between is two
//! commits: [`claim_key`] writes down what will be asked, [`store_reply`] what came of it. A request without a key takes the same
//! path and claims nothing.

use std::{pin::Pin, time::Duration};

use domain::Timestamp;
use ports::{
    Claim, CommitError, Fingerprint, IdempotencyKey, LockGuard, Observation, PortError, StoredReply,
    UnitOfWork, Write,
};

use crate::{
    App,
    retry::{Attempt, retry_stale},
};

/// How long a lock is held at most: longer than nearly all requests run, and how long a retry is kept waiting when the
/// process that held it has died.
const LEASE: Duration = Duration::from_secs(5);

/// A request that carries an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The key within its scope.
    pub key: IdempotencyKey,
    /// What was asked.
    pub fingerprint: Fingerprint,
    /// The fingerprints that the same request had under secrets that are being replaced.
    pub older: Vec<Fingerprint>,
}

impl IdempotentRequest {
    /// Whether the claim was made by this very request.
    fn matches_claim(&self, claim: &Claim) -> bool {
        self.fingerprint == claim.fingerprint || self.older.contains(&claim.fingerprint)
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotentReply {
    /// It was done now.
    New(StoredReply),
    /// It had been done: this is what was said then.
    Replay(StoredReply),
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
    Failed(#[from] PortError),
}

/// The error of an operation that takes this path.
pub(crate) trait UseCaseError: From<KeyError> + From<PortError> {
    /// Whether the operation was decided against. If not, it was not looked into, or the record is away.
    fn is_refusal(&self) -> bool;
}

impl UseCaseError for KeyError {
    fn is_refusal(&self) -> bool {
        false
    }
}

/// What a request decided to do, before it is true.
pub(crate) struct Decision<T> {
    /// What to make true. May be nothing: then there is only an answer.
    pub work: UnitOfWork,
    /// The id of what is made or changed, by which a retry finds it.
    pub resource: String,
    /// The answer, if it is known before the commit.
    pub reply: Option<StoredReply>,
    /// Whether the claim is never forgotten; otherwise it is kept for as long as the settings say.
    pub never_expires: bool,
    /// What the use case goes on with.
    pub output: T,
}

impl Decision<StoredReply> {
    /// Work that is done with its commit, and the answer to it.
    pub(crate) fn with_reply(work: UnitOfWork, resource: String, reply: StoredReply) -> Self {
        Self { work, resource, reply: Some(reply.clone()), never_expires: false, output: reply }
    }

    /// To be replayed for ever.
    pub(crate) fn without_expiry(self) -> Self {
        Self { never_expires: true, ..self }
    }
}

impl<T> Decision<T> {
    /// Work that is only begun with its commit; the answer follows with [`store_reply`].
    pub(crate) const fn without_reply(work: UnitOfWork, resource: String, made: T) -> Self {
        Self { work, resource, reply: None, never_expires: false, output: made }
    }

    fn to_claim(&self, app: &App, request: &IdempotentRequest, now: Timestamp) -> Claim {
        Claim {
            key: request.key.clone(),
            fingerprint: request.fingerprint.clone(),
            resource: self.resource.clone(),
            reply: self.reply.clone(),
            created_at: now,
            expires_at: (!self.never_expires).then(|| now.saturating_add(app.policy.reply_ttl)),
        }
    }
}

/// One round of deciding, boxed so that it can be sent to another thread whatever it borrows.
pub(crate) type DecisionFuture<'a, T, E> =
    Pin<Box<dyn Future<Output = Result<Decision<T>, Attempt<E>>> + Send + 'a>>;

/// Boxes one round.
pub(crate) fn box_decision<'a, T, E>(
    round: impl Future<Output = Result<Decision<T>, Attempt<E>>> + Send + 'a,
) -> DecisionFuture<'a, T, E> {
    Box::pin(round)
}

/// How a request's key came to be claimed.
#[derive(Debug)]
pub(crate) enum KeyState<T> {
    /// By this request: its work is committed.
    New(T),
    /// By a copy of it that did not live to answer, or is answering at this moment on another instance.
    Unfinished(Claim),
    /// By a copy of it that was answered.
    Replay(StoredReply),
}

/// Does what `decide` decides, once, in one commit with the claim and the answer. `decide` is called again whenever what
/// it read has moved on; `refuse` says what a failure of the commit means.
pub(crate) async fn run_once<'a, E: UseCaseError>(
    app: &App,
    request: Option<&IdempotentRequest>,
    decide: impl Fn() -> DecisionFuture<'a, StoredReply, E>,
    refuse: impl Fn(CommitError) -> Attempt<E>,
) -> Result<IdempotentReply, E> {
    let (claimed, _held) = claim_key(app, request, decide, refuse).await?;
    match claimed {
        KeyState::New(reply) => Ok(IdempotentReply::New(reply)),
        KeyState::Replay(reply) => Ok(IdempotentReply::Replay(reply)),
        // Such a claim is only ever written together with its answer.
        KeyState::Unfinished(_) => Err(KeyError::InProgress.into()),
    }
}

/// Claims the request's key in one commit with what `decide` decides, or finds who has claimed it. The key stays locked
/// until what is held is dropped.
pub(crate) async fn claim_key<'a, T, E: UseCaseError>(
    app: &App,
    request: Option<&IdempotentRequest>,
    decide: impl Fn() -> DecisionFuture<'a, T, E>,
    refuse: impl Fn(CommitError) -> Attempt<E>,
) -> Result<(KeyState<T>, Option<LockGuard>), E> {
    let (mut held, mut busy) = (None, false);
    if let Some(request) = request {
        (held, busy) = lock_key(app, &request.key).await;
        if let Some(used) = look_up_key(app, request, busy).await? {
            return Ok((used, held));
        }
    }
    if busy {
        return Err(KeyError::InProgress.into());
    }
    let outcome = retry_stale!(app, {
        match decide().await {
            Ok(decided) => commit_decision(app, request, decided, &refuse).await,
            Err(tried) => Err(tried),
        }
    });
    match (outcome, request) {
        // Without a lock, what stands in the way of a request may be what its own first copy has just done.
        (Err(error), Some(request)) if error.is_refusal() => {
            let used = look_up_key(app, request, false).await?;
            used.map(|it| (it, held)).ok_or(error)
        }
        (outcome, _) => outcome.map(|it| (it, held)),
    }
}

/// Keeps the answer to a claimed key, in one commit with what the answer is about.
pub(crate) async fn store_reply<E: UseCaseError>(
    app: &App,
    request: &IdempotentRequest,
    work: UnitOfWork,
    reply: StoredReply,
) -> Result<IdempotentReply, Attempt<E>> {
    let work = work.with_write(Write::StoreReply { key: request.key.clone(), reply: reply.clone() });
    match app.store.commit(work).await {
        Ok(()) => Ok(IdempotentReply::New(reply)),
        Err(CommitError::Claimed(claim)) => {
            match classify_claim::<()>(app, request, *claim, false).map_err(E::from)? {
                KeyState::Replay(reply) => Ok(IdempotentReply::Replay(reply)),
                KeyState::Unfinished(_) | KeyState::New(()) => Err(Attempt::Stale),
            }
        }
        Err(other) => Err(Attempt::from_commit_error(other)),
    }
}

/// Locks the key, and says whether another request holds it. Without locks the unique key alone decides, later and at more
/// cost.
async fn lock_key(app: &App, key: &IdempotencyKey) -> (Option<LockGuard>, bool) {
    let IdempotencyKey { user, route, key } = key;
    let name = format!("key:{}:{route}:{key}", user.map_or(0, domain::UserKey::get));
    let lock = app.locks.acquire_lock(&name, LEASE, app.policy.in_progress_wait).await;
    let busy = matches!(lock, Ok(None));
    (lock.ok().flatten(), busy)
}

async fn commit_decision<T, E: UseCaseError>(
    app: &App,
    request: Option<&IdempotentRequest>,
    decided: Decision<T>,
    refuse: &impl Fn(CommitError) -> Attempt<E>,
) -> Result<KeyState<T>, Attempt<E>> {
    let claim = request.map(|it| Write::Claim(decided.to_claim(app, it, app.clock.now())));
    let work = UnitOfWork::new().with_writes(claim).merge(decided.work);
    if work.writes().is_empty() {
        return Ok(KeyState::New(decided.output));
    }
    match (app.store.commit(work).await, request) {
        (Ok(()), _) => Ok(KeyState::New(decided.output)),
        (Err(CommitError::Claimed(claim)), Some(request)) => {
            Ok(classify_claim(app, request, *claim, false).map_err(E::from)?)
        }
        (Err(other), _) => Err(refuse(other)),
    }
}

/// Who has used the key, if it is used.
async fn look_up_key<T>(
    app: &App,
    request: &IdempotentRequest,
    busy: bool,
) -> Result<Option<KeyState<T>>, KeyError> {
    let claim = app.claims.find_claim(&request.key).await?;
    claim.map(|it| classify_claim(app, request, it, busy)).transpose()
}

/// What a claim that stands in the way means for this request.
fn classify_claim<T>(
    app: &App,
    request: &IdempotentRequest,
    claim: Claim,
    busy: bool,
) -> Result<KeyState<T>, KeyError> {
    if !request.matches_claim(&claim) {
        return Err(KeyError::Reused);
    }
    match claim.reply {
        Some(reply) => {
            app.metrics.observe(Observation::Replayed);
            Ok(KeyState::Replay(reply))
        }
        None if busy => Err(KeyError::InProgress),
        None => Ok(KeyState::Unfinished(claim)),
    }
}
