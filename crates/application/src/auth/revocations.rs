//! Sessions that were ended while their access tokens still live.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use domain::{SessionId, Timestamp};

/// The ended sessions this process knows of. The record is asked for new ones all the time, and every access token dies
/// by itself soon, so that this stays small.
#[derive(Debug, Default)]
pub struct Revocations {
    ended: RwLock<HashMap<SessionId, Timestamp>>,
}

impl Revocations {
    /// Takes note that a session ended at that moment.
    pub fn add(&self, session: SessionId, at: Timestamp) {
        self.ended.write().unwrap_or_else(PoisonError::into_inner).insert(session, at);
    }

    /// Whether the session is known to have ended.
    #[must_use]
    pub fn contains(&self, session: &SessionId) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(session)
    }

    /// Forgets those that ended before that moment: no access token of theirs is alive any more.
    pub fn forget_before(&self, moment: Timestamp) {
        self.ended.write().unwrap_or_else(PoisonError::into_inner).retain(|_, at| *at >= moment);
    }
}
