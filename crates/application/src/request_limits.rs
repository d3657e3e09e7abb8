//! General limits on requests: how many a user, an API key or a network may send within a minute.
//!
//! ```text
//! request ─► window of its subject, in this process ─► below the quota? ─► counted, goes on
//!                     ▲      │ what was counted                       └─► refused, with the time that is left
//!        what all     │      ▼
//!        have counted └── shared counters, a few times a second, for all subjects of that time together
//! ```
//!
//! Counting takes no round trip: it changes a number in this process. Where there are shared counters, a background loop
//! adds what was counted since its last round, and learns what all instances have counted together. So several instances
//! enforce one quota, late by one round at most. While the shared counters are unavailable, each instance counts for itself
//! and refuses no request that it would have let through alone.

mod sharing;
mod window;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{ApiKeyKey, Network, UserKey};
use moka::{policy::EvictionPolicy, sync::Cache};
use ports::{Clock, SharedCounters};

use crate::{Limit, Throttled};

use sharing::Sharing;
use window::Window;

/// The length of a window: it begins with the first request of its subject.
pub const REQUEST_WINDOW: Duration = Duration::from_secs(60);
/// Most subjects that have a window. Beyond it the one that sent nothing for the longest time is forgotten, so that one
/// that is refused stays.
const SUBJECTS_MAX: u64 = 100_000;

/// Whom a request is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The user who is logged in.
    User(UserKey),
    /// The API key that was shown.
    ApiKey(ApiKeyKey),
    /// The network that the request comes from.
    Network(Network),
}

/// How many requests a subject may send within [`REQUEST_WINDOW`]; 0: as many as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestQuotas {
    /// Of each user, over all sessions.
    pub per_user: u32,
    /// Of each API key.
    pub per_key: u32,
    /// Of each network: an IPv4 address or the /64 of an IPv6 address.
    pub per_network: u32,
}

/// What is left of a quota after a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaState {
    /// Which quota it is.
    pub limit: Limit,
    /// How many requests it allows in [`REQUEST_WINDOW`].
    pub quota: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When the quota is whole again.
    pub resets_in: Duration,
}

/// A window as the limiter and its loop share it. The lock is held for some instructions and never across an await.
type SharedWindow = Arc<Mutex<Window>>;

/// Counts requests and refuses those beyond a quota.
pub struct RequestLimiter {
    quotas: RequestQuotas,
    clock: Arc<dyn Clock>,
    windows: Cache<Subject, SharedWindow>,
    sharing: Option<Sharing>,
}

impl RequestLimiter {
    /// A limiter that has counted nothing; with shared counters, [`Self::share_counts`] must run in a loop.
    #[must_use]
    pub fn new(
        quotas: RequestQuotas,
        clock: Arc<dyn Clock>,
        shared: Option<Arc<dyn SharedCounters>>,
    ) -> Self {
        let windows = Cache::builder()
            .max_capacity(SUBJECTS_MAX)
            .eviction_policy(EvictionPolicy::lru())
            // Twice, because a shared window may begin later than the one here.
            .time_to_idle(REQUEST_WINDOW * 2)
            .build();
        Self { quotas, clock, windows, sharing: shared.map(Sharing::new) }
    }

    /// Counts a request, unless its subject has used up its quota; `None` if there is no quota for it. A request that is
    /// refused does not count.
    ///
    /// # Errors
    /// [`Throttled`] when the quota is used up.
    pub fn count_request(&self, subject: Subject) -> Result<Option<QuotaState>, Throttled> {
        let (limit, quota) = self.quotas.for_subject(subject);
        if quota == 0 {
            return Ok(None);
        }
        let now = self.clock.monotonic_now();
        let shared = match self.windows.get(&subject) {
            Some(it) => it,
            None => self.windows.get_with(subject, || Arc::new(Mutex::new(Window::starting_at(now)))),
        };
        let mut window = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = window.count_request(quota, now);
        let resets_in = window.time_left(now);
        // Decided under the window's lock, so that of two requests at once only one puts it into the queue.
        let is_unsent = counted.is_some() && self.sharing.is_some() && window.needs_queueing();
        drop(window);
        if let Some(sharing) = self.sharing.as_ref().filter(|_| is_unsent) {
            sharing.queue_window(subject, shared);
        }
        match counted {
            Some(remaining) => Ok(Some(QuotaState { limit, quota, remaining, resets_in })),
            None => Err(Throttled {
                reached: limit,
                limit: quota,
                window: REQUEST_WINDOW,
                retry_after: resets_in,
            }),
        }
    }

    /// Waits until requests were counted that the shared counters do not know; forever if there are none.
    pub async fn wait_counted(&self) {
        match &self.sharing {
            Some(it) => it.wait_queued().await,
            None => std::future::pending().await,
        }
    }

    /// Adds what was counted since the last call to the shared counters, and learns what all instances have counted. What
    /// cannot be added goes on to count in this process.
    pub async fn share_counts(&self) {
        if let Some(sharing) = &self.sharing {
            sharing.exchange_counts(&*self.clock).await;
        }
    }
}

impl RequestQuotas {
    const fn for_subject(&self, subject: Subject) -> (Limit, u32) {
        match subject {
            Subject::User(_) => (Limit::UserRequests, self.per_user),
            Subject::ApiKey(_) => (Limit::KeyRequests, self.per_key),
            Subject::Network(_) => (Limit::NetworkRequests, self.per_network),
        }
    }
}

#[cfg(test)]
mod tests;
