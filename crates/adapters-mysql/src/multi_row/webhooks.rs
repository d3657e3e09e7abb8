//! Multi-row `INSERT`s of webhook deliveries.

use diesel::QueryResult;
use diesel_async::RunQueryDsl;

use super::{insert_length, inserts::insert_rows};
use crate::connection::Conn;
use crate::sql::cached_statement::CachedStatement;
use crate::sql::row::DeliveryRow;
use crate::sql::schema::webhook_deliveries;

pub(crate) async fn insert_delivery_rows(conn: &mut Conn, rows: Vec<DeliveryRow>) -> QueryResult<()> {
    insert_rows!(conn, webhook_deliveries::table, rows).await
}
