//! The view of the overview.

use application::overview::{CurrencyFigures, Overview, OverviewBucket};
use domain::{FindingKind, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;
use crate::http::operations::DependencyView;

/// How the shop is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewView {
    /// Length of a bucket, as it was asked for.
    #[schema(example = "hour")]
    bucket: &'static str,
    /// Start of the first bucket, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    from: String,
    /// End of the last bucket, which is not within, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    to: String,
    /// Time from which on everything is counted; null: all of it is. Of what happened before, only a part is counted:
    /// more happened than is counted, or orders of that time are archived.
    #[schema(required, format = DateTime)]
    complete_from: Option<String>,
    /// Time of the request by the service's clock. Figures, `feed` and `webhooks` are at most 5 s older.
    #[schema(format = DateTime)]
    generated_at: String,
    /// Every bucket of the time, oldest first: 1-744.
    buckets: Vec<OverviewBucketView>,
    /// The sums over all buckets, by currency code.
    totals: Vec<OverviewFiguresView>,
    /// The open findings of each kind that has any, whenever they were found.
    findings: Vec<FindingCountView>,
    /// What waits in the feed of events.
    feed: FeedLagView,
    /// What waits to be sent to endpoints of webhooks.
    webhooks: WebhookBacklogView,
    /// The condition of each dependency, as `/readyz` reports it.
    dependencies: Vec<DependencyView>,
}

/// What happened within one bucket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewBucketView {
    /// Start of the bucket, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    starts_at: String,
    /// The figures of each currency in which something happened, by currency code; empty if nothing did.
    currencies: Vec<OverviewFiguresView>,
}

/// What happened in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewFiguresView {
    /// Currency of the sums, ISO 4217.
    currency: &'static str,
    /// Number of orders that were placed.
    orders: u64,
    /// Number of these orders that wait for their payment now.
    pending_orders: u64,
    /// Number of these orders that were paid since, also if the money was given back later.
    paid_orders: u64,
    /// What these orders cost together.
    ordered_amount: String,
    /// Number of captures.
    captures: u64,
    /// Sum of the captures.
    captured_amount: String,
    /// Number of refunds that succeeded.
    refunds: u64,
    /// Sum of these refunds.
    refunded_amount: String,
}

/// How many findings of a kind are open.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingCountView {
    /// Kind of the findings.
    #[schema(example = "dispute")]
    kind: &'static str,
    /// How many are open.
    open: u64,
}

/// What waits for a number in the feed of events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedLagView {
    /// Number of events that happened and are not in the feed yet, counted up to 256.
    waiting: u32,
    /// Time at which the first of them happened; null if none waits.
    #[schema(required, format = DateTime)]
    oldest_at: Option<String>,
}

/// What waits to be sent to endpoints of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBacklogView {
    /// Number of deliveries that are still to be made, counted up to 10000.
    pending: u32,
}

impl OverviewView {
    pub(in crate::http) fn new(it: &Overview, now: Timestamp, dependencies: Vec<DependencyView>) -> Self {
        Self {
            bucket: it.window.size().as_str(),
            from: timestamp_text(it.window.from()),
            to: timestamp_text(it.window.until()),
            complete_from: it.complete_from.map(timestamp_text),
            generated_at: timestamp_text(now),
            buckets: it.buckets.iter().map(OverviewBucketView::from).collect(),
            totals: it.totals.iter().map(OverviewFiguresView::from).collect(),
            findings: it.findings.iter().map(FindingCountView::from).collect(),
            feed: FeedLagView { waiting: it.feed.events, oldest_at: it.feed.oldest_at.map(timestamp_text) },
            webhooks: WebhookBacklogView { pending: it.deliveries },
            dependencies,
        }
    }
}

impl From<&OverviewBucket> for OverviewBucketView {
    fn from(it: &OverviewBucket) -> Self {
        Self {
            starts_at: timestamp_text(it.starts_at),
            currencies: it.currencies.iter().map(OverviewFiguresView::from).collect(),
        }
    }
}

impl From<&CurrencyFigures> for OverviewFiguresView {
    fn from(it: &CurrencyFigures) -> Self {
        Self {
            currency: it.currency().code(),
            orders: it.orders,
            pending_orders: it.pending,
            paid_orders: it.paid,
            ordered_amount: it.ordered.to_string(),
            captures: it.captures,
            captured_amount: it.captured.to_string(),
            refunds: it.refunds,
            refunded_amount: it.refunded.to_string(),
        }
    }
}

impl From<&(FindingKind, u64)> for FindingCountView {
    fn from((kind, open): &(FindingKind, u64)) -> Self {
        Self { kind: kind.as_str(), open: *open }
    }
}
