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
    Finding, FindingKind, OrderKey, OrderNumber, Revision, Timestamp, Transaction,
    order::OrderStatus,
    payment::{PaymentStatus, RefundStatus},
};
use ports::{CaseKey, CommitError, ErrorChain, OldOrder, PaymentCase, PortError, UnitOfWork, Write};

use crate::{
    App,
    findings::{FindingContext, new_finding},
    outage_watch::{FailedItem, OutageWatch},
    retry::commit_unless_stale,
    unreadable::report_unreadable_rows,
};

/// The orders of one batch.
const BATCH: u32 = 50;
/// What operators read of an order that cannot be moved.
const FAILED: &str = "The order cannot be archived: its rows break a rule of the database or of the program. It stays where it \
                      is, and the log names the fault.";

/// What a run has looked at and moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Orders that were moved.
    pub archived: u64,
    /// Orders that stay, because something of them is open or changed too late.
    pub open: u64,
    /// Orders that changed while they were looked at, that another run moved, or for which the database was unavailable, because
    /// its rows stay locked or it takes too long to read. The next run looks again.
    pub busy: u64,
    /// Orders that stay, because a row of them cannot be read. Each has a finding.
    pub unreadable: u64,
    /// Orders that stay, because the attempt to move them fails. Each has a finding.
    pub failed: u64,
}

/// An order of which nothing is open, with the revision at which that was so.
#[derive(Debug, Clone)]
struct SettledOrder {
    key: OrderKey,
    number: OrderNumber,
    revision: Revision,
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
/// [`PortError`] if the database is unavailable or a list cannot be read. What was archived before stays so.
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
        report_unreadable_rows(app).await?;
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
    match move_to_archive(app, &settled).await {
        Ok(true) => {
            report.archived = report.archived.saturating_add(count_rows(settled.len()));
            Ok(())
        }
        // One of them has changed, is locked or cannot be moved, which says nothing about the others. If only the answer was
        // lost, each is stale now.
        Ok(false) | Err(_) => archive_singly(app, &settled, report).await,
    }
}

async fn archive_singly(
    app: &App,
    settled: &[SettledOrder],
    report: &mut ArchiveReport,
) -> Result<(), PortError> {
    let mut watch = OutageWatch::default();
    for order in settled {
        match watch.judge_item(move_to_archive(app, std::slice::from_ref(order)).await)? {
            Ok(true) => add_one(&mut report.archived),
            Ok(false) | Err(FailedItem::Unavailable) => add_one(&mut report.busy),
            Err(FailedItem::Unreadable) => add_one(&mut report.unreadable),
            Err(FailedItem::Bug(fault)) => {
                flag_failure(app, &order.number, &fault).await?;
                add_one(&mut report.failed);
            }
        }
    }
    Ok(())
}

/// False if an order has changed since it was read.
async fn move_to_archive(app: &App, orders: &[SettledOrder]) -> Result<bool, PortError> {
    let read = orders.iter().map(|it| (it.key, it.revision)).collect();
    commit_unless_stale(app, UnitOfWork::new().with_write(Write::ArchiveOrders(read))).await
}

/// Logs the fault, and makes one finding of the order for all runs.
async fn flag_failure(app: &App, order: &OrderNumber, fault: &PortError) -> Result<(), PortError> {
    tracing::error!(%order, fault = %ErrorChain(fault), "order cannot be archived, it stays");
    let finding = new_finding(app, FindingKind::ArchiveFailed, FAILED, &FindingContext::default());
    let write = Write::InsertFindingOnce(
        Finding { order: Some(order.clone()), ..finding },
        format!("archive:{order}"),
    );
    app.store.commit(UnitOfWork::new().with_write(write)).await.map_err(CommitError::into_port_error)
}

/// The orders of which nothing is open.
async fn list_settled(
    app: &App,
    orders: &[OldOrder],
    before: Timestamp,
    report: &mut ArchiveReport,
) -> Result<Vec<SettledOrder>, PortError> {
    let keys: Vec<_> = orders.iter().map(|it| CaseKey::Order(it.number.clone())).collect();
    let cases = match app.payments.find_cases(&keys).await {
        Ok(cases) => cases,
        // It is not known which order it is about, so each is read alone.
        Err(_) => find_singly(app, orders, report).await?,
    };
    let (settled, open): (Vec<_>, Vec<_>) = cases.iter().partition(|it| is_settled(it, before));
    report.open = report.open.saturating_add(count_rows(open.len()));
    let settled = settled.into_iter().map(|it| SettledOrder {
        key: it.order.key,
        number: it.order.number.clone(),
        revision: it.order.revision,
    });
    Ok(settled.collect())
}

async fn find_singly(
    app: &App,
    orders: &[OldOrder],
    report: &mut ArchiveReport,
) -> Result<Vec<PaymentCase>, PortError> {
    let (mut cases, mut watch) = (Vec::with_capacity(orders.len()), OutageWatch::default());
    for order in orders {
        let found = app.payments.find_cases(&[CaseKey::Order(order.number.clone())]).await;
        match watch.judge_item(found)? {
            Ok(found) => cases.extend(found),
            Err(FailedItem::Unavailable) => add_one(&mut report.busy),
            Err(FailedItem::Unreadable) => add_one(&mut report.unreadable),
            Err(FailedItem::Bug(fault)) => {
                flag_failure(app, &order.number, &fault).await?;
                add_one(&mut report.failed);
            }
        }
    }
    Ok(cases)
}

const fn add_one(count: &mut u64) {
    *count = count.saturating_add(1);
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
