//! Figures of the shop over time.
//!
//! Each statement reads a part of one index, newest first, and ends after as many rows as the caller allows; only those
//! are grouped. So the work of a statement does not grow with the table, whatever the planner estimates (ADR 0019).

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use domain::{
    Currency, FindingKind, GatewayName, MoneySum, Timestamp,
    order::{OrderStatus, UNPAID_ENTRIES_MAX},
    payment::RefundStatus,
};
use ports::{MoneyFigure, OrderFigure, OverviewFigures, OverviewRepository, OverviewWindow, PortError};

use super::payments::find_gateway_after;
use crate::connection::{Conn, Database};
use crate::dialect::{TimestampType, amount_sum_sql, bucket_sql, bucket_units};
use crate::sql::index_hint::Index;
use crate::sql::value::SqlTimestamp;

/// The largest number of gateways that are looked at. A service has a handful; the bound is for names in an adopted
/// database.
const GATEWAYS_MAX: usize = 64;
/// What `hundreds` counts, in ten-thousandths of the major unit.
const HUNDRED: i128 = 1_000_000;

#[async_trait]
impl OverviewRepository for Database {
    async fn read_figures(
        &self,
        window: OverviewWindow,
        rows_max: u32,
    ) -> Result<OverviewFigures, PortError> {
        self.run_snapshot(async move |conn: &mut Conn| {
            let part = Part::new(window, rows_max);
            let mut figures = OverviewFigures::default();
            let orders = load_orders(conn, &part).await?;
            part.note_limit(&mut figures, orders.iter().map(|it| &it.sum));
            figures.orders = orders.iter().filter_map(OrderGroup::read_figure).collect();
            let mut gateway: Option<GatewayName> = None;
            for _ in 0..GATEWAYS_MAX {
                gateway = find_gateway_after(conn, gateway.as_ref()).await?;
                let Some(name) = &gateway else { break };
                let captures = load_captures(conn, &part, name).await?;
                part.note_limit(&mut figures, &captures);
                figures.captures.extend(captures.iter().filter_map(Group::read_figure));
                let refunds = load_refunds(conn, &part, name).await?;
                part.note_limit(&mut figures, &refunds);
                figures.refunds.extend(refunds.iter().filter_map(Group::read_figure));
            }
            figures.findings = count_findings(conn, rows_max).await?;
            Ok(figures)
        })
        .await
    }
}

/// The part of the tables that is read, as the statements get it.
struct Part {
    from: SqlTimestamp,
    until: SqlTimestamp,
    offset: i64,
    step: i64,
    rows_max: u32,
}

impl Part {
    fn new(window: OverviewWindow, rows_max: u32) -> Self {
        Self {
            from: window.from().into(),
            until: window.until().into(),
            offset: bucket_units(i64::from(window.offset_minutes()).saturating_mul(60)),
            step: bucket_units(window.size().seconds()),
            rows_max,
        }
    }

    fn row_limit(&self) -> i64 {
        i64::from(self.rows_max)
    }

    /// Notes in the figures when a statement has stopped at the limit.
    fn note_limit<'g>(&self, figures: &mut OverviewFigures, groups: impl IntoIterator<Item = &'g Group>) {
        let (mut counted, mut oldest) = (0_i64, None::<Timestamp>);
        for group in groups {
            counted = counted.saturating_add(group.counted);
            oldest = group.oldest.get().into_iter().chain(oldest).min();
        }
        if let Some(oldest) = oldest.filter(|_| counted >= self.row_limit()) {
            figures.note_limit(oldest);
        }
    }
}

/// Rows of one bucket and one currency.
#[derive(QueryableByName)]
struct Group {
    #[diesel(sql_type = BigInt)]
    bucket: i64,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    counted: i64,
    // In two parts, because the sum of many large amounts does not fit into 64 bits.
    #[diesel(sql_type = BigInt)]
    hundreds: i64,
    #[diesel(sql_type = BigInt)]
    rest: i64,
    #[diesel(sql_type = TimestampType)]
    oldest: SqlTimestamp,
}

#[derive(QueryableByName)]
struct OrderGroup {
    #[diesel(embed)]
    sum: Group,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    paid: i64,
}

impl Group {
    /// The sum; `None` in a currency that never was one, which has a finding of its own when its rows are read.
    fn read_amount(&self) -> Option<MoneySum> {
        let currency = Currency::parse_historic(&self.currency).ok()?;
        let units = i128::from(self.hundreds).saturating_mul(HUNDRED).saturating_add(i128::from(self.rest));
        Some(MoneySum::from_record(units, currency))
    }

    fn read_figure(&self) -> Option<MoneyFigure> {
        Some(MoneyFigure { bucket: self.bucket, amount: self.read_amount()?, count: to_count(self.counted) })
    }
}

impl OrderGroup {
    fn read_figure(&self) -> Option<OrderFigure> {
        Some(OrderFigure {
            bucket: self.sum.bucket,
            amount: self.sum.read_amount()?,
            placed: to_count(self.sum.counted),
            pending: to_count(self.pending),
            paid: to_count(self.paid),
        })
    }
}

/// The database counts from 0 up.
fn to_count(counted: i64) -> u64 {
    u64::try_from(counted).unwrap_or_default()
}

/// The columns of a [`Group`] over the rows of a subquery with `bucket`, `currency`, `amount` and `moment`.
fn group_columns(currency: &str) -> String {
    let sum = amount_sum_sql("newest.amount");
    format!("bucket, {currency} AS currency, COUNT(*) AS counted, {sum}, MIN(moment) AS oldest")
}

async fn load_orders(conn: &mut Conn, part: &Part) -> QueryResult<Vec<OrderGroup>> {
    // The names of statuses come from the table of the domain, so the text needs no escapes.
    let paid: Vec<_> = OrderStatus::ALL.iter().filter(|it| it.was_paid(0)).map(|it| it.as_str()).collect();
    let query = sql_query(format!(
        "SELECT {columns}, COUNT(CASE WHEN status = '{pending}' THEN 1 END) AS pending, \
         COUNT(CASE WHEN status IN ('{paid}') OR status = '{closed}' AND entries > {UNPAID_ENTRIES_MAX} THEN 1 END) \
         AS paid FROM (SELECT {bucket} AS bucket, currency, amount, createdAt AS moment, status, \
         lastSequence AS entries FROM orders {hint} WHERE createdAt >= ? AND createdAt < ? \
         ORDER BY createdAt DESC LIMIT ?) AS newest GROUP BY bucket, currency",
        columns = group_columns("currency"),
        pending = OrderStatus::Pending.as_str(),
        paid = paid.join("', '"),
        closed = OrderStatus::Closed.as_str(),
        bucket = bucket_sql("createdAt"),
        hint = Index::ORDERS_BY_TIME.hint_sql(),
    ));
    let query = query.bind::<BigInt, _>(part.offset).bind::<BigInt, _>(part.step);
    let query = query.bind::<TimestampType, _>(part.from).bind::<TimestampType, _>(part.until);
    query.bind::<BigInt, _>(part.row_limit()).load(conn).await
}

async fn load_captures(conn: &mut Conn, part: &Part, gateway: &GatewayName) -> QueryResult<Vec<Group>> {
    let query = sql_query(format!(
        "SELECT {columns} FROM (SELECT {bucket} AS bucket, currency, captured_amount AS amount, \
         captured_at AS moment FROM payment_transactions {hint} WHERE gateway = ? AND captured_at >= ? \
         AND captured_at < ? ORDER BY captured_at DESC LIMIT ?) AS newest GROUP BY bucket, currency",
        columns = group_columns("currency"),
        bucket = bucket_sql("captured_at"),
        hint = Index::TRANSACTIONS_BY_CAPTURE.hint_sql(),
    ));
    let query = query.bind::<BigInt, _>(part.offset).bind::<BigInt, _>(part.step);
    let query = query.bind::<Text, _>(gateway.as_str());
    let query = query.bind::<TimestampType, _>(part.from).bind::<TimestampType, _>(part.until);
    query.bind::<BigInt, _>(part.row_limit()).load(conn).await
}

async fn load_refunds(conn: &mut Conn, part: &Part, gateway: &GatewayName) -> QueryResult<Vec<Group>> {
    // The currency is that of the payment. It is joined after the limit, so it costs one row for each refund.
    let query = sql_query(format!(
        "SELECT {columns} FROM (SELECT {bucket} AS bucket, transaction_key, amount, succeeded_at AS moment \
         FROM refunds {hint} WHERE gateway = ? AND succeeded_at >= ? AND succeeded_at < ? AND status = ? \
         ORDER BY succeeded_at DESC LIMIT ?) AS newest JOIN payment_transactions AS payment \
         ON payment.id = newest.transaction_key GROUP BY bucket, payment.currency",
        columns = group_columns("payment.currency"),
        bucket = bucket_sql("succeeded_at"),
        hint = Index::REFUNDS_SUCCEEDED.hint_sql(),
    ));
    let query = query.bind::<BigInt, _>(part.offset).bind::<BigInt, _>(part.step);
    let query = query.bind::<Text, _>(gateway.as_str());
    let query = query.bind::<TimestampType, _>(part.from).bind::<TimestampType, _>(part.until);
    let query = query.bind::<Text, _>(RefundStatus::Succeeded.as_str());
    query.bind::<BigInt, _>(part.row_limit()).load(conn).await
}

#[derive(QueryableByName)]
struct KindGroup {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

async fn count_findings(conn: &mut Conn, rows_max: u32) -> QueryResult<Vec<(FindingKind, u64)>> {
    let query = sql_query(format!(
        "SELECT kind, COUNT(*) AS counted FROM (SELECT kind FROM findings {} WHERE resolved = 0 \
         ORDER BY created_at DESC LIMIT ?) AS newest GROUP BY kind",
        Index::FINDINGS_OF_STATE.hint_sql(),
    ));
    let groups: Vec<KindGroup> = query.bind::<BigInt, _>(i64::from(rows_max)).load(conn).await?;
    let read = |it: KindGroup| Some((FindingKind::parse(&it.kind)?, to_count(it.counted)));
    Ok(groups.into_iter().filter_map(read).collect())
}
