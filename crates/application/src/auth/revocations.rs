//! Sessions that were ended while their access tokens still live, and users who changed while there are copies of them.
//!
//! Every instance keeps those that it knows of, and asks the record for more all the time. What it knows is good for
//! [`TRUSTED_FOR`]: an instance that looked longer ago asks the record about each session and each user, so that a
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
pub const TRUSTED_FOR: Duration = Duration::from_millis(900);
/// The clocks of all instances must agree within this: the end of a session is stamped by whoever ended it.
pub const CLOCKS_APART_MAX: Duration = Duration::from_secs(10);
/// A commit must be seen within this from its stamp.
const COMMITTED_WITHIN: Duration = Duration::from_secs(20);
/// So far before the last look ended sessions are looked for.
const REACH_BACK: Duration = CLOCKS_APART_MAX.saturating_add(COMMITTED_WITHIN);
/// So far before the last look a glance goes: for those that were ended just now, by clocks that agree.
const GLANCE_BACK: Duration = Duration::from_secs(1);
/// So long after the last access token can have expired an end is remembered: the token was stamped by one clock, its
/// session's end by another, and is looked at by a third.
const REMEMBERED_BEYOND: Duration = Duration::from_secs(60);
/// How many ended sessions, or changed users, are read at once.
const READ_AT_ONCE: u32 = 1_000;

/// The ended sessions this process knows of. Every access token dies by itself soon, so that this stays small.
#[derive(Debug, Default)]
pub struct Revocations {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    ended: HashMap<SessionId, Timestamp>,
    /// When the last look began that found all there was.
    looked: Option<Moment>,
}

/// A moment by two clocks: one goes on while the machine sleeps, the other never steps back.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Timestamp,
    monotonic: Duration,
}

/// What this process can say of a session by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has ended.
    Ended,
    /// It had not ended a moment ago.
    Live,
    /// Only the record can tell.
    Unknown,
}

impl Revocations {
    /// Takes note that a session ended at that moment.
    pub fn add(&self, session: SessionId, at: Timestamp) {
        self.change(|known| known.ended.insert(session, at));
    }

    /// Whether the session is known to have ended.
    #[must_use]
    pub fn contains(&self, session: &SessionId) -> bool {
        self.read(|known| known.ended.contains_key(session))
    }

    pub(super) fn standing(&self, session: &SessionId, clock: &dyn Clock) -> Standing {
        let now = Moment::now(clock);
        self.read(|known| match known.looked {
            _ if known.ended.contains_key(session) => Standing::Ended,
            Some(looked) if looked.is_trusted(now) => Standing::Live,
            Some(_) | None => Standing::Unknown,
        })
    }

    fn looked(&self) -> Option<Moment> {
        self.read(|known| known.looked)
    }

    /// Takes note of a look that found all there was when it began, and forgets what ended before `forget`.
    fn set_looked(&self, began: Moment, forget: Timestamp) {
        self.change(|known| {
            known.looked = Some(began);
            known.ended.retain(|_, at| *at >= forget);
        });
    }

    fn read<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Moment {
    fn now(clock: &dyn Clock) -> Self {
        Self { at: clock.now(), monotonic: clock.monotonic() }
    }

    /// A clock that was put back is not trusted: while it was ahead too much was forgotten.
    fn is_trusted(self, now: Self) -> bool {
        (self.at..=self.at.plus(TRUSTED_FOR)).contains(&now.at)
            && now.monotonic.saturating_sub(self.monotonic) <= TRUSTED_FOR
    }
}

/// Learns which sessions were ended anywhere and which users changed, and forgets sessions whose access tokens have all
/// expired. The first look finds all whose access tokens may still live.
///
/// A look must follow another within [`TRUSTED_FOR`], and never run twice at the same time.
///
/// # Errors
/// [`PortError`]; the next look then reaches back as far as this one.
pub async fn look(app: &App) -> Result<(), PortError> {
    let began = Moment::now(&*app.clock);
    let remembered = began.at.minus(app.policy.access_token_ttl).minus(REMEMBERED_BEYOND);
    let since = match app.revocations.looked() {
        Some(looked) if looked.at <= began.at => looked.at.minus(REACH_BACK).max(remembered),
        // The first one; or the clock was put back, and while it was ahead too much was forgotten.
        Some(_) | None => remembered,
    };
    learn(app, since).await?;
    app.revocations.set_looked(began, remembered);
    Ok(())
}

/// Learns what was ended or changed a moment ago, without waiting for the next look, which may find more.
///
/// # Errors
/// [`PortError`]; nothing follows from that.
pub async fn glance(app: &App) -> Result<(), PortError> {
    let now = app.clock.now();
    let looked = app.revocations.looked().map_or(now, |looked| looked.at.min(now));
    learn(app, looked.minus(GLANCE_BACK)).await
}

async fn learn(app: &App, since: Timestamp) -> Result<(), PortError> {
    learn_ended(app, since).await?;
    learn_changed(app, since).await
}

/// What is read here takes the place of older copies on its way.
async fn learn_changed(app: &App, since: Timestamp) -> Result<(), PortError> {
    let (mut since, mut after) = (since, None);
    loop {
        let changed = app.user_copies.changed_since(since, after, READ_AT_ONCE).await?;
        let full = u32::try_from(changed.len()).unwrap_or(u32::MAX) >= READ_AT_ONCE;
        if let Some(last) = changed.last() {
            (since, after) = (last.at, Some(last.key));
        }
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(());
        }
    }
}

async fn learn_ended(app: &App, since: Timestamp) -> Result<(), PortError> {
    let (mut since, mut after) = (since, None);
    loop {
        let ended = app.sessions.revoked_since(since, after, READ_AT_ONCE).await?;
        let full = u32::try_from(ended.len()).unwrap_or(u32::MAX) >= READ_AT_ONCE;
        for session in ended {
            (since, after) = (session.at, Some(session.key));
            app.revocations.add(session.id, session.at);
        }
        // Every full page ends further on, so there is an end to them.
        if !full {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
