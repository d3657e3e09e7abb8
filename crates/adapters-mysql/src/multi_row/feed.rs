//! Rows of the feed of events.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, sql_query};
use diesel_async::RunQueryDsl;
use domain::FeedEvent;
use ports::{NewFeedEvent, Write};

use super::{
    RunOutcome, insert_length,
    inserts::insert_rows,
    repeat_list,
    updates::{UPDATED_MAX, bind_cases, set_cases},
};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::row::NewFeedRow;
use crate::sql::schema::feed_events;

/// Inserts events in the given order: within one statement, and from statement to statement, row numbers grow.
pub(crate) async fn insert_feed_rows(conn: &mut Conn, rows: Vec<NewFeedRow<'_>>) -> QueryResult<()> {
    insert_rows!(conn, feed_events::table, rows).await
}

/// Inserts the events of several units. If one of them is true only under a condition, there is no statement for all.
pub(super) async fn insert_run(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let all = run.iter().flat_map(pick_events);
    let events: Option<Vec<&FeedEvent>> = all.map(|it| it.only_with.is_none().then_some(&it.event)).collect();
    let Some(events) = events else { return Ok(RunOutcome::OneByOne) };
    let rows = events.into_iter().map(NewFeedRow::from).collect();
    RunOutcome::from_insert(insert_feed_rows(conn, rows).await)
}

fn pick_events(write: &Write) -> &[NewFeedEvent] {
    if let Write::InsertFeedEvents(events) = write { events } else { &[] }
}

/// Gives each row, by its key, its number, and returns how many had none before.
pub(crate) async fn number_feed_rows(conn: &mut Conn, rows: &[(i64, i64)]) -> QueryResult<usize> {
    let mut numbered = 0_usize;
    for chunk in rows.chunks(UPDATED_MAX) {
        let chunk = pad_keys(chunk.to_vec());
        let mut update = sql_query(format!(
            "UPDATE feed_events SET {} WHERE id IN ({}) AND sequence IS NULL",
            set_cases(&["sequence"], chunk.len()),
            repeat_list("?", chunk.len()),
        ))
        .into_boxed();
        bind_cases!(update, &chunk, |it: &(i64, i64)| it.0, BigInt, |it: &(i64, i64)| it.1);
        for (key, _) in &chunk {
            update = update.bind::<BigInt, _>(*key);
        }
        numbered = numbered.saturating_add(CachedStatement(update).execute(conn).await?);
    }
    Ok(numbered)
}
