use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

use super::abort::WriteOutcome;
use crate::connection::Conn;
use crate::sql::{cached_statement::CachedStatement, schema::commit_probe, value::SqlTimestamp};

/// The size of the probe's text, in bytes. It is more than an order of many lines writes, so a disk that
/// has no room for orders has none for the probe either.
const FILLING_BYTES: usize = 60_000;
/// The key of the only row; the schema allows no other.
const ONLY: i64 = 1;

pub(super) async fn write_probe(conn: &mut Conn, at: Timestamp) -> WriteOutcome {
    // Another digit each time: MySQL does not write a row whose values stay the same, and a probe that
    // writes nothing would prove nothing.
    let filling = at.as_millis().rem_euclid(10).to_string().repeat(FILLING_BYTES);
    let values = (commit_probe::probed_at.eq(SqlTimestamp::from(at)), commit_probe::filling.eq(&filling));
    let update = diesel::update(commit_probe::table.find(ONLY)).set(values);
    if CachedStatement(update).execute(conn).await? == 0 {
        // The migration inserts the row. This is for a database where the row was deleted by hand.
        let row = (commit_probe::id.eq(ONLY), values);
        diesel::insert_into(commit_probe::table).values(row).execute(conn).await?;
    }
    Ok(())
}
