//! Statements for many rows. SQLite runs in this process and has no round trips to save, so there are none.

use diesel::QueryResult;
use ports::Write;

use crate::connection::Conn;

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
