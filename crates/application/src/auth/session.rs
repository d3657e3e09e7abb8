//! Sessions: checking access tokens, refreshing, listing and ending.
//!
//! A session is one login on one device. Its refresh tokens are numbered by the session's generation and
//! derived by HMAC from the signing secret, so none is stored.
//!
//! | shown refresh token | outcome |
//! | --- | --- |
//! | of the present generation | the session moves to the next one, guarded by all that was read |
//! | spent within the last 10 s | the present pair again: a lost reply, or another tab was faster |
//! | spent earlier | theft: the session ends |
//! | of a later generation than the record shows | the read was old: the session is read again |
//!
//! The same session always gives the same pair, byte for byte. So a client whose reply was lost, or whose
//! instance died after the commit, gets its tokens by asking again. Access tokens are checked without a read
//! while the revocations are fresh (see `revocations`). The promise: an ended session is refused here at once
//! and everywhere within a second.

use std::time::Duration;

use domain::{
    Network, Session, SessionId, Timestamp, UserId, UserKey,
    session::{ListedSession, RefreshOutcome},
};
use ports::{AccessClaims, CommitError, PortError, StoredReply, UnitOfWork, Write};

use super::{
    revocations::SessionStatus,
    user_admin::{announce_change, end_others_write},
};
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    api_keys::{self, ApiKeyText},
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::{Attempt, retry_stale},
    security::SecurityEvent,
};

/// The largest number of live sessions of a user, and so of a list of them. A login beyond it ends the oldest ones.
// It bounds the commit that ends all of them: it must succeed, because it evicts a thief.
pub(super) const LIVE_SESSIONS_MAX: u32 = 1_000;

/// An access token and the refresh token that gets the next one.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// The access token, for the `Authorization` header.
    pub access: String,
    /// The lifetime of the access token, from when it was made; never beyond the end of the session.
    pub access_ttl: Duration,
    /// The refresh token, good for one exchange.
    pub refresh: String,
    /// The lifetime of the refresh token, from when it was made.
    pub refresh_ttl: Duration,
}

/// Why a refresh token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not genuine, or its session has ended.
    #[error("no refresh token of a live session")]
    Invalid,
    /// The token was spent earlier, so a thief may have it: the session is ended and the user must log in.
    #[error("the refresh token was spent before")]
    Reused,
    /// The system of record is unavailable, or the session or its user cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// The tokens of a session in its present state: the same state always gives the same pair.
pub(super) fn issue_token_pair(app: &App, session: &Session, user: UserId) -> TokenPair {
    let policy = &app.policy;
    // Built from the stored time of the exchange and not from the clock, so that a repeated request gets the
    // same bytes. Neither token outlives the session.
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
    // Taken by the first round only: if that is stale, the cached entry was old, and the next rounds read the
    // system of record.
    let mut copy = find_cached_session(app, &id, generation).await;
    retry_stale!(app, refresh_session_once(app, &id, generation, copy.take(), network).await)
}

/// A cached session for which the token is good. It is worth one attempt, because the commit finds out what a
/// cache may not know: that the session was refreshed or ended. In every other case the system of record is
/// asked: no user is refused, logged out or admitted by a cached entry.
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
            // Ended before it is reported: if this fails, the client gets an error and the next use of the
            // token ends it.
            end_session(app, &session, now).await.map_err(RefreshError::from)?;
            log_token_reuse(app, &session, network).await;
            return Err(RefreshError::Reused.into());
        }
        RefreshOutcome::Outdated => {
            end_lost_session(app, session, now).await?;
            return Err(RefreshError::Invalid.into());
        }
        RefreshOutcome::Repeated => session,
        RefreshOutcome::Rotated(next) => {
            let (read, next) = (Box::new(session), Box::new(next));
            let work = UnitOfWork::new().with_write(Write::RotateSession { read, next: next.clone() });
            app.store.commit(work).await.map_err(Attempt::<RefreshError>::from_commit_error)?;
            *next
        }
    };
    // Read after the exchange. An account that was disabled in between gets no tokens; if this read fails or
    // the process dies, the client asks again within 10 s and gets the pair of the committed exchange.
    let user = app.users.find_user_by_key(session.user).await.map_err(RefreshError::from)?;
    let user = user.filter(|it| !it.disabled).ok_or(RefreshError::Invalid)?;
    Ok(issue_token_pair(app, &session, user.id))
}

/// Logs that a spent token was shown. The user is worth a read here, but a failed read must not hide the
/// event.
async fn log_token_reuse(app: &App, session: &Session, network: Network) {
    let user = app.users.find_user_by_key(session.user).await.ok().flatten().map(|it| it.id);
    SecurityEvent::RefreshTokenReused { user: user.as_ref(), session: &session.id, network }.log();
}

/// The caller that a bearer token stands for: a user by an access token, another system by an API key. `None` when it is
/// not genuine, has expired or was revoked, its session has ended, or its account is disabled.
///
/// # Errors
/// [`PortError`].
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Caller>, PortError> {
    if let Some(key) = ApiKeyText::parse(token) {
        return Ok(api_keys::authenticate_key(app, &key).await?.map(Caller::Service));
    }
    // The signature first: a forged token costs no read.
    let now = app.clock.now();
    // No longer than tokens live now, whatever its own time says: ended sessions are remembered only for as long.
    let is_fresh = |it: &AccessClaims| now < it.issued_at.saturating_add(app.policy.access_token_ttl);
    let claims = app.tokens.verify_access_token(token, now).filter(is_fresh);
    let Some(claims) = claims else { return Ok(None) };
    let user = match app.revocations.session_status(&claims.session, &*app.clock) {
        SessionStatus::Ended => None,
        SessionStatus::Live => match app.cached_users.find_user(&claims.user).await? {
            // A live session began after the account was enabled again, which the cached entry may not know.
            Some(copy) if copy.disabled => app.users.find_user(&claims.user).await?,
            copy => copy,
        },
        // One synchronisation reads both ended sessions and changed users: without it, no cached user is
        // trusted either.
        SessionStatus::Unknown => {
            let session = app.sessions.find_session(&claims.session).await?;
            match session.filter(|it| it.revoked_at.is_none()) {
                Some(_) => app.users.find_user(&claims.user).await?,
                None => None,
            }
        }
    };
    let user = user.filter(|it| !it.disabled);
    Ok(user.map(|user| Caller::User(UserCaller { user, session: claims.session })))
}

/// Ends the caller's session: its refresh token at once, its access tokens here at once and on other
/// instances within a second.
///
/// # Errors
/// [`PortError`].
pub async fn logout(app: &App, caller: &UserCaller) -> Result<(), PortError> {
    match app.sessions.find_session(&caller.session).await? {
        Some(session) => end_session(app, &session, app.clock.now()).await,
        None => Ok(()),
    }
}

/// The caller's live sessions, newest first, at most 1,000.
///
/// # Errors
/// [`PortError`].
pub async fn list_sessions(app: &App, caller: &UserCaller) -> Result<Vec<ListedSession>, PortError> {
    list_sessions_of(app, caller.user.key).await
}

/// The live sessions of a user, newest first, at most 1,000.
pub(super) async fn list_sessions_of(app: &App, user: UserKey) -> Result<Vec<ListedSession>, PortError> {
    app.sessions.list_live_sessions(user, app.clock.now(), LIVE_SESSIONS_MAX).await
}

/// Why a session of the caller was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The caller has no live session with this id.
    #[error("there is no such session")]
    NotFound,
    /// The system of record is unavailable, or the session cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for RevokeError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Ends one of the caller's sessions, and replies with `reply`.
///
/// # Errors
/// [`RevokeError`].
pub async fn revoke_session(
    app: &App,
    caller: &UserCaller,
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
    // For a replay too: the process that committed may have died before it announced the end.
    announce_session_end(app, id).await;
    Ok(answered)
}

/// Ends all the caller's sessions but the present one, and replies with `reply`.
///
/// # Errors
/// [`RevokeError`], never `NotFound`.
pub async fn end_other_sessions(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    reply: StoredReply,
) -> Result<IdempotentReply, RevokeError> {
    let decide = || {
        let decided = async {
            let ended = end_others_write(app, caller).await.map_err(RevokeError::from)?;
            let work = UnitOfWork::new().with_write(ended);
            Ok(Decision::with_reply(work, caller.user.id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let answered = run_once(app, request.as_ref(), decide, Attempt::<RevokeError>::from_commit_error).await?;
    announce_change(app).await;
    Ok(answered)
}

async fn end_session(app: &App, session: &Session, now: Timestamp) -> Result<(), PortError> {
    let work = UnitOfWork::new().with_write(Write::RevokeSession {
        user: session.user,
        session: session.key,
        at: now,
    });
    app.store.commit(work).await.map_err(CommitError::into_port_error)?;
    announce_session_end(app, &session.id).await;
    Ok(())
}

/// Ends a session that is older than its genuine token. Either the read lags behind the commit that issued the token, or
/// the record has lost that commit, as one that was restored from a copy. The guard tells them apart, because it sees the
/// newest state: stale means that the read lags, and the session must be read again.
async fn end_lost_session(app: &App, read: Session, now: Timestamp) -> Result<(), Attempt<RefreshError>> {
    let RefreshOutcome::Rotated(next) = read.refresh(read.generation, now, app.policy.session_lifetime())
    else {
        // It has ended since it was judged.
        return Ok(());
    };
    let (user, session, id) = (read.user, read.key, read.id.clone());
    let work = UnitOfWork::new()
        .with_write(Write::RotateSession { read: Box::new(read), next: Box::new(next) })
        .with_write(Write::RevokeSession { user, session, at: now });
    app.store.commit(work).await.map_err(Attempt::<RefreshError>::from_commit_error)?;
    tracing::warn!(session = %id, "session is older than its refresh token, the record has lost commits; ended");
    announce_session_end(app, &id).await;
    Ok(())
}

/// Records the end of a session in this process and announces it to the others. An instance that misses it
/// reads it at its next synchronisation.
async fn announce_session_end(app: &App, ended: &SessionId) {
    app.revocations.add_session(ended.clone(), app.clock.now());
    // Dropped on failure: the end is committed, and a broadcast only makes the others read it sooner.
    let _ = app.revocation_broadcast.publish().await;
}

#[cfg(test)]
mod tests;
