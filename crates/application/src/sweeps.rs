//! What time brings: sweeps look for what is due, in bounded batches. Each is safe to run on several instances at once,
//! because what it decides is guarded like everything else, and it loses to whoever was faster. One thing that cannot be
//! done keeps none of the others waiting.

mod batch_loop;
mod events;
mod orders;
mod payments;

use ports::{CommitError, PortError, Prunable, UnitOfWork, Write};

use crate::App;

pub use events::{apply_parked_events, report_overdue_events};
pub use orders::{
    close_finished_orders, complete_delivered_orders, expire_unpaid_orders, release_uncaptured_orders,
};
pub use payments::reconcile_open_payments;

pub use crate::unreadable::report_unreadable_rows;

/// How many rows of a kind are forgotten at once.
const PRUNE_LIMIT: u32 = 1_000;

/// Forgets answers and sessions whose time is over, so many at once; what is left waits for the next time, and nobody
/// waits for that.
///
/// # Errors
/// [`PortError`].
pub async fn prune_rows(app: &App) -> Result<bool, PortError> {
    let now = app.clock.now();
    let kept = now.saturating_sub(app.policy.session_retention);
    let work = UnitOfWork::new()
        .with_write(Write::Prune(Prunable::Claims, now, PRUNE_LIMIT))
        .with_write(Write::Prune(Prunable::Sessions, kept, PRUNE_LIMIT));
    match app.store.commit(work).await {
        Ok(()) => Ok(false),
        Err(CommitError::Failed(away)) => Err(away),
        Err(other) => Err(PortError::bug(other)),
    }
}

#[cfg(test)]
mod tests;
