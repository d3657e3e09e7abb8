//! What the tests of a real server begin with: a database of their own.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use test_servers::mysql_database;

/// An empty database of the server that the tests of a file share, or of the one that `TEST_MYSQL_URL` names.
pub(crate) fn database(name: &str) -> String {
    mysql_database(name).unwrap()
}

/// A connection in UTC.
pub(crate) async fn connect(url: &str) -> Conn {
    let mut conn = Conn::new(Opts::from_url(url).unwrap()).await.unwrap();
    conn.query_drop("SET time_zone = '+00:00'").await.unwrap();
    conn
}

/// The rows of a query, each as text.
pub(crate) async fn rows(conn: &mut Conn, query: &str) -> Vec<String> {
    let rows: Vec<mysql_async::Row> =
        conn.query(query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    let text =
        |row: mysql_async::Row| row.unwrap().iter().map(|it| it.as_sql(true)).collect::<Vec<_>>().join(" ");
    rows.into_iter().map(text).collect()
}
