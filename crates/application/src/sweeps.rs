//! What time brings: sweeps look for what is due, in bounded batches. Each is safe to run on several instances at once,
//! because what it decides is guarded like everything else, and it loses to whoever was faster. One thing that cannot be
//! done keeps none of the others waiting.

mod due;
mod events;
mod orders;
mod payments;

use ports::{CommitError, PortError, Prunable, UnitOfWork, Write};

use crate::App;

pub use events::{apply_parked, report_overdue};
pub use orders::{close_finished, complete_delivered, expire_unpaid, release_uncaptured};
pub use payments::{reconcile_gateway, reconcile_strays};

pub use crate::unreadable::report_unreadable;

/// How many rows of a kind are forgotten at once.
const PRUNED: u32 = 1_000;

/// Forgets answers and sessions whose time is over, so many at once; what is left waits for the next time, and nobody
/// waits for that.
///
/// # Errors
/// [`PortError`].
pub async fn prune(app: &App) -> Result<bool, PortError> {
    let now = app.clock.now();
    let kept = now.minus(app.policy.session_kept);
    let work = UnitOfWork::new().with(Write::Prune(Prunable::Claims, now, PRUNED)).with(Write::Prune(
        Prunable::Sessions,
        kept,
        PRUNED,
    ));
    match app.store.commit(work).await {
        Ok(()) => Ok(false),
        Err(CommitError::Failed(away)) => Err(away),
        Err(other) => Err(PortError::bug(other)),
    }
}

#[cfg(test)]
mod tests;
