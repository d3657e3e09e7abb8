//! Sessions that were ended while their access tokens still live, and users who changed while there are copies of them.
//!
//! Every instance keeps those that it knows of, and asks the record for more all the time. What it knows is good for
//! [`TRUST_PERIOD`]: an instance that looked longer ago asks the record about each session and each user, so that a
//! session that was ended anywhere is accepted nowhere a second later, and a role that was taken is gone everywhere,
//! whatever is away.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use domain::{SessionId, Timestamp};
use ports::{Clock, PortError};

use crate::App;

/// How long after a look began what it found is relied on: less than a second, by what an answer takes.
pub const TRUST_PERIOD: Duration = Duration::from_millis(900);
/// The clocks of all instances must agree within this: the end of a session is stamped by whoever ended it.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(10);
/// A commit must be seen within this from its stamp.
const COMMIT_DELAY_MAX: Duration = Duration::from_secs(20);
/// So far before the last look ended sessions are looked for.
const SYNC_OVERLAP: Duration = CLOCK_SKEW_MAX.saturating_add(COMMIT_DELAY_MAX);
/// So far before the last look a glance goes: for those that were ended just now, by clocks that agree.
const RECENT_SYNC_OVERLAP: Duration = Duration::from_secs(1);
/// So long after the last access token can have expired an end is remembered: the token was stamped by one clock, its
/// session's end by another, and is looked at by a third.
const RETENTION_MARGIN: Duration = Duration::from_secs(60);
/// How many ended sessions, or changed users, are read at once.
const PAGE_SIZE: u32 = 1_000;

/// The ended sessions this process knows of. Every access token dies by itself soon, so that this stays small.
#[derive(Debug, Default)]
pub struct Revocations {
    state: RwLock<RevocationState>,
}

#[derive(Debug, Default)]
struct RevocationState {
    ended_sessions: HashMap<SessionId, Timestamp>,
    /// When the last look began that found all there was.
    last_sync: Option<ClockReading>,
}

/// A moment by two clocks: one goes on while the machine sleeps, the other never steps back.
#[derive(Debug, Clone, Copy)]
struct ClockReading {
    at: Timestamp,
    monotonic: Duration,
}

/// What this process can say of a session by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionStatus {
    /// It has ended.
    Ended,
    /// It had not ended a moment ago.
    Live,
    /// Only the record can tell.
    Unknown,
}

impl Revocations {
    /// Takes note that a session ended at that moment.
    pub fn add_session(&self, session: SessionId, at: Timestamp) {
        self.update_state(|known| known.ended_sessions.insert(session, at));
    }

    /// Whether the session is known to have ended.
    #[must_use]
    pub fn contains_session(&self, session: &SessionId) -> bool {
        self.read_state(|known| known.ended_sessions.contains_key(session))
    }

    pub(super) fn session_status(&self, session: &SessionId, clock: &dyn Clock) -> SessionStatus {
        let now = ClockReading::now(clock);
        self.read_state(|known| match known.last_sync {
            _ if known.ended_sessions.contains_key(session) => SessionStatus::Ended,
            Some(looked) if looked.is_fresh(now) => SessionStatus::Live,
            Some(_) | None => SessionStatus::Unknown,
        })
    }

    fn last_sync(&self) -> Option<ClockReading> {
        self.read_state(|known| known.last_sync)
    }

    /// Takes note of a look that found all there was when it began, and forgets what ended before `forget`.
    fn finish_sync(&self, began: ClockReading, forget: Timestamp) {
        self.update_state(|known| {
            known.last_sync = Some(began);
            known.ended_sessions.retain(|_, at| *at >= forget);
        });
    }

    fn read_state<T>(&self, read: impl FnOnce(&RevocationState) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn update_state<T>(&self, change: impl FnOnce(&mut RevocationState) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClockReading {
    fn now(clock: &dyn Clock) -> Self {
        Self { at: clock.now(), monotonic: clock.monotonic_now() }
    }

    /// A clock that was put back is not trusted: while it was ahead too much was forgotten.
    fn is_fresh(self, now: Self) -> bool {
        (self.at..=self.at.saturating_add(TRUST_PERIOD)).contains(&now.at)
            && now.monotonic.saturating_sub(self.monotonic) <= TRUST_PERIOD
    }
}

/// Learns which sessions were ended anywhere and which users changed, and forgets sessions whose access tokens have all
/// expired. The first look finds all whose access tokens may still live.
///
/// A look must follow another within [`TRUST_PERIOD`], and never run twice at the same time.
///
/// # Errors
/// [`PortError`]; the next look then reaches back as far as this one.
pub async fn sync_full(app: &App) -> Result<(), PortError> {
    let began = ClockReading::now(&*app.clock);
    let remembered = began.at.saturating_sub(app.policy.access_token_ttl).saturating_sub(RETENTION_MARGIN);
    let since = match app.revocations.last_sync() {
        Some(looked) if looked.at <= began.at => looked.at.saturating_sub(SYNC_OVERLAP).max(remembered),
        // The first one; or the clock was put back, and while it was ahead too much was forgotten.
        Some(_) | None => remembered,
    };
    sync_since(app, since).await?;
    app.revocations.finish_sync(began, remembered);
    Ok(())
}

/// Learns what was ended or changed a moment ago, without waiting for the next look, which may find more.
///
/// # Errors
/// [`PortError`]; nothing follows from that.
pub async fn sync_recent(app: &App) -> Result<(), PortError> {
    let now = app.clock.now();
    let looked = app.revocations.last_sync().map_or(now, |looked| looked.at.min(now));
    sync_since(app, looked.saturating_sub(RECENT_SYNC_OVERLAP)).await
}

async fn sync_since(app: &App, since: Timestamp) -> Result<(), PortError> {
    sync_sessions(app, since).await?;
    sync_users(app, since).await
}

/// What is read here takes the place of older copies on its way.
async fn sync_users(app: &App, since: Timestamp) -> Result<(), PortError> {
    let (mut since, mut after) = (since, None);
    loop {
        let changed = app.cached_users.list_changed_users(since, after, PAGE_SIZE).await?;
        let full = u32::try_from(changed.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        if let Some(last) = changed.last() {
            (since, after) = (last.at, Some(last.key));
        }
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(());
        }
    }
}

async fn sync_sessions(app: &App, since: Timestamp) -> Result<(), PortError> {
    let (mut since, mut after) = (since, None);
    loop {
        let ended = app.sessions.list_revoked_sessions(since, after, PAGE_SIZE).await?;
        let full = u32::try_from(ended.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        for session in ended {
            (since, after) = (session.at, Some(session.key));
            app.revocations.add_session(session.id, session.at);
        }
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
