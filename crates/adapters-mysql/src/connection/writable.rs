//! Whether the server is one that writes.

use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

use crate::connection::Conn;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = BigInt)]
    read_only: i64,
}

/// Whether it may be written to: one that others took the place of may still be there to be read.
pub(crate) async fn takes_writes(conn: &mut Conn) -> QueryResult<bool> {
    let query = sql_query("SELECT CAST(@@global.read_only AS SIGNED) AS read_only");
    query.get_result::<Setting>(conn).await.map(|it| it.read_only == 0)
}
