//! Sessions: showing, refreshing and ending them.

use std::time::Duration;

use domain::{Network, Session, SessionId, Timestamp, UserId, session::Refresh};
use ports::{AccessClaims, CommitError, PortError, StoredReply, UnitOfWork, Write};

use super::revocations::Standing;
use crate::{
    Answered, App, Caller, KeyError, Request,
    idempotent::{Decided, OnceError, box_round, once},
    retry::{Tried, until_settled},
    security::SecurityEvent,
};

/// Most sessions of a user that are listed.
const LISTED_MAX: u32 = 1_000;

/// An access token and the refresh token that gets the next one.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The access token.
    pub access: String,
    /// It is good for this long from when it was made.
    pub access_ttl: Duration,
    /// The refresh token.
    pub refresh: String,
    /// It is good for this long from when it was made.
    pub refresh_ttl: Duration,
}

/// Why there is no new pair.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It is no refresh token of a live session.
    #[error("no refresh token of a live session")]
    Invalid,
    /// It was spent before, so somebody else may have it: the session is ended.
    #[error("the refresh token was spent before")]
    Reused,
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The tokens of a session as it stands: the same session always gives the same pair.
pub(super) fn pair(app: &App, session: &Session, user: UserId) -> Pair {
    let policy = &app.policy;
    // Neither token outlives the session.
    let claims = AccessClaims {
        user,
        session: session.id.clone(),
        generation: session.generation,
        issued_at: session.rotated_at,
        expires_at: session.rotated_at.plus(policy.access_token_ttl).min(session.expires_at),
    };
    Pair {
        access: app.tokens.access(&claims),
        access_ttl: claims.expires_at.since(session.rotated_at),
        refresh: app.tokens.refresh(&session.id, session.generation),
        refresh_ttl: session.expires_at.since(session.rotated_at),
    }
}

/// Exchanges a refresh token for a new pair. `network` is where the client is.
///
/// # Errors
/// [`RefreshError`].
pub async fn refresh(app: &App, token: &str, network: Network) -> Result<Pair, RefreshError> {
    let (id, generation) = app.tokens.read_refresh(token).ok_or(RefreshError::Invalid)?;
    let mut copy = promising_copy(app, &id, generation).await;
    until_settled!(app, refresh_once(app, &id, generation, copy.take(), network).await)
}

/// A copy by which the token is good. It is worth one try, because the commit finds out what the copy may not know: that
/// the session was exchanged, or ended. Whatever else a copy says is asked of the record: nobody is turned away, logged
/// out or let in by a copy.
async fn promising_copy(app: &App, id: &SessionId, generation: i64) -> Option<Session> {
    let copy = app.session_copies.find(id).await.ok().flatten()?;
    let judged = copy.refresh(generation, app.clock.now(), app.policy.session_lifetime());
    matches!(judged, Refresh::Rotated(_)).then_some(copy)
}

async fn refresh_once(
    app: &App,
    id: &SessionId,
    generation: i64,
    copy: Option<Session>,
    network: Network,
) -> Result<Pair, Tried<RefreshError>> {
    let session = match copy {
        Some(copy) => copy,
        None => {
            let found = app.sessions.find(id).await.map_err(RefreshError::from)?;
            found.ok_or(RefreshError::Invalid)?
        }
    };
    let now = app.clock.now();
    let session = match session.refresh(generation, now, app.policy.session_lifetime()) {
        Refresh::Ended => return Err(RefreshError::Invalid.into()),
        Refresh::Reused => {
            end(app, &session, now).await.map_err(RefreshError::from)?;
            log_reuse(app, &session, network).await;
            return Err(RefreshError::Reused.into());
        }
        Refresh::Repeated => session,
        Refresh::Rotated(next) => {
            let (read, next) = (Box::new(session), Box::new(next));
            let work = UnitOfWork::new().with(Write::RotateSession { read, next: next.clone() });
            app.store.commit(work).await.map_err(Tried::<RefreshError>::commit)?;
            *next
        }
    };
    let user = app.users.find_by_key(session.user).await.map_err(RefreshError::from)?;
    let user = user.filter(|it| !it.disabled).ok_or(RefreshError::Invalid)?;
    Ok(pair(app, &session, user.id))
}

/// Says in the log that a token was shown twice. Whose it is is worth a read.
async fn log_reuse(app: &App, session: &Session, network: Network) {
    let user = app.users.find_by_key(session.user).await.ok().flatten().map(|it| it.id);
    SecurityEvent::RefreshTokenReused { user: user.as_ref(), session: &session.id, network }.log();
}

/// Who shows this access token; `None` when it is not genuine, has expired, its session has ended or its account is
/// closed.
///
/// # Errors
/// [`PortError`].
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Caller>, PortError> {
    let Some(claims) = app.tokens.read_access(token, app.clock.now()) else { return Ok(None) };
    let user = match app.revocations.standing(&claims.session, &*app.clock) {
        Standing::Ended => None,
        Standing::Live => match app.user_copies.find(&claims.user).await? {
            // A session that lives began after the account was opened again, which the copy may not know.
            Some(copy) if copy.disabled => app.users.find(&claims.user).await?,
            copy => copy,
        },
        // The same look says which users have changed: without it no copy of a user is trusted either.
        Standing::Unknown => {
            let session = app.sessions.find(&claims.session).await?;
            match session.filter(|it| it.revoked_at.is_none()) {
                Some(_) => app.users.find(&claims.user).await?,
                None => None,
            }
        }
    };
    let user = user.filter(|it| !it.disabled);
    Ok(user.map(|user| Caller { user, session: claims.session }))
}

/// Ends the caller's session: its refresh token at once, its access tokens here at once and elsewhere within a second.
///
/// # Errors
/// [`PortError`].
pub async fn logout(app: &App, caller: &Caller) -> Result<(), PortError> {
    match app.sessions.find(&caller.session).await? {
        Some(session) => end(app, &session, app.clock.now()).await,
        None => Ok(()),
    }
}

/// The caller's live sessions, newest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_sessions(app: &App, caller: &Caller) -> Result<Vec<Session>, PortError> {
    app.sessions.list_live(caller.user.key, app.clock.now(), LISTED_MAX).await
}

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The caller has no such live session.
    #[error("there is no such session")]
    NotFound,
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl OnceError for RevokeError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Ends one of the caller's sessions, and answers with `reply`.
///
/// # Errors
/// [`RevokeError`].
pub async fn revoke_session(
    app: &App,
    caller: &Caller,
    request: Option<Request>,
    id: &SessionId,
    reply: StoredReply,
) -> Result<Answered, RevokeError> {
    let decide = || {
        let decided = async {
            let now = app.clock.now();
            let found = app.sessions.find(id).await.map_err(RevokeError::from)?;
            let own = found.filter(|it| it.user == caller.user.key && it.is_live(now));
            let session = own.ok_or(RevokeError::NotFound)?;
            let work = UnitOfWork::new().with(Write::RevokeSession {
                user: session.user,
                session: session.key,
                at: now,
            });
            Ok(Decided::answered(work, id.to_string(), reply.clone()))
        };
        box_round(decided)
    };
    let answered = once(app, request.as_ref(), decide, Tried::<RevokeError>::commit).await?;
    tell(app, id).await;
    Ok(answered)
}

async fn end(app: &App, session: &Session, now: Timestamp) -> Result<(), PortError> {
    let work =
        UnitOfWork::new().with(Write::RevokeSession { user: session.user, session: session.key, at: now });
    app.store.commit(work).await.map_err(CommitError::into_port_error)?;
    tell(app, &session.id).await;
    Ok(())
}

/// Tells this instance and the others that a session has ended; those that do not hear it find it by themselves, a little
/// later.
async fn tell(app: &App, ended: &SessionId) {
    app.revocations.add(ended.clone(), app.clock.now());
    let _ = app.sessions_ended.publish().await;
}

#[cfg(test)]
mod tests;
