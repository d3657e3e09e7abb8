//! Sweeps: work that is due because time has passed, done in bounded batches.
//!
//! | sweep | what is due |
//! | --- | --- |
//! | `expire_unpaid_orders`, `release_uncaptured_orders` | orders whose payment did not come in time |
//! | `complete_delivered_orders`, `close_finished_orders` | orders that have not changed for long |
//! | `reconcile_gateway`, `postpone_removed_gateways` | payments and refunds without a result from their gateway |
//! | `apply_parked_events`, `apply_overdue_events` | events whose transaction was not known, and is now |
//! | `report_overdue_events`, `give_up_events` | events whose transaction is still not known |
//! | `report_unreadable_rows` | rows that could not be read |
//! | `resolve_reset_requests`, `send_mails` | requests to reset a password, and mails |
//! | `erase_accounts` | data of accounts that were erased |
//! | `prune_rows` | replies, sessions, attempts at gateways and deliveries of webhooks past their retention |
//!
//! Each function is one pass, and its result says whether there may be more. The process repeats it; no state
//! is kept between passes. Every instance runs every sweep at once: each decision is read and guarded like
//! one of a client, and the slower instance finds its commit stale or the work done. An item that fails by
//! itself does not delay the others.

mod batch_loop;
mod erasures;
mod events;
mod mails;
mod orders;
mod payments;

use ports::{CommitError, PortError, Prunable, UnitOfWork, Write};

use crate::{App, webhooks::drop_old_deliveries};

pub use erasures::erase_accounts;
pub use events::{
    OverdueWalk, apply_overdue_events, apply_parked_events, give_up_events, report_overdue_events,
};
pub use mails::{resolve_reset_requests, send_mails};
pub use orders::{
    close_finished_orders, complete_delivered_orders, expire_unpaid_orders, release_uncaptured_orders,
};
pub use payments::{postpone_removed_gateways, reconcile_gateway};

pub use crate::unreadable::report_unreadable_rows;

/// The names of the sweeps over due items. Logs and metrics use the same.
#[expect(missing_docs, reason = "each constant is the name of the sweep function that it is for")]
pub mod names {
    pub const APPLY_OVERDUE: &str = "apply-overdue";
    pub const APPLY_PARKED: &str = "apply-parked";
    pub const CLOSE_FINISHED: &str = "close-finished";
    pub const COMPLETE_DELIVERED: &str = "complete-delivered";
    pub const GIVE_UP_OVERDUE: &str = "give-up-overdue";
    pub const EXPIRE_UNPAID: &str = "expire-unpaid";
    pub const RECONCILE: &str = "reconcile";
    pub const RELEASE_UNCAPTURED: &str = "release-uncaptured";
    pub const REPORT_OVERDUE: &str = "report-overdue";
    pub const RESOLVE_RESETS: &str = "resolve-resets";
    pub const SEND_MAILS: &str = "send-mails";
    pub const ERASE_ACCOUNTS: &str = "erase-accounts";
}

/// The largest number of rows of one kind that a pass deletes, so that its transaction stays short.
const PRUNE_LIMIT: u32 = 1_000;

/// Deletes claims, sessions, attempts and deliveries of webhooks past their retention, up to a limit for each; `true` when
/// there may be more. A delivery that was never made leaves a finding. While nothing is over, it commits nothing.
///
/// # Errors
/// [`PortError`].
pub async fn prune_rows(app: &App) -> Result<bool, PortError> {
    let (now, policy) = (app.clock.now(), &app.policy);
    let deliveries_before = now.saturating_sub(policy.webhook_retention);
    let kinds = [
        (Prunable::Claims, now),
        (Prunable::Sessions, now.saturating_sub(policy.session_retention)),
        (Prunable::Attempts, now.saturating_sub(policy.attempt_retention)),
        (Prunable::Deliveries, deliveries_before),
    ];
    let mut work = UnitOfWork::new();
    for (what, before) in kinds {
        if app.audit.has_prunable_rows(what, before).await? {
            work = work.with_write(Write::Prune(what, before, PRUNE_LIMIT));
        }
    }
    let has_pruned = !work.writes().is_empty();
    if has_pruned {
        app.store.commit(work).await.map_err(CommitError::into_port_error)?;
    }
    let has_dropped = drop_old_deliveries(app, deliveries_before, PRUNE_LIMIT).await?;
    // Whether that was all, the next pass asks.
    Ok(has_pruned || has_dropped)
}

#[cfg(test)]
mod tests;
