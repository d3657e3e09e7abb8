//! The overview: how the shop is doing, and what waits for an operator.

use std::collections::BTreeMap;

use domain::{Currency, FindingKind, MoneySum, Timestamp};
use ports::{FeedBacklog, MoneyFigure, OrderFigure, OverviewWindow, PortError};

use crate::{
    App, Staff, archive::latest_archive_date, caching::Backlog, feed::NUMBERED_MAX, webhooks::BACKLOG_MAX,
};

/// The most orders, captures of a gateway, refunds of a gateway and findings that are counted, the newest of each. It bounds
/// the time of the reads: a million entries of an index take the database about a second.
pub const OVERVIEW_ROWS_MAX: u32 = 200_000;

/// Figures of a window, and what waits now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The window that the figures are about.
    pub window: OverviewWindow,
    /// From when on everything is counted; `None`: the whole window is. Archived orders are never counted.
    pub complete_from: Option<Timestamp>,
    /// Every bucket of the window, oldest first.
    pub buckets: Vec<OverviewBucket>,
    /// The sums over all buckets, by currency code.
    pub totals: Vec<CurrencyFigures>,
    /// The open findings of each kind that has any, in the order of the kinds.
    pub findings: Vec<(FindingKind, u64)>,
    /// The events that wait for their number in the feed, counted up to [`NUMBERED_MAX`].
    pub feed: FeedBacklog,
    /// The deliveries of webhooks that are still to be made, counted up to [`BACKLOG_MAX`].
    pub deliveries: u32,
}

/// What happened within one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewBucket {
    /// When it starts.
    pub starts_at: Timestamp,
    /// The figures of each currency in which something happened, by currency code.
    pub currencies: Vec<CurrencyFigures>,
}

/// What happened in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyFigures {
    /// The orders that were placed.
    pub orders: u64,
    /// How many of them wait for their payment now.
    pub pending: u64,
    /// How many of them were paid since.
    pub paid: u64,
    /// What they cost together.
    pub ordered: MoneySum,
    /// The captures, by the gateway's clock.
    pub captures: u64,
    /// What was captured.
    pub captured: MoneySum,
    /// The refunds that succeeded, by the gateway's clock.
    pub refunds: u64,
    /// What was refunded.
    pub refunded: MoneySum,
}

impl CurrencyFigures {
    const fn new(currency: Currency) -> Self {
        let zero = MoneySum::zero(currency);
        let (ordered, captured, refunded) = (zero, zero, zero);
        Self { orders: 0, pending: 0, paid: 0, ordered, captures: 0, captured, refunds: 0, refunded }
    }

    /// The currency of its sums.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.ordered.currency()
    }

    const fn add_orders(&mut self, it: &OrderFigure) {
        self.orders = self.orders.saturating_add(it.placed);
        self.pending = self.pending.saturating_add(it.pending);
        self.paid = self.paid.saturating_add(it.paid);
        self.ordered = self.ordered.add_amount(it.amount);
    }

    const fn add_capture(&mut self, it: &MoneyFigure) {
        self.captures = self.captures.saturating_add(it.count);
        self.captured = self.captured.add_amount(it.amount);
    }

    const fn add_refund(&mut self, it: &MoneyFigure) {
        self.refunds = self.refunds.saturating_add(it.count);
        self.refunded = self.refunded.add_amount(it.amount);
    }
}

/// The figures of each currency, by its code.
type ByCurrency = BTreeMap<&'static str, CurrencyFigures>;

/// Adds figures to those of their bucket and to the sum of all buckets.
#[derive(Default)]
struct Tally {
    buckets: BTreeMap<i64, ByCurrency>,
    totals: ByCurrency,
}

impl Tally {
    fn add_figures(&mut self, bucket: i64, currency: Currency, add: impl Fn(&mut CurrencyFigures)) {
        for figures in [self.buckets.entry(bucket).or_default(), &mut self.totals] {
            add(figures.entry(currency.code()).or_insert_with(|| CurrencyFigures::new(currency)));
        }
    }
}

/// Counts what waits to be sent.
async fn count_backlog(app: &App) -> Result<Backlog, PortError> {
    let feed = app.feed.find_feed_backlog(NUMBERED_MAX).await?;
    let deliveries = app.webhooks.count_pending_deliveries(BACKLOG_MAX).await?;
    Ok(Backlog { feed, deliveries })
}

/// The time from which on nothing can be in the archive, which no figure counts; `None` if the window is later or nothing
/// is archived.
async fn find_archive_end(app: &App, window: OverviewWindow) -> Result<Option<Timestamp>, PortError> {
    let end = latest_archive_date(app);
    if window.from() >= end {
        return Ok(None);
    }
    // An order that is archived was placed before this date, and neither it nor a payment of it changed since.
    let archived = app.orders.list_archived_orders(None, None, 1).await?;
    Ok(if archived.is_empty() { None } else { Some(end) })
}

/// The overview of a window. Its figures, and the counts of what waits, are at most five seconds old.
///
/// # Errors
/// [`PortError`].
pub async fn read_overview(app: &App, _by: &Staff, window: OverviewWindow) -> Result<Overview, PortError> {
    let figures = app.overview.read_figures(window, OVERVIEW_ROWS_MAX).await?;
    // After the figures: what was archived before they were read is seen here.
    let complete_from = figures.complete_from.max(find_archive_end(app, window).await?);
    let Backlog { feed, deliveries } =
        app.recent_backlog.count_or_recall(&*app.clock, count_backlog(app)).await?;
    let mut tally = Tally::default();
    for it in &figures.orders {
        tally.add_figures(it.bucket, it.amount.currency(), |sum| sum.add_orders(it));
    }
    for it in &figures.captures {
        tally.add_figures(it.bucket, it.amount.currency(), |sum| sum.add_capture(it));
    }
    for it in &figures.refunds {
        tally.add_figures(it.bucket, it.amount.currency(), |sum| sum.add_refund(it));
    }
    // Every bucket, also without figures: a chart needs them all.
    let bucket = |number| OverviewBucket {
        starts_at: window.start_of(number),
        currencies: tally.buckets.get(&number).into_iter().flat_map(BTreeMap::values).copied().collect(),
    };
    let open = |kind: FindingKind| figures.findings.iter().find(|(it, _)| *it == kind).copied();
    Ok(Overview {
        window,
        complete_from,
        buckets: window.buckets().map(bucket).collect(),
        totals: tally.totals.into_values().collect(),
        findings: FindingKind::ALL.into_iter().filter_map(open).collect(),
        feed,
        deliveries,
    })
}

#[cfg(test)]
mod tests;
