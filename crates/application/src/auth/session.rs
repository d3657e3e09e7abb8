//! Sessions: showing, refreshing and ending them.

use std::time::Duration;

use domain::{Network, Session, SessionId, Timestamp, UserId, session::RefreshOutcome};
use ports::{AccessClaims, PortError, StoredReply, UnitOfWork, Write};

use super::revocations::SessionStatus;
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, KeyError,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::{Attempt, retry_stale},
    security::SecurityEvent,
};

/// Most sessions of a user that are listed.
const LISTED_SESSIONS_MAX: u32 = 1_000;

/// An access token and the refresh token that gets the next one.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPair {
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
pub(super) fn issue_token_pair(app: &App, session: &Session, user: UserId) -> TokenPair {
    let policy = &app.policy;
    // Neither token outlives the session.
    let claims = AccessClaims {
        user,
        session: session.id.clone(),
        generation: session.generation,
        issued_at: session.rotated_at,
        expires_at: session.rotated_at.saturating_add(policy.access_token_ttl).min(session.expires_at),
    };
    TokenPair {
        access: app.tokens.issue_access_token(&claims),
        access_ttl: claims.expires_at.saturating_duration_since(session.rotated_at),
        refresh: app.tokens.issue_refresh_token(&session.id, session.generation),
        refresh_ttl: session.expires_at.saturating_duration_since(session.rotated_at),
    }
}

/// Exchanges a refresh token for a new pair. `network` is where the client is.
///
/// # Errors
/// [`RefreshError`].
pub async fn refresh_session(app: &App, token: &str, network: Network) -> Result<TokenPair, RefreshError> {
    let (id, generation) = app.tokens.verify_refresh_token(token).ok_or(RefreshError::Invalid)?;
    let mut copy = find_cached_session(app, &id, generation).await;
    retry_stale!(app, refresh_session_once(app, &id, generation, copy.take(), network).await)
}

/// A copy by which the token is good. It is worth one try, because the commit finds out what the copy may not know: that
/// the session was exchanged, or ended. Whatever else a copy says is asked of the record: nobody is turned away, logged
/// out or let in by a copy.
async fn find_cached_session(app: &App, id: &SessionId, generation: i64) -> Option<Session> {
    let copy = app.cached_sessions.find_session(id).await.ok().flatten()?;
    let judged = copy.refresh(generation, app.clock.now(), app.policy.session_lifetime());
    matches!(judged, RefreshOutcome::Rotated(_)).then_some(copy)
}

async fn refresh_session_once(
    app: &App,
    id: &SessionId,
    generation: i64,
    copy: Option<Session>,
    network: Network,
) -> Result<TokenPair, Attempt<RefreshError>> {
    let session = match copy {
        Some(copy) => copy,
        None => {
            let found = app.sessions.find_session(id).await.map_err(RefreshError::from)?;
            found.ok_or(RefreshError::Invalid)?
        }
    };
    let now = app.clock.now();
    let session = match session.refresh(generation, now, app.policy.session_lifetime()) {
        RefreshOutcome::Ended => return Err(RefreshError::Invalid.into()),
        RefreshOutcome::Reused => {
            end_session(app, &session, now).await.map_err(RefreshError::from)?;
            log_token_reuse(app, &session, network).await;
            return Err(RefreshError::Reused.into());
        }
        RefreshOutcome::Repeated => session,
        RefreshOutcome::Rotated(next) => {
            let (read, next) = (Box::new(session), Box::new(next));
            let work = UnitOfWork::new().with_write(Write::RotateSession { read, next: next.clone() });
            app.store.commit(work).await.map_err(Attempt::<RefreshError>::from_commit_error)?;
            *next
        }
    };
    let user = app.users.find_user_by_key(session.user).await.map_err(RefreshError::from)?;
    let user = user.filter(|it| !it.disabled).ok_or(RefreshError::Invalid)?;
    Ok(issue_token_pair(app, &session, user.id))
}

/// Says in the log that a token was shown twice. Whose it is is worth a read.
async fn log_token_reuse(app: &App, session: &Session, network: Network) {
    let user = app.users.find_user_by_key(session.user).await.ok().flatten().map(|it| it.id);
    SecurityEvent::RefreshTokenReused { user: user.as_ref(), session: &session.id, network }.log();
}

/// Who shows this access token; `None` when it is not genuine, has expired, its session has ended or its account is
/// closed.
///
/// # Errors
/// [`PortError`].
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Caller>, PortError> {
    let Some(claims) = app.tokens.verify_access_token(token, app.clock.now()) else { return Ok(None) };
    let user = match app.revocations.session_status(&claims.session, &*app.clock) {
        SessionStatus::Ended => None,
        SessionStatus::Live => match app.cached_users.find_user(&claims.user).await? {
            // A session that lives began after the account was opened again, which the copy may not know.
            Some(copy) if copy.disabled => app.users.find_user(&claims.user).await?,
            copy => copy,
        },
        // The same look says which users have changed: without it no copy of a user is trusted either.
        SessionStatus::Unknown => {
            let session = app.sessions.find_session(&claims.session).await?;
            match session.filter(|it| it.revoked_at.is_none()) {
                Some(_) => app.users.find_user(&claims.user).await?,
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
    match app.sessions.find_session(&caller.session).await? {
        Some(session) => end_session(app, &session, app.clock.now()).await,
        None => Ok(()),
    }
}

/// The caller's live sessions, newest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_sessions(app: &App, caller: &Caller) -> Result<Vec<Session>, PortError> {
    app.sessions.list_live_sessions(caller.user.key, app.clock.now(), LISTED_SESSIONS_MAX).await
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

impl UseCaseError for RevokeError {
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
    request: Option<IdempotentRequest>,
    id: &SessionId,
    reply: StoredReply,
) -> Result<IdempotentReply, RevokeError> {
    let decide = || {
        let decided = async {
            let now = app.clock.now();
            let found = app.sessions.find_session(id).await.map_err(RevokeError::from)?;
            let own = found.filter(|it| it.user == caller.user.key && it.is_live(now));
            let session = own.ok_or(RevokeError::NotFound)?;
            let work = UnitOfWork::new().with_write(Write::RevokeSession {
                user: session.user,
                session: session.key,
                at: now,
            });
            Ok(Decision::with_reply(work, id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let answered = run_once(app, request.as_ref(), decide, Attempt::<RevokeError>::from_commit_error).await?;
    announce_session_end(app, id).await;
    Ok(answered)
}

async fn end_session(app: &App, session: &Session, now: Timestamp) -> Result<(), PortError> {
    let work = UnitOfWork::new().with_write(Write::RevokeSession {
        user: session.user,
        session: session.key,
        at: now,
    });
    match app.store.commit(work).await {
        Ok(()) => {
            announce_session_end(app, &session.id).await;
            Ok(())
        }
        Err(ports::CommitError::Failed(away)) => Err(away),
        Err(other) => Err(PortError::bug(other)),
    }
}

/// Tells this instance and the others that a session has ended; those that do not hear it find it by themselves, a little
/// later.
async fn announce_session_end(app: &App, ended: &SessionId) {
    app.revocations.add_session(ended.clone(), app.clock.now());
    let _ = app.revocation_broadcast.publish().await;
}

#[cfg(test)]
mod tests;
