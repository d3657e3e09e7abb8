//! Numbers the events that are committed, and forgets those that are old.
//!
//! ```text
//! one database transaction:
//!     change the row of the sequencer     waits for another instance that numbers
//!     read committed events without one   everything that was committed before
//!     give them the next numbers
//! ```
//!
//! The row's lock is the lease: it ends with its transaction, also if the process dies, and then any other instance goes
//! on. No clock decides, and no instance is special.

use std::time::Duration;

use ports::{CommitError, Observation, PortError, Prunable, UnitOfWork, Write};

use crate::App;

/// The most events that one commit numbers.
pub const NUMBERED_MAX: u32 = 256;
/// The most events that one pass deletes.
const PRUNED_MAX: u32 = 1_000;

/// Gives numbers to committed events; says whether there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn number_events(app: &App) -> Result<bool, PortError> {
    let backlog = app.feed.find_feed_backlog(NUMBERED_MAX).await?;
    let age = backlog.oldest_at.map_or(Duration::ZERO, |at| app.clock.now().saturating_duration_since(at));
    app.metrics.observe(Observation::FeedBacklog(backlog.events, age));
    // Nothing is written while nothing happens.
    if backlog.events == 0 {
        return Ok(false);
    }
    let work = UnitOfWork::new().with_write(Write::NumberFeedEvents(NUMBERED_MAX));
    app.store.commit(work).await.map_err(CommitError::into_port_error)?;
    app.feed_signal.announce_numbered();
    Ok(backlog.events >= NUMBERED_MAX)
}

/// Deletes events past their retention; says whether there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn prune_events(app: &App) -> Result<bool, PortError> {
    let before = app.clock.now().saturating_sub(app.policy.event_retention);
    let work = UnitOfWork::new().with_write(Write::Prune(Prunable::FeedEvents, before, PRUNED_MAX));
    app.store.commit(work).await.map_err(CommitError::into_port_error)?;
    app.audit.has_prunable_rows(Prunable::FeedEvents, before).await
}

#[cfg(test)]
mod tests;
