//! The idempotent path: a request that is sent again gets the first reply, and its work is done once.
//!
//! Every write of a client takes this path, except login, refresh and logout. The promise: for one idempotency
//! key the work is done once, and every later request with the same content gets the stored reply, byte for
//! byte, on any instance and after any crash.
//!
//! ```text
//! 1. known reply?              this process has seen it: replay, or refuse other content
//! 2. lock the key              saves work, decides nothing; first within this process, then among all
//! 3. look up its claim         with a reply: replay; other content: refuse; else go on
//! 4. decide                    read, apply the rules, render the reply
//! 5. commit claim, work, reply stale: back to 4; claimed meanwhile: as in 3
//! ```
//!
//! The lock only saves work. The unique key on the claim decides: the claim is part of the commit that does
//! the work, so two requests that both get past the lock cannot both commit.
//!
//! An operation of one commit passes its decision to [`run_once`]. An operation that calls a gateway in
//! between needs two commits: [`claim_key`] stores the intention, then the gateway is called, then
//! [`store_reply`] stores the result. If the process dies in between, the claim has no reply, and a retry
//! continues from it ([`KeyState::Unfinished`]). A request without a key takes the same path and claims
//! nothing. A refusal is not stored, so a corrected request may use the key again.

use std::{pin::Pin, time::Duration};

use domain::Timestamp;
use ports::{
    Claim, CommitError, Fingerprint, IdempotencyKey, LockGuard, Observation, PortError, StoredReply,
    UnitOfWork, Write,
};

use crate::{
    App,
    keys_in_flight::Turn,
    retry::{Attempt, retry_stale},
};

/// The longest time a lock is held. It is longer than nearly all requests take, and short enough for a retry
/// to wait out when the process that held the lock has died.
const LEASE: Duration = Duration::from_secs(5);

/// The idempotency key of a request, and the digests of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The key with its scope: the user or API key, if there is one, and the route.
    pub key: IdempotencyKey,
    /// The digest of route, path and body; where the body holds a password, it is keyed with the present
    /// secret.
    pub fingerprint: Fingerprint,
    /// The digests of the same content under older secrets that are still accepted, so that replacing a
    /// secret breaks no replay.
    pub older: Vec<Fingerprint>,
}

impl IdempotentRequest {
    /// Whether the claim was made by a request with the same content.
    fn matches_claim(&self, claim: &Claim) -> bool {
        self.fingerprint == claim.fingerprint || self.older.contains(&claim.fingerprint)
    }
}

/// The reply to a request, and whether this request did the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotentReply {
    /// This request did the work; count and log it as new.
    New(StoredReply),
    /// An earlier request did the work; this is its stored reply.
    Replay(StoredReply),
}

/// Why a request with an idempotency key was neither done nor replayed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was used for a request with other content; the client must choose a new key.
    #[error("the idempotency key was used for another request")]
    Reused,
    /// A request with the key is still running; the client may retry later.
    #[error("another request with this idempotency key is running")]
    InProgress,
    /// The system of record is unavailable, or the row of the claim cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The error type of an operation that takes this path.
pub(crate) trait UseCaseError: From<KeyError> + From<PortError> {
    /// Whether the rules refused the operation. `false` means that no decision was made: the key stood in the
    /// way, or a port failed.
    fn is_refusal(&self) -> bool;
}

impl UseCaseError for KeyError {
    fn is_refusal(&self) -> bool {
        false
    }
}

/// The decision of one round, not committed yet.
pub(crate) struct Decision<T> {
    /// The writes to commit. Empty when nothing changes and only the reply matters.
    pub work: UnitOfWork,
    /// The id of the resource that is made or changed. It is stored in the claim, and a retry finds the
    /// resource by it.
    pub resource: String,
    /// The reply, if it is known before the commit; `None` when a gateway has to be called first.
    pub reply: Option<StoredReply>,
    /// Whether the claim is stored forever; otherwise it may be pruned after `Policy::reply_ttl`.
    pub never_expires: bool,
    /// The value that the use case continues with after the commit.
    pub output: T,
}

impl Decision<StoredReply> {
    /// A decision that is complete with its commit, and the reply to it.
    pub(crate) fn with_reply(work: UnitOfWork, resource: String, reply: StoredReply) -> Self {
        Self { work, resource, reply: Some(reply.clone()), never_expires: false, output: reply }
    }

    /// The same decision, replayed forever: a late retry must never do the work twice.
    pub(crate) fn without_expiry(self) -> Self {
        Self { never_expires: true, ..self }
    }
}

impl<T> Decision<T> {
    /// A decision whose commit only begins the work; the reply follows with [`store_reply`].
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

/// One round of deciding. It is boxed because a bound like `AsyncFn` cannot require that the returned future
/// is `Send`.
pub(crate) type DecisionFuture<'a, T, E> =
    Pin<Box<dyn Future<Output = Result<Decision<T>, Attempt<E>>> + Send + 'a>>;

/// Boxes the future of one round as a [`DecisionFuture`], so that the caller need not name its type.
pub(crate) fn box_decision<'a, T, E>(
    round: impl Future<Output = Result<Decision<T>, Attempt<E>>> + Send + 'a,
) -> DecisionFuture<'a, T, E> {
    Box::pin(round)
}

/// The locks on a request's key, until they are dropped.
#[derive(Default)]
pub(crate) struct KeyHold {
    // Released before the turn, so that the next request of this process finds it free.
    _lock: Option<LockGuard>,
    _turn: Option<Turn<IdempotencyKey>>,
}

/// What became of the wait for a request's key.
enum KeyLock<T> {
    /// Another request of this process has replied meanwhile.
    Known(KeyState<T>),
    /// The key is this request's.
    Held(KeyHold),
    /// Another request has held it all the while.
    Busy,
}

/// The state of a request's key after [`claim_key`].
#[derive(Debug)]
pub(crate) enum KeyState<T> {
    /// Claimed now by this request, and its work is committed.
    New(T),
    /// Claimed earlier by the same request, without a reply: its process died, or another instance is still
    /// working on it.
    Unfinished(Claim),
    /// Claimed earlier by the same request, which has a reply.
    Replay(StoredReply),
}

/// Does what `decide` decides, once, in one commit with the claim and the reply. `decide` is called again
/// whenever the commit is stale; `refuse` maps a failed commit to the use case's error.
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
        // Not expected: on this path a claim is always written together with its reply. Nothing is known
        // about the work, so the client can only try again later.
        KeyState::Unfinished(_) => Err(KeyError::InProgress.into()),
    }
}

/// Claims the request's key in one commit with what `decide` decides, or finds the claim that exists. The key
/// stays locked until the returned guard is dropped.
pub(crate) async fn claim_key<'a, T, E: UseCaseError>(
    app: &App,
    request: Option<&IdempotentRequest>,
    decide: impl Fn() -> DecisionFuture<'a, T, E>,
    refuse: impl Fn(CommitError) -> Attempt<E>,
) -> Result<(KeyState<T>, KeyHold), E> {
    let (mut held, mut busy) = (KeyHold::default(), false);
    if let Some(request) = request {
        // A reply that this process has seen cannot change, so a repeated request needs neither lock nor database.
        if let Some(known) = find_known_reply(app, request).await? {
            return Ok((known, held));
        }
        // Lock before looking up. A retry that waits here for the first request finds its reply afterwards;
        // in the other order it would miss the claim, decide for nothing and lose at the commit.
        match lock_key(app, request).await? {
            KeyLock::Known(known) => return Ok((known, held)),
            KeyLock::Held(it) => held = it,
            KeyLock::Busy => busy = true,
        }
        if let Some(used) = look_up_key(app, request, busy).await? {
            return Ok((used, held));
        }
    }
    if busy {
        // Waiting longer would only occupy a connection: the client gets an error that says to retry. The
        // claim was looked up first, because a request that has its reply may still hold the lock.
        return Err(KeyError::InProgress.into());
    }
    let outcome = retry_stale!(app, {
        match decide().await {
            Ok(decided) => commit_decision(app, request, decided, &refuse).await,
            Err(tried) => Err(tried),
        }
    });
    match (outcome, request) {
        // Without a lock both requests may decide at once, and the later one then sees the work of the first:
        // the stock is sold, the name is taken. So the claim is looked up before refusing.
        (Err(error), Some(request)) if error.is_refusal() => {
            let used = look_up_key(app, request, false).await?;
            used.map(|it| (it, held)).ok_or(error)
        }
        (outcome, _) => outcome.map(|it| (it, held)),
    }
}

/// Stores the reply of a claimed key, in one commit with the work that the reply is about.
pub(crate) async fn store_reply<E: UseCaseError>(
    app: &App,
    request: &IdempotentRequest,
    work: UnitOfWork,
    reply: StoredReply,
) -> Result<IdempotentReply, Attempt<E>> {
    let work = work.with_write(Write::StoreReply { key: request.key.clone(), reply: reply.clone() });
    match app.store.commit(work).await {
        Ok(()) => Ok(IdempotentReply::New(reply)),
        // A retry on this or another instance was faster and has stored its reply. That reply wins, because a
        // client may have received it already.
        Err(CommitError::Claimed(claim)) => {
            match classify_claim::<()>(app, request, *claim, false).map_err(E::from)? {
                KeyState::Replay(reply) => Ok(IdempotentReply::Replay(reply)),
                KeyState::Unfinished(_) | KeyState::New(()) => Err(Attempt::Stale),
            }
        }
        Err(other) => Err(Attempt::from_commit_error(other)),
    }
}

/// The reply that this process has stored or read; `None` if it has seen none.
async fn find_known_reply<T>(
    app: &App,
    request: &IdempotentRequest,
) -> Result<Option<KeyState<T>>, KeyError> {
    let known = app.known_replies.find(&request.key, app.clock.now()).await;
    known.map(|it| classify_claim(app, request, it, false)).transpose()
}

/// Waits until no other request of this process has the key, then locks it among all processes. Without locks the
/// unique key alone decides, later and at more cost.
async fn lock_key<T>(app: &App, request: &IdempotentRequest) -> Result<KeyLock<T>, KeyError> {
    let (began, wait) = (app.clock.monotonic_now(), app.policy.in_progress_wait);
    let Some(turn) = app.keys_in_flight.wait_for_turn(&request.key, wait).await else {
        return Ok(KeyLock::Busy);
    };
    if turn.has_waited()
        && let Some(known) = find_known_reply(app, request).await?
    {
        return Ok(KeyLock::Known(known));
    }
    let IdempotencyKey { owner, route, key } = &request.key;
    let name = format!("key:{}:{route}:{key}", owner.map_or(0, domain::AuthorKey::get));
    let wait = wait.saturating_sub(app.clock.monotonic_now().saturating_sub(began));
    // A failed lock service is treated as a free lock, on purpose: writes go on while it is unavailable.
    Ok(match app.locks.acquire_lock(&name, LEASE, wait).await {
        Ok(None) => KeyLock::Busy,
        lock => KeyLock::Held(KeyHold { _lock: lock.ok().flatten(), _turn: Some(turn) }),
    })
}

async fn commit_decision<T, E: UseCaseError>(
    app: &App,
    request: Option<&IdempotentRequest>,
    decided: Decision<T>,
    refuse: &impl Fn(CommitError) -> Attempt<E>,
) -> Result<KeyState<T>, Attempt<E>> {
    // The claim goes into the same unit as the work. If the process dies before the commit neither exists,
    // and a retry starts over; if it dies after the commit the claim holds the reply. There is no state in
    // between.
    let claim = request.map(|it| decided.to_claim(app, it, app.clock.now()));
    let work = UnitOfWork::new().with_writes(claim.clone().map(Write::Claim)).merge(decided.work);
    if work.writes().is_empty() {
        // Without a key and without a change there is nothing to write, so the database is not asked.
        return Ok(KeyState::New(decided.output));
    }
    match (app.store.commit(work).await, request) {
        (Ok(()), _) => {
            if let Some(claim) = &claim {
                app.known_replies.put(claim).await;
            }
            Ok(KeyState::New(decided.output))
        }
        (Err(CommitError::Claimed(claim)), Some(request)) => {
            Ok(classify_claim(app, request, *claim, false).map_err(E::from)?)
        }
        (Err(other), _) => Err(refuse(other)),
    }
}

/// The state of the key if it is claimed; `None` if it is free.
async fn look_up_key<T>(
    app: &App,
    request: &IdempotentRequest,
    busy: bool,
) -> Result<Option<KeyState<T>>, KeyError> {
    let claim = app.claims.find_claim(&request.key).await?;
    if let Some(claim) = &claim {
        app.known_replies.put(claim).await;
    }
    claim.map(|it| classify_claim(app, request, it, busy)).transpose()
}

/// The state that an existing claim means for this request.
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
