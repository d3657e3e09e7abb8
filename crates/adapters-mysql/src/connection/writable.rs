//! Whether the server is one that writes.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

use super::Conn;

#[derive(QueryableByName)]
struct ReadOnlySetting {
    #[diesel(sql_type = BigInt)]
    read_only: i64,
}

/// Whether the server may be written to: one that was replaced by another may still be there to be read.
pub(crate) async fn is_writable(conn: &mut Conn) -> QueryResult<bool> {
    let query = sql_query("SELECT CAST(@@global.read_only AS SIGNED) AS read_only");
    query.get_result::<ReadOnlySetting>(conn).await.map(|it| it.read_only == 0)
}
