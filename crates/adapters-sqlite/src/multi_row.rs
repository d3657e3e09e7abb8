//! Statements for many rows. SQLite runs in this process and has no round trips to save, so there are none.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::Write;

use crate::connection::Conn;
use crate::sql::cached_statement::CachedStatement;
use crate::sql::commit::CountChange;
use crate::sql::row::{DeliveryRow, NewFeedRow, NewItem};
use crate::sql::schema::{feed_events, open_order_counts as counts, order_items, webhook_deliveries};

/// What became of a run of writes of one kind.
#[expect(dead_code, reason = "the other adapter, which shares the caller, has such statements")]
pub(crate) enum RunOutcome {
    /// All of them are applied.
    Applied,
    /// The guard of at least one of them failed.
    Refused,
    /// There is no statement for all of them.
    OneByOne,
}

pub(crate) async fn apply_run(_: &mut Conn, _: &[Write]) -> QueryResult<RunOutcome> {
    Ok(RunOutcome::OneByOne)
}

/// Inserts events of the feed in the given order, in which their row numbers grow.
pub(crate) async fn insert_feed_rows(conn: &mut Conn, rows: Vec<NewFeedRow<'_>>) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(feed_events::table).values(row).execute(conn).await?;
    }
    Ok(())
}

/// Inserts lines of an order, each by a statement that stays prepared.
pub(crate) async fn insert_item_rows(conn: &mut Conn, rows: Vec<NewItem<'_>>) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(order_items::table).values(row).execute(conn).await?;
    }
    Ok(())
}

/// Lowers each count by a number, if it is as high, and returns how many were.
pub(crate) async fn lower_counts(conn: &mut Conn, lowered: &[CountChange<'_>]) -> QueryResult<usize> {
    let mut rows = 0_usize;
    for ((owner, product), number) in lowered {
        let count = counts::table.find((owner.get(), product)).filter(counts::total.ge(number));
        let update = diesel::update(count).set(counts::total.eq(counts::total - number));
        rows = rows.saturating_add(CachedStatement(update).execute(conn).await?);
    }
    Ok(rows)
}

/// Inserts deliveries of webhooks, each by a statement that stays prepared.
pub(crate) async fn insert_delivery_rows(conn: &mut Conn, rows: Vec<DeliveryRow>) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(webhook_deliveries::table).values(row).execute(conn).await?;
    }
    Ok(())
}

/// Gives each row of the feed, by its key, its number, and returns how many had none before.
pub(crate) async fn number_feed_rows(conn: &mut Conn, rows: &[(i64, i64)]) -> QueryResult<usize> {
    let mut numbered = 0_usize;
    for (key, sequence) in rows {
        let row = feed_events::table.find(key).filter(feed_events::sequence.is_null());
        let update = diesel::update(row).set(feed_events::sequence.eq(sequence));
        numbered = numbered.saturating_add(CachedStatement(update).execute(conn).await?);
    }
    Ok(numbered)
}
