//! Whether the server takes writes at present.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

use super::Conn;

#[derive(QueryableByName)]
struct ReadOnlySetting {
    #[diesel(sql_type = BigInt)]
    read_only: i64,
}

/// Whether the server takes writes. A former primary may still answer queries after another server has
/// replaced it.
pub(crate) async fn is_writable(conn: &mut Conn) -> QueryResult<bool> {
    let query =
        sql_query("SELECT CAST(@@global.read_only OR @@global.innodb_read_only AS SIGNED) AS read_only");
    query.get_result::<ReadOnlySetting>(conn).await.map(|it| it.read_only == 0)
}
