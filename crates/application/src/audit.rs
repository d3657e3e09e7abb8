//! The auditor of the record: reads every order with what belongs to it, and reports what must never be.
//!
//! ```text
//! pages of products ──────────► stock below zero, held pieces
//! pages of orders ────────────► order, history, payments, requests, head ──► judge ──► faults
//!                                  ▲                                   │ the order has changed meanwhile
//!                                  └───────────────────────────────────┘
//! pages of products ──────────► held pieces that are not those of the orders
//! pages of rows with parents ─► a parent that is missing
//! ```
//!
//! It only reads, one order or page at a time, so its memory is bounded by the largest order and the number of products, and
//! it can run beside servers: an order that moves to the archive or back meanwhile is judged once. What it
//! finds is no work for a sweep: guards and keys exclude it, so a fault means that something else wrote into the database,
//! that a backup was restored in part, or that the program is wrong.

mod judge;
mod stock;

use std::collections::BTreeMap;

use domain::{Order, OrderNumber, TransactionId};
use ports::{OrphanCursor, PortError};

use crate::{App, unreadable::skip_unreadable};

use self::{
    judge::{AuditedOrder, judge_order},
    stock::HeldPieces,
};

/// Products or orders of one page.
const PAGE: u32 = 100;
/// Rows of one page of those that name a parent. Each is two numbers.
const CHILDREN_PAGE: u32 = 1_000;
/// The most faults of one kind that a run lists; the others are counted. So no kind hides another one.
const LISTED_MAX: u64 = 100;
/// How often an order is read again that changes while it is read.
const READS_MAX: u32 = 16;

/// Something in the record that must never be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFault {
    /// The order, payment, product or row that it is about: its public id, or table and row key.
    pub subject: String,
    /// The fault, as a sentence without customers' data. It is the same for all faults of a kind.
    pub detail: String,
}

impl AuditFault {
    fn new(subject: impl ToString, detail: impl Into<String>) -> Self {
        Self { subject: subject.to_string(), detail: detail.into() }
    }

    fn of_payment(order: &OrderNumber, payment: &TransactionId, detail: &str) -> Self {
        Self::new(format!("{order}, payment {payment}"), detail)
    }
}

/// What a run has read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Products that were read.
    pub products: u64,
    /// Orders that were judged.
    pub orders: u64,
    /// Payments of them.
    pub payments: u64,
    /// Orders that changed each time while they were read, so that nothing was judged. Run it again for these.
    pub busy: u64,
    /// Products whose held pieces were not compared with the orders, because an order took or returned some meanwhile, an
    /// operator changed the product, or an order could not be read.
    pub moving_products: u64,
    /// Rows whose parent was looked for, once for each parent.
    pub children: u64,
    /// The faults, in the order in which they were found, the first 100 of each kind.
    pub faults: Vec<AuditFault>,
    /// The number of all faults of each kind, by the sentence that they share.
    pub counts: BTreeMap<String, u64>,
}

impl AuditReport {
    fn push_fault(&mut self, fault: AuditFault) {
        let count = self.counts.entry(fault.detail.clone()).or_default();
        *count = count.saturating_add(1);
        if *count <= LISTED_MAX {
            self.faults.push(fault);
        }
    }

    /// The number of all faults, listed or not.
    #[must_use]
    pub fn count_faults(&self) -> u64 {
        self.counts.values().fold(0, |sum, it| sum.saturating_add(*it))
    }

    /// The kinds of which not all faults are listed, with the number of those that are not.
    pub fn unlisted_faults(&self) -> impl Iterator<Item = (&str, u64)> {
        let rest = self.counts.iter().map(|(kind, count)| (kind.as_str(), count.saturating_sub(LISTED_MAX)));
        rest.filter(|(_, rest)| *rest > 0)
    }
}

/// Reads the whole record and reports every fault that it finds, rows that cannot be read included.
///
/// # Errors
/// [`PortError::Unavailable`] if the database is unavailable, and [`PortError::Bug`].
pub async fn audit_record(app: &App) -> Result<AuditReport, PortError> {
    watch_audit(app, |_| {}).await
}

/// The same; `watch` sees after each page what has been read so far.
///
/// # Errors
/// Those of [`audit_record`].
pub async fn watch_audit(app: &App, mut watch: impl FnMut(&AuditReport)) -> Result<AuditReport, PortError> {
    let mut report = AuditReport::default();
    audit_products(app, &mut report).await?;
    let mut held = HeldPieces::read_products(app).await?;
    audit_orders(app, &mut report, &mut held, &mut watch).await?;
    held.compare(app, &mut report).await?;
    audit_parents(app, &mut report, &mut watch).await?;
    // Lists leave out rows that cannot be read; the observer of such rows has noted each.
    for row in app.unreadable_rows.list_unreported_rows() {
        let detail = format!("The column {} cannot be read.", row.column);
        report.push_fault(AuditFault::new(format!("{} {}", row.table, row.key), detail));
    }
    Ok(report)
}

/// Judges all orders, archived or not.
async fn audit_orders(
    app: &App,
    report: &mut AuditReport,
    held: &mut HeldPieces,
    watch: &mut impl FnMut(&AuditReport),
) -> Result<(), PortError> {
    let mut after = None;
    loop {
        let page = app.audit.list_kept_orders(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key);
        for kept in &page {
            if kept.copies > 1 {
                let detail = "It is in the record and in the archive.";
                report.push_fault(AuditFault::new(&kept.number, detail));
            }
            audit_order(app, &kept.number, report, held).await?;
        }
        watch(report);
    }
}

/// Looks for rows whose parent is missing.
async fn audit_parents(
    app: &App,
    report: &mut AuditReport,
    watch: &mut impl FnMut(&AuditReport),
) -> Result<(), PortError> {
    let mut cursor = Some(OrphanCursor::default());
    while let Some(at) = cursor {
        let page = app.audit.list_orphans(at, CHILDREN_PAGE).await?;
        report.children = report.children.saturating_add(u64::from(page.rows));
        for it in page.orphans {
            let subject = format!("{} {}", it.table, it.row);
            let detail = format!("It names a row of {} that is not there.", it.parent);
            report.push_fault(AuditFault::new(subject, detail));
        }
        cursor = page.next;
        watch(report);
    }
    Ok(())
}

async fn audit_products(app: &App, report: &mut AuditReport) -> Result<(), PortError> {
    let mut after = None;
    loop {
        let page = app.products.list_products(false, after, PAGE).await?;
        for product in &page.data {
            report.products = report.products.saturating_add(1);
            if product.stock.is_some_and(|it| it < 0) {
                report.push_fault(AuditFault::new(&product.id, "The stock is below zero."));
            }
        }
        after = page.next.map(domain::ProductId::new);
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Judges one order as it is at one moment: everything is read again if the order has changed in between.
async fn audit_order(
    app: &App,
    number: &OrderNumber,
    report: &mut AuditReport,
    held: &mut HeldPieces,
) -> Result<(), PortError> {
    for _ in 0..READS_MAX {
        // An order is erased by nothing, but a row may become unreadable.
        let Some(audited) = read_order_with_parts(app, number).await? else {
            held.skip_order();
            return Ok(());
        };
        let head = app.orders.find_order_head(number).await?;
        if head.is_none_or(|it| it.revision != audited.order.revision) {
            continue;
        }
        report.orders = report.orders.saturating_add(1);
        report.payments =
            report.payments.saturating_add(u64::try_from(audited.transactions.len()).unwrap_or(u64::MAX));
        held.add_order(&audited.order);
        judge_order(&audited).into_iter().for_each(|it| report.push_fault(it));
        return Ok(());
    }
    held.skip_order();
    report.busy = report.busy.saturating_add(1);
    Ok(())
}

/// The order with what belongs to it; `None` if a row of it cannot be read, which is noted elsewhere.
async fn read_order_with_parts(app: &App, number: &OrderNumber) -> Result<Option<AuditedOrder>, PortError> {
    let Some(order) = skip_unreadable(app.orders.find_order(number).await)?.flatten() else {
        return Ok(None);
    };
    let Some(history) = skip_unreadable(app.orders.list_history_entries(order.key).await)? else {
        return Ok(None);
    };
    let Some(transactions) = skip_unreadable(app.payments.list_transactions(order.key).await)? else {
        return Ok(None);
    };
    let requests = app.payments.list_payment_requests(order.key).await?;
    let flaws = app.audit.list_flawed_payments(order.key).await?;
    let history = history.into_iter().map(|it| it.entry).collect();
    let requests = requests.into_iter().map(|it| it.request).collect();
    Ok(Some(AuditedOrder { order, history, transactions, requests, flaws }))
}

/// The amount of an order that its lines add up to; `None` if they do not add up at all.
fn sum_lines(order: &Order) -> Option<domain::Money> {
    let nothing = domain::Money::zero(order.amount.currency());
    order.items.iter().try_fold(nothing, |sum, it| sum.try_add(it.subtotal().ok()?).ok())
}

#[cfg(test)]
mod tests;
