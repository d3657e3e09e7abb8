use diesel_async::RunQueryDsl;
use ports::StoredAttempt;

use super::abort::{Violation, WriteOutcome, check_insert};
use crate::connection::Conn;
use crate::sql::{row::AttemptRow, schema::gateway_attempts};

pub(super) async fn insert_attempts(conn: &mut Conn, all: &[StoredAttempt]) -> WriteOutcome {
    // Most units have one attempt. One statement for each rather than one for all: its text never changes, so it stays
    // prepared.
    for attempt in all {
        let insert = diesel::insert_into(gateway_attempts::table).values(AttemptRow::from(attempt));
        check_insert(insert.execute(conn).await, || Violation::Stale)?;
    }
    Ok(())
}
