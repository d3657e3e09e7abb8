//! The idempotent path: a request that is sent again gets the first answer, and what it asks for happens once.
//!
//! All writes of clients take it. Lock, look the key up, decide, and let the unique key of the record have the last
//! word: the claim of the key is part of the commit that does the work. The lock only saves work; with it lost or
//! expired the result is the same.
//!
//! An operation that is one commit is a function that decides, for [`once`]. One that asks a gateway in between is two
//! commits: [`claim`] writes down what will be asked, [`answer`] what came of it. A request without a key takes the same
//! path and claims nothing.

use std::{pin::Pin, time::Duration};

use domain::Timestamp;
use ports::{
    Claim, CommitError, Fingerprint, Happening, Held, IdempotencyKey, PortError, StoredReply, UnitOfWork,
    Write,
};

use crate::{
    App,
    retry::{Tried, until_settled},
};

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
    /// The fingerprints that the same request had under secrets that are being replaced.
    pub older: Vec<Fingerprint>,
}

impl Request {
    /// Whether the claim was made by this very request.
    fn made(&self, claim: &Claim) -> bool {
        self.fingerprint == claim.fingerprint || self.older.contains(&claim.fingerprint)
    }
}

/// The answer to a request.
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
    Failed(#[from] PortError),
}

/// The error of an operation that takes this path.
pub(crate) trait OnceError: From<KeyError> + From<PortError> {
    /// Whether the operation was decided against. If not, it was not looked into, or the record is away.
    fn is_refusal(&self) -> bool;
}

impl OnceError for KeyError {
    fn is_refusal(&self) -> bool {
        false
    }
}

/// What a request decided to do, before it is true.
pub(crate) struct Decided<T> {
    /// What to make true. May be nothing: then there is only an answer.
    pub work: UnitOfWork,
    /// The id of what is made or changed, by which a retry finds it.
    pub resource: String,
    /// The answer, if it is known before the commit.
    pub reply: Option<StoredReply>,
    /// Whether the claim is never forgotten; otherwise it is kept for as long as the settings say.
    pub for_ever: bool,
    /// What the use case goes on with.
    pub made: T,
}

impl Decided<StoredReply> {
    /// Work that is done with its commit, and the answer to it.
    pub(crate) fn answered(work: UnitOfWork, resource: String, reply: StoredReply) -> Self {
        Self { work, resource, reply: Some(reply.clone()), for_ever: false, made: reply }
    }

    /// To be replayed for ever.
    pub(crate) fn for_ever(self) -> Self {
        Self { for_ever: true, ..self }
    }
}

impl<T> Decided<T> {
    /// Work that is only begun with its commit; the answer follows with [`answer`].
    pub(crate) const fn begun(work: UnitOfWork, resource: String, made: T) -> Self {
        Self { work, resource, reply: None, for_ever: false, made }
    }

    fn claim(&self, app: &App, request: &Request, now: Timestamp) -> Claim {
        Claim {
            key: request.key.clone(),
            fingerprint: request.fingerprint.clone(),
            resource: self.resource.clone(),
            reply: self.reply.clone(),
            created_at: now,
            expires_at: (!self.for_ever).then(|| now.plus(app.policy.reply_ttl)),
        }
    }
}

/// One round of deciding, boxed so that it can be sent to another thread whatever it borrows.
pub(crate) type Deciding<'a, T, E> = Pin<Box<dyn Future<Output = Result<Decided<T>, Tried<E>>> + Send + 'a>>;

/// Boxes one round.
pub(crate) fn box_round<'a, T, E>(
    round: impl Future<Output = Result<Decided<T>, Tried<E>>> + Send + 'a,
) -> Deciding<'a, T, E> {
    Box::pin(round)
}

/// How a request's key came to be claimed.
#[derive(Debug)]
pub(crate) enum Claimed<T> {
    /// By this request: its work is committed.
    Now(T),
    /// By a copy of it that did not live to answer, or is answering at this moment on another instance.
    Begun(Claim),
    /// By a copy of it that was answered.
    Answered(StoredReply),
}

/// Does what `decide` decides, once, in one commit with the claim and the answer. `decide` is called again whenever what
/// it read has moved on; `refuse` says what a failure of the commit means.
pub(crate) async fn once<'a, E: OnceError>(
    app: &App,
    request: Option<&Request>,
    decide: impl Fn() -> Deciding<'a, StoredReply, E>,
    refuse: impl Fn(CommitError) -> Tried<E>,
) -> Result<Answered, E> {
    let (claimed, _held) = claim(app, request, decide, refuse).await?;
    match claimed {
        Claimed::Now(reply) => Ok(Answered::First(reply)),
        Claimed::Answered(reply) => Ok(Answered::Again(reply)),
        // Such a claim is only ever written together with its answer.
        Claimed::Begun(_) => Err(KeyError::InProgress.into()),
    }
}

/// Claims the request's key in one commit with what `decide` decides, or finds who has claimed it. The key stays locked
/// until what is held is dropped.
pub(crate) async fn claim<'a, T, E: OnceError>(
    app: &App,
    request: Option<&Request>,
    decide: impl Fn() -> Deciding<'a, T, E>,
    refuse: impl Fn(CommitError) -> Tried<E>,
) -> Result<(Claimed<T>, Option<Held>), E> {
    let (mut held, mut busy) = (None, false);
    if let Some(request) = request {
        (held, busy) = lock(app, &request.key).await;
        if let Some(used) = look_up(app, request, busy).await? {
            return Ok((used, held));
        }
    }
    if busy {
        return Err(KeyError::InProgress.into());
    }
    let outcome = until_settled!(app, {
        match decide().await {
            Ok(decided) => commit(app, request, decided, &refuse).await,
            Err(tried) => Err(tried),
        }
    });
    match (outcome, request) {
        // Without a lock, what stands in the way of a request may be what its own first copy has just done.
        (Err(error), Some(request)) if error.is_refusal() => {
            let used = look_up(app, request, false).await?;
            used.map(|it| (it, held)).ok_or(error)
        }
        (outcome, _) => outcome.map(|it| (it, held)),
    }
}

/// Keeps the answer to a claimed key, in one commit with what the answer is about.
pub(crate) async fn answer<E: OnceError>(
    app: &App,
    request: &Request,
    work: UnitOfWork,
    reply: StoredReply,
) -> Result<Answered, Tried<E>> {
    let work = work.with(Write::Answer { key: request.key.clone(), reply: reply.clone() });
    match app.store.commit(work).await {
        Ok(()) => Ok(Answered::First(reply)),
        Err(CommitError::Claimed(claim)) => {
            match found::<()>(app, request, *claim, false).map_err(E::from)? {
                Claimed::Answered(reply) => Ok(Answered::Again(reply)),
                Claimed::Begun(_) | Claimed::Now(()) => Err(Tried::Stale),
            }
        }
        Err(other) => Err(Tried::commit(other)),
    }
}

/// Locks the key, and says whether another request holds it. Without locks the unique key alone decides, later and at more
/// cost.
async fn lock(app: &App, key: &IdempotencyKey) -> (Option<Held>, bool) {
    let IdempotencyKey { user, route, key } = key;
    let name = format!("key:{}:{route}:{key}", user.map_or(0, domain::UserKey::get));
    let lock = app.locks.acquire(&name, LEASE, app.policy.in_progress_wait).await;
    let busy = matches!(lock, Ok(None));
    (lock.ok().flatten(), busy)
}

async fn commit<T, E: OnceError>(
    app: &App,
    request: Option<&Request>,
    decided: Decided<T>,
    refuse: &impl Fn(CommitError) -> Tried<E>,
) -> Result<Claimed<T>, Tried<E>> {
    let claim = request.map(|it| Write::Claim(decided.claim(app, it, app.clock.now())));
    let work = UnitOfWork::new().with_all(claim).and(decided.work);
    if work.writes().is_empty() {
        return Ok(Claimed::Now(decided.made));
    }
    match (app.store.commit(work).await, request) {
        (Ok(()), _) => Ok(Claimed::Now(decided.made)),
        (Err(CommitError::Claimed(claim)), Some(request)) => {
            Ok(found(app, request, *claim, false).map_err(E::from)?)
        }
        (Err(other), _) => Err(refuse(other)),
    }
}

/// Who has used the key, if it is used.
async fn look_up<T>(app: &App, request: &Request, busy: bool) -> Result<Option<Claimed<T>>, KeyError> {
    let claim = app.replies.find(&request.key).await?;
    claim.map(|it| found(app, request, it, busy)).transpose()
}

/// What a claim that stands in the way means for this request.
fn found<T>(app: &App, request: &Request, claim: Claim, busy: bool) -> Result<Claimed<T>, KeyError> {
    if !request.made(&claim) {
        return Err(KeyError::Reused);
    }
    match claim.reply {
        Some(reply) => {
            app.meter.record(Happening::Replayed);
            Ok(Claimed::Answered(reply))
        }
        None if busy => Err(KeyError::InProgress),
        None => Ok(Claimed::Begun(claim)),
    }
}
