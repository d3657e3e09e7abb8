//! Whether the system of record accepts writes, judged by recent commits, as a decorator of the store.
//!
//! A database that answers reads may still refuse every write: its disk is full, or it has become read-only.
//! Only commits show that, so their outcomes are remembered, and the health check answers from them.
//!
//! ```text
//! outcomes, latest first: 1 1 1 0 0 ...   1 = unavailable, 0 = written
//! three in a row, or half of the last 16  ─► unhealthy, and each check tries a probe commit
//! one probe succeeds                      ─► all forgotten, healthy
//! ```

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{
    Clock, CommitError, HealthCheck, PortError, Prunable, SecondFactorWrite, Store, UnitOfWork, WebhookWrite,
    Write,
};

/// How many unavailable commits in a row make the system of record unhealthy.
pub const FAILURES_MAX: u32 = 3;
/// The number of outcomes remembered. Half of them unavailable is unhealthy too: on a disk that is almost
/// full, small commits still succeed.
const OUTCOME_WINDOW: u32 = u16::BITS;

/// The longest time that a probe commit runs; no system of record waits longer. A probe whose check was
/// dropped is considered finished after it.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// A store whose outcomes are remembered, and the health of the system of record judged by them.
pub struct RecentCommits {
    store: Arc<dyn Store>,
    health: Arc<dyn HealthCheck>,
    clock: Arc<dyn Clock>,
    /// The outcomes of the last 16 commits, the latest in the lowest bit; a bit is set where the commit was
    /// unavailable.
    outcomes: AtomicU16,
    probing: Mutex<Option<Duration>>,
}

impl RecentCommits {
    /// Remembers the outcomes of `store`; `health` is the health check of the same system of record.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, health: Arc<dyn HealthCheck>, clock: Arc<dyn Clock>) -> Self {
        Self { store, health, clock, outcomes: AtomicU16::new(0), probing: Mutex::default() }
    }

    fn lock_probe(&self) -> MutexGuard<'_, Option<Duration>> {
        self.probing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves the only probe; `false` while another one runs. A probe whose check was dropped runs on, but
    /// not for long.
    fn try_begin_probe(&self) -> bool {
        let now = self.clock.monotonic_now();
        let mut probing = self.lock_probe();
        // By time, not by a guard: the check may be dropped while its commit goes on, and a flag that only
        // the check clears would then stay set forever.
        let is_free = probing.is_none_or(|began| now.saturating_sub(began) >= PROBE_TIMEOUT);
        if is_free {
            *probing = Some(now);
        }
        is_free
    }

    fn push_outcome(&self, was_unavailable: bool) {
        // Relaxed, because nothing else is read on the strength of these bits. The closure never gives up, so
        // there is no error to handle.
        let next = |it: u16| Some(it << 1 | u16::from(was_unavailable));
        let _ = self.outcomes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    fn is_failing(&self) -> bool {
        let outcomes = self.outcomes.load(Ordering::Relaxed);
        outcomes.trailing_ones() >= FAILURES_MAX || outcomes.count_ones() >= OUTCOME_WINDOW / 2
    }
}

#[async_trait]
impl Store for RecentCommits {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let writes = work.writes().iter().any(always_writes);
        let probes = work.writes().iter().any(|it| matches!(it, Write::Probe(_)));
        // What locks the numbers of the feed may wait for an instance that hangs while it does so. No order waits with it,
        // so its outcome says nothing about them.
        let numbers = work.writes().iter().any(locks_feed_numbers);
        let outcome = self.store.commit(work).await;
        if numbers {
            return outcome;
        }
        match &outcome {
            // The probe row is larger than any other write. If it fits, smaller ones do, so the failures
            // before it count no more.
            Ok(()) if probes => self.outcomes.store(0, Ordering::Relaxed),
            Ok(()) if writes => self.push_outcome(false),
            Err(CommitError::Failed(PortError::Unavailable(_))) => self.push_outcome(true),
            // Nothing was written, so this says nothing about writing.
            Ok(()) | Err(_) => {}
        }
        outcome
    }

    /// Remembers one outcome for the whole batch: units that shared a transaction which failed are one failure.
    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        let writes = units.iter().any(|it| it.writes().iter().any(always_writes));
        let outcomes = self.store.commit_all(units).await;
        let is_unavailable =
            |it: &Result<(), CommitError>| matches!(it, Err(CommitError::Failed(PortError::Unavailable(_))));
        if outcomes.iter().any(Result::is_ok) {
            if writes {
                self.push_outcome(false);
            }
        } else if outcomes.iter().any(is_unavailable) {
            self.push_outcome(true);
        }
        outcomes
    }
}

#[async_trait]
impl HealthCheck for RecentCommits {
    /// Asks the system of record whether it answers. While its commits fail, the question is a commit that
    /// writes: so health returns without traffic. One probe runs at a time; other checks get the present
    /// judgement meanwhile.
    async fn check_health(&self) -> Result<(), PortError> {
        self.health.check_health().await?;
        if !self.is_failing() {
            return Ok(());
        }
        if !self.try_begin_probe() {
            return Err(PortError::unavailable("recent commits failed, and a probe commit is still running"));
        }
        // Through this decorator and not the inner store, so that the outcome is remembered like any other.
        // The mutex was released before: it is never held across the commit.
        let probe = UnitOfWork::new().with_write(Write::Probe(self.clock.now()));
        let outcome = self.commit(probe).await;
        *self.lock_probe() = None;
        outcome.map_err(CommitError::into_port_error)
    }
}

/// Whether a write waits for the row with the next number of the feed.
const fn locks_feed_numbers(write: &Write) -> bool {
    matches!(
        write,
        Write::NumberFeedEvents(_) | Write::EraseFeedData(..) | Write::Prune(Prunable::FeedEvents, ..)
    )
}

/// Whether this write changes a row whenever it is committed. The others may find nothing to do, and a commit
/// of only those proves nothing about writing.
const fn always_writes(write: &Write) -> bool {
    match write {
        Write::Claim(_)
        | Write::StoreReply { .. }
        | Write::InsertEvent(_)
        | Write::MoveEvent { .. }
        | Write::InsertUser(..)
        | Write::ChangePassword { .. }
        | Write::InsertSession(..)
        | Write::UpdateUser { .. }
        | Write::RotateSession { .. }
        | Write::InsertApiKey(..)
        | Write::RevokeApiKey { .. }
        | Write::InsertProduct(..)
        | Write::ReplaceProduct { .. }
        | Write::AdjustStock { .. }
        | Write::Sell { .. }
        | Write::AddOpenOrder { .. }
        | Write::InsertOrder { .. }
        | Write::UpdateOrder(_)
        | Write::ArchiveOrders(_)
        | Write::InsertTransaction(_)
        | Write::UpdateTransaction(_)
        | Write::InsertRequest(_)
        | Write::LearnReference(..)
        | Write::InsertAttempts(_)
        | Write::InsertFinding(_)
        | Write::ResolveFinding { .. }
        | Write::QueueMail(_)
        | Write::BeginMail { .. }
        | Write::DeleteMail { .. }
        | Write::RequestPasswordReset(..)
        | Write::SetResetToken { .. }
        | Write::UsePasswordReset { .. }
        | Write::ChangeEmail { .. }
        | Write::VerifyEmail { .. }
        | Write::EraseUser(_)
        | Write::CloseOpenOrders { .. }
        | Write::AdvanceErasure { .. }
        | Write::Probe(_) => true,
        Write::Webhook(write) => always_writes_webhook(write),
        Write::SecondFactor(write) => always_writes_factor(write),
        Write::RequirePassword(..)
        | Write::RecordKeyUse { .. }
        | Write::RevokeSession { .. }
        | Write::RevokeSessions { .. }
        | Write::RevokeListedSessions { .. }
        | Write::ReturnStock(_)
        | Write::RetakeStock(_)
        | Write::RemoveOpenOrder { .. }
        | Write::Postpone(_)
        | Write::SetNextAction(..)
        | Write::InsertFindingOnce(..)
        | Write::DropPasswordReset(_)
        | Write::ErasePersonalRows(..)
        | Write::InsertFeedEvents(_)
        | Write::NumberFeedEvents(_)
        | Write::EraseFeedData(..)
        | Write::EraseOrderReplies(..)
        | Write::Prune(..) => false,
    }
}

/// The same of a write about a second factor.
const fn always_writes_factor(write: &SecondFactorWrite) -> bool {
    match write {
        SecondFactorWrite::Set { .. } | SecondFactorWrite::Enrol(_) | SecondFactorWrite::Replace(_) => true,
        SecondFactorWrite::RequireNone(_) | SecondFactorWrite::Drop(_) => false,
    }
}

/// The same of a write about webhooks.
const fn always_writes_webhook(write: &WebhookWrite) -> bool {
    match write {
        WebhookWrite::InsertEndpoint(_)
        | WebhookWrite::UpdateEndpoint { .. }
        | WebhookWrite::DisableFailing { .. }
        | WebhookWrite::DeleteEndpoint { .. }
        | WebhookWrite::MoveCursor { .. }
        | WebhookWrite::DropDeliveries { .. }
        | WebhookWrite::UpdateDelivery { .. } => true,
        WebhookWrite::SetFailingSince { .. }
        | WebhookWrite::InsertDeliveries(_)
        | WebhookWrite::PostponeDelivery { .. }
        | WebhookWrite::MoveFollower { .. } => false,
    }
}

#[cfg(test)]
mod tests;
