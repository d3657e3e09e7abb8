//! The clock of the server, which all instances share.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

use super::Conn;

#[derive(QueryableByName)]
struct ServerTime {
    #[diesel(sql_type = BigInt)]
    now_ms: i64,
}

/// Reads the time of the server, in milliseconds since the Unix epoch.
pub(crate) async fn read_server_time(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let query = sql_query("SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS now_ms");
    query.get_result::<ServerTime>(conn).await.map(|it| Some(it.now_ms))
}
