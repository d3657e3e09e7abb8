use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

use super::abort::WriteOutcome;
use crate::connection::Conn;
use crate::sql::{cached_statement::CachedStatement, schema::commit_probe, value::SqlTimestamp};

/// What the row is filled with, in bytes: more than an order of many lines changes, so that it finds no room where one
/// would not.
const FILLING_BYTES: usize = 60_000;
/// The only row.
const ONLY: i64 = 1;

pub(super) async fn write_probe(conn: &mut Conn, at: Timestamp) -> WriteOutcome {
    // Another text each time: a server does not write what is as it was.
    let filling = at.as_millis().rem_euclid(10).to_string().repeat(FILLING_BYTES);
    let values = (commit_probe::probed_at.eq(SqlTimestamp::from(at)), commit_probe::filling.eq(&filling));
    let update = diesel::update(commit_probe::table.find(ONLY)).set(values);
    if CachedStatement(update).execute(conn).await? == 0 {
        let row = (commit_probe::id.eq(ONLY), values);
        diesel::insert_into(commit_probe::table).values(row).execute(conn).await?;
    }
    Ok(())
}
