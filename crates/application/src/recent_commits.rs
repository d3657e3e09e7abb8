//! Whether the record takes writes, from the outcome of recent commits, as a decorator.
//!
//! A database that answers may still refuse every write: its disk is full, or it became one that only reads. That shows in
//! the commits, and only there.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{Clock, CommitError, Health, PortError, Store, UnitOfWork, Write};

/// After so many commits in a row that the record was away for, it is unavailable.
pub const FAILURES_MAX: u32 = 3;
/// Of so many commits it is unavailable too when it was away for half of them: on a disk that is almost full small
/// commits still go through.
const REMEMBERED: u32 = u16::BITS;

/// A commit that is tried ends within this time: no record waits longer.
const PROBE_MAX: Duration = Duration::from_secs(10);

/// A store whose outcomes are watched, and the health of a record that is judged by them too.
pub struct RecentCommits {
    store: Arc<dyn Store>,
    health: Arc<dyn Health>,
    clock: Arc<dyn Clock>,
    /// The outcome of the last commits, the latest in the lowest bit; set where the record was away.
    outcomes: AtomicU16,
    probing: Mutex<Option<Duration>>,
}

impl RecentCommits {
    /// Watches the commits of `store`; `health` is the same record's.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, health: Arc<dyn Health>, clock: Arc<dyn Clock>) -> Self {
        Self { store, health, clock, outcomes: AtomicU16::new(0), probing: Mutex::default() }
    }

    fn probing(&self) -> MutexGuard<'_, Option<Duration>> {
        self.probing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no other commit is being tried. One that no check waits for any more runs on, but not for long.
    fn begin_probe(&self) -> bool {
        let now = self.clock.monotonic();
        let mut probing = self.probing();
        let is_free = probing.is_none_or(|began| now.saturating_sub(began) >= PROBE_MAX);
        if is_free {
            *probing = Some(now);
        }
        is_free
    }

    fn remember(&self, was_away: bool) {
        let next = |it: u16| Some(it << 1 | u16::from(was_away));
        let _ = self.outcomes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    fn is_failing(&self) -> bool {
        let outcomes = self.outcomes.load(Ordering::Relaxed);
        outcomes.trailing_ones() >= FAILURES_MAX || outcomes.count_ones() >= REMEMBERED / 2
    }
}

#[async_trait]
impl Store for RecentCommits {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let writes = work.writes().iter().any(is_sure_to_write);
        let probes = work.writes().iter().any(|it| matches!(it, Write::Probe(_)));
        let outcome = self.store.commit(work).await;
        match &outcome {
            // It is larger than any other.
            Ok(()) if probes => self.outcomes.store(0, Ordering::Relaxed),
            Ok(()) if writes => self.remember(false),
            Err(CommitError::Failed(PortError::Away(_))) => self.remember(true),
            // Nothing was written, so that nothing is known of writing.
            Ok(())
            | Err(
                CommitError::Stale
                | CommitError::OutOfStock(_)
                | CommitError::Claimed(_)
                | CommitError::DuplicateEvent
                | CommitError::Taken(_)
                | CommitError::Failed(PortError::Unreadable(_) | PortError::Bug(_)),
            ) => {}
        }
        outcome
    }
}

#[async_trait]
impl Health for RecentCommits {
    /// Asks the record for a sign of life. While its commits fail, the sign is a commit that writes: it recovers without
    /// traffic. One is tried at a time; who asks meanwhile is answered as the commits stand.
    async fn check(&self) -> Result<(), PortError> {
        self.health.check().await?;
        if !self.is_failing() {
            return Ok(());
        }
        if !self.begin_probe() {
            return Err(PortError::away("commits fail, and another one is being tried"));
        }
        let probe = UnitOfWork::new().with(Write::Probe(self.clock.now()));
        let outcome = self.commit(probe).await;
        *self.probing() = None;
        match outcome {
            Ok(()) => Ok(()),
            Err(CommitError::Failed(fault)) => Err(fault),
            Err(refusal) => Err(PortError::bug(refusal)),
        }
    }
}

/// Whether it changes a row whenever it is committed. The others may find nothing to do.
const fn is_sure_to_write(write: &Write) -> bool {
    match write {
        Write::Claim(_)
        | Write::Answer { .. }
        | Write::InsertEvent(_)
        | Write::MoveEvent { .. }
        | Write::InsertUser(..)
        | Write::ChangePassword { .. }
        | Write::InsertSession(..)
        | Write::UpdateUser { .. }
        | Write::RotateSession { .. }
        | Write::InsertProduct(..)
        | Write::ReplaceProduct { .. }
        | Write::AdjustStock { .. }
        | Write::Sell { .. }
        | Write::InsertOrder { .. }
        | Write::UpdateOrder(_)
        | Write::InsertTransaction(_)
        | Write::UpdateTransaction(_)
        | Write::InsertRequest(_)
        | Write::LearnReference(..)
        | Write::InsertFinding(_)
        | Write::ResolveFinding { .. }
        | Write::Probe(_) => true,
        Write::RequirePassword(..)
        | Write::RevokeSession { .. }
        | Write::RevokeSessions { .. }
        | Write::ReturnStock(_)
        | Write::Postpone(_)
        | Write::InsertFindingOnce(..)
        | Write::Prune(..) => false,
    }
}

#[cfg(test)]
mod tests;
