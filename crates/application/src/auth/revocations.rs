//! Sessions that ended before their access tokens expired, and users who changed while they are cached.
//!
//! An access token is valid by its signature alone, so every instance has to know which sessions have ended.
//! Each keeps them in memory and reads new ones from the system of record every 0.4 s. What it read is relied
//! on for [`TRUST_PERIOD`]; an instance whose last successful read is older asks the system of record about
//! each session and each user. So an ended session or a withdrawn role is refused everywhere within a second,
//! whatever is unavailable.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use domain::{SessionId, Timestamp};
use ports::{Clock, PortError};

use crate::{App, clock_reading::ClockReading};

/// How long the result of a synchronisation is relied on, counted from its beginning: a second, less the time
/// that a reply takes.
pub const TRUST_PERIOD: Duration = Duration::from_millis(900);
/// The largest allowed difference between the clocks of instances: the instance that ends a session stamps
/// the end.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(10);
/// The longest time from a timestamp until its commit is visible to others.
const COMMIT_DELAY_MAX: Duration = Duration::from_secs(20);
/// How far before the last synchronisation a full one begins to read: an older timestamp may become visible
/// later, by a slow clock or a slow commit.
const SYNC_OVERLAP: Duration = CLOCK_SKEW_MAX.saturating_add(COMMIT_DELAY_MAX);
/// How far before the last synchronisation a recent one begins to read: enough for an end just now, if clocks
/// agree.
const RECENT_SYNC_OVERLAP: Duration = Duration::from_secs(1);
/// How much longer than an access token lives an ended session is remembered: the token, the session's end
/// and the check may each have another instance's clock.
const RETENTION_MARGIN: Duration = Duration::from_secs(60);
/// The number of ended sessions or changed users in one page.
const PAGE_SIZE: u32 = 1_000;

/// The ended sessions that this process knows. Access tokens expire soon, so the set stays small.
#[derive(Debug, Default)]
pub struct Revocations {
    state: RwLock<RevocationState>,
}

#[derive(Debug, Default)]
struct RevocationState {
    ended_sessions: HashMap<SessionId, Timestamp>,
    /// The beginning of the last complete synchronisation; `None` before the first.
    last_sync: Option<ClockReading>,
}

/// The state of a session, as far as this process can tell without a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionStatus {
    /// It has ended: refuse its tokens.
    Ended,
    /// It had not ended within the last [`TRUST_PERIOD`].
    Live,
    /// The last synchronisation is too old: ask the system of record.
    Unknown,
}

impl Revocations {
    /// Records that a session ended at that time.
    pub fn add_session(&self, session: SessionId, at: Timestamp) {
        self.update_state(|known| known.ended_sessions.insert(session, at));
    }

    /// Whether this process knows that the session has ended.
    #[must_use]
    pub fn contains_session(&self, session: &SessionId) -> bool {
        self.read_state(|known| known.ended_sessions.contains_key(session))
    }

    pub(super) fn session_status(&self, session: &SessionId, clock: &dyn Clock) -> SessionStatus {
        let now = ClockReading::now(clock);
        self.read_state(|known| match known.last_sync {
            // First: an end that is known stays known, however old the last synchronisation is.
            _ if known.ended_sessions.contains_key(session) => SessionStatus::Ended,
            Some(looked) if looked.is_recent(now, TRUST_PERIOD) => SessionStatus::Live,
            Some(_) | None => SessionStatus::Unknown,
        })
    }

    fn last_sync(&self) -> Option<ClockReading> {
        self.read_state(|known| known.last_sync)
    }

    /// Records a complete synchronisation, and removes sessions that ended before `forget`.
    fn finish_sync(&self, began: ClockReading, forget: Timestamp) {
        self.update_state(|known| {
            known.last_sync = Some(began);
            known.ended_sessions.retain(|_, at| *at >= forget);
        });
    }

    fn read_state<T>(&self, read: impl FnOnce(&RevocationState) -> T) -> T {
        // The closures are synchronous, so this lock is never held across an await. A poisoned lock is used
        // as it is: no step leaves the state half changed, and failing would refuse every request.
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn update_state<T>(&self, change: impl FnOnce(&mut RevocationState) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads which sessions ended on any instance and which users changed, and forgets sessions whose access
/// tokens have all expired. The first call reads every ended session whose access tokens may still be valid.
///
/// The caller repeats it within [`TRUST_PERIOD`], and never runs two at the same time.
///
/// # Errors
/// [`PortError`]; the next call then reads from as far back as this one.
pub async fn sync_full(app: &App) -> Result<(), PortError> {
    // Read before the query: a session that ends while the query runs may be missing from its result.
    let began = ClockReading::now(&*app.clock);
    let remembered = began.at.saturating_sub(app.policy.access_token_ttl).saturating_sub(RETENTION_MARGIN);
    let since = match app.revocations.last_sync() {
        Some(looked) if looked.at <= began.at => looked.at.saturating_sub(SYNC_OVERLAP).max(remembered),
        // The first call; or the clock was set back, and while it was ahead, sessions were removed too early.
        Some(_) | None => remembered,
    };
    sync_since(app, since).await?;
    // Only after both reads have succeeded. A half-read synchronisation must not count as fresh.
    app.revocations.finish_sync(began, remembered);
    Ok(())
}

/// Reads what ended or changed just now, without waiting for the next full synchronisation, which may find
/// more.
///
/// # Errors
/// [`PortError`]; it may be ignored, because the next full synchronisation reads the same.
pub async fn sync_recent(app: &App) -> Result<(), PortError> {
    let now = app.clock.now();
    let looked = app.revocations.last_sync().map_or(now, |looked| looked.at.min(now));
    sync_since(app, looked.saturating_sub(RECENT_SYNC_OVERLAP)).await
}

async fn sync_since(app: &App, since: Timestamp) -> Result<(), PortError> {
    sync_sessions(app, since).await?;
    sync_users(app, since).await
}

/// Reading through the cached port is the point: it replaces older entries with what it reads.
async fn sync_users(app: &App, since: Timestamp) -> Result<(), PortError> {
    let (mut since, mut after) = (since, None);
    loop {
        let changed = app.cached_users.list_changed_users(since, after, PAGE_SIZE).await?;
        let full = u32::try_from(changed.len()).unwrap_or(u32::MAX) >= PAGE_SIZE;
        if let Some(last) = changed.last() {
            (since, after) = (last.at, Some(last.key));
        }
        // Each full page ends further on than the one before, so the loop ends.
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
            // Added page by page: if a later page fails, what is known already is refused from now on.
            app.revocations.add_session(session.id, session.at);
        }
        // Each full page ends further on than the one before, so the loop ends.
        if !full {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
