//! The archive: orders that closed long ago leave the tables that are listed and written (ADR 0039).
//!
//! ```text
//! orders that have not changed for long ─► cases, as of one moment ─► is anything of it open? ─► stays
//!        ▲                                                                │ no
//!        └────────────── the next batch ◄── one commit, guarded by every revision
//! ```
//!
//! No state is kept between runs: an order that was archived has left the list, and one that stays is looked at again. So a
//! run may die at any moment, and several may run at once, also beside servers.

use std::time::Duration;

use domain::{
    OrderKey, Revision, Timestamp, Transaction,
    order::OrderStatus,
    payment::{PaymentStatus, RefundStatus},
};
use ports::{CaseKey, OldOrder, PaymentCase, PortError, UnitOfWork, Write};

use crate::{App, retry::commit_unless_stale};

/// The orders of one batch.
const BATCH: u32 = 50;

/// What a run has looked at and moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Orders that were moved.
    pub archived: u64,
    /// Orders that stay, because something of them is open or changed too late.
    pub open: u64,
    /// Orders that stay, because they changed while they were looked at. The next run looks again.
    pub busy: u64,
    /// Orders that stay, because a row of them cannot be read. Each has a finding.
    pub unreadable: u64,
}

/// The latest date before which orders may be archived. Later than this an event of an order may still be in the feed, on
/// its way to a webhook or coming from a gateway.
#[must_use]
pub fn latest_archive_date(app: &App) -> Timestamp {
    let kept: Duration =
        app.policy.event_retention.max(app.policy.webhook_retention).max(app.policy.overdue_max);
    app.clock.now().saturating_sub(kept)
}

/// Archives closed orders that last changed before `before`, oldest change first, at most `limit` of them; `None` for all.
/// `progress` is called after each batch. A date after [`latest_archive_date`] counts as that one.
///
/// # Errors
/// [`PortError::Unavailable`] if the database is away, and [`PortError::Bug`]. What was archived before stays so.
pub async fn archive_orders(
    app: &App,
    before: Timestamp,
    limit: Option<u64>,
    mut progress: impl FnMut(&ArchiveReport),
) -> Result<ArchiveReport, PortError> {
    let before = before.min(latest_archive_date(app));
    let mut report = ArchiveReport::default();
    let mut after = None;
    loop {
        let room = limit.map_or(u64::MAX, |it| it.saturating_sub(report.archived));
        let batch = u32::try_from(room).unwrap_or(BATCH).min(BATCH);
        if batch == 0 {
            return Ok(report);
        }
        let orders = app.orders.list_old_orders(before, after, batch).await?;
        let Some(last) = orders.last().cloned() else { return Ok(report) };
        archive_batch(app, &orders, before, &mut report).await?;
        progress(&report);
        after = Some(last);
    }
}

async fn archive_batch(
    app: &App,
    orders: &[OldOrder],
    before: Timestamp,
    report: &mut ArchiveReport,
) -> Result<(), PortError> {
    let settled = list_settled(app, orders, before, report).await?;
    if settled.is_empty() {
        return Ok(());
    }
    if move_to_archive(app, settled.clone()).await? {
        report.archived = report.archived.saturating_add(count_rows(settled.len()));
        return Ok(());
    }
    // One of them has changed. The guard does not say which, and the others need not wait for it.
    for order in settled {
        let moved =
            if move_to_archive(app, vec![order]).await? { &mut report.archived } else { &mut report.busy };
        *moved = moved.saturating_add(1);
    }
    Ok(())
}

/// False if an order has changed since it was read.
async fn move_to_archive(app: &App, orders: Vec<(OrderKey, Revision)>) -> Result<bool, PortError> {
    commit_unless_stale(app, UnitOfWork::new().with_write(Write::ArchiveOrders(orders))).await
}

/// The orders of which nothing is open, with the revisions at which that was so.
async fn list_settled(
    app: &App,
    orders: &[OldOrder],
    before: Timestamp,
    report: &mut ArchiveReport,
) -> Result<Vec<(OrderKey, Revision)>, PortError> {
    let keys: Vec<_> = orders.iter().map(|it| CaseKey::Order(it.number.clone())).collect();
    let cases = match app.payments.find_cases(&keys).await {
        Ok(cases) => cases,
        // It is not known which order has the row that cannot be read, so each is read alone.
        Err(PortError::Unreadable(_)) => {
            let mut cases = Vec::with_capacity(keys.len());
            for key in &keys {
                match app.payments.find_cases(std::slice::from_ref(key)).await {
                    Ok(found) => cases.extend(found),
                    Err(PortError::Unreadable(_)) => report.unreadable = report.unreadable.saturating_add(1),
                    Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => return Err(error),
                }
            }
            cases
        }
        Err(error @ (PortError::Unavailable(_) | PortError::Bug(_))) => return Err(error),
    };
    let (settled, open): (Vec<_>, Vec<_>) = cases.iter().partition(|it| is_settled(it, before));
    report.open = report.open.saturating_add(count_rows(open.len()));
    Ok(settled.into_iter().map(|it| (it.order.key, it.order.revision)).collect())
}

fn count_rows(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Whether nothing is expected of an order any more: it is closed, no event waits, and no payment, refund or dispute is
/// open or changed lately.
fn is_settled(case: &PaymentCase, before: Timestamp) -> bool {
    case.order.status == OrderStatus::Closed
        && case.order.updated_at < before
        && case.waiting.is_empty()
        && case.transactions.iter().all(|it| is_over(it, before))
}

fn is_over(transaction: &Transaction, before: Timestamp) -> bool {
    let has_ended = match transaction.status() {
        PaymentStatus::Captured | PaymentStatus::Failed | PaymentStatus::Refunded | PaymentStatus::Voided => {
            true
        }
        PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Disputed => false,
    };
    has_ended
        && transaction.updated_at < before
        && transaction.pending_operation.is_none()
        && transaction.check_at.is_none()
        && transaction.refunds.iter().all(|it| it.status() != RefundStatus::Pending && it.check_at.is_none())
}

#[cfg(test)]
mod tests;
