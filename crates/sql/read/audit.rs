//! Reads of the whole record, for its auditor: pages by row key, which no move to the archive changes.

mod relations;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use domain::{OrderKey, OrderNumber, ProductKey, Timestamp};
use ports::{
    AuditRepository, FlawedPayment, HeldStock, KeptOrder, Orphan, OrphanCursor, OrphanPage, PortError,
    Prunable,
};

use self::relations::relations;
use super::{payments, products};
use crate::connection::{Conn, Database};
use crate::dialect::row_order_hint_sql;
use crate::sql::prunable::has_prunable_rows;
use crate::sql::shelf::{Shelf, table_name};

/// Before every row key.
const START: i64 = i64::MIN;

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(sql_type = BigInt)]
    row_key: i64,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = BigInt)]
    copies: i64,
}

#[derive(QueryableByName)]
struct ChildRow {
    #[diesel(sql_type = BigInt)]
    row_key: i64,
    #[diesel(sql_type = BigInt)]
    orphaned: i64,
}

#[async_trait]
impl AuditRepository for Database {
    async fn list_kept_orders(
        &self,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Result<Vec<KeptOrder>, PortError> {
        let (after, limit) = (after.map_or(START, OrderKey::get), i64::from(limit));
        let query = kept_orders_sql();
        let load = async move |conn: &mut Conn| {
            let query = sql_query(&query).bind::<BigInt, _>(after).bind::<BigInt, _>(limit);
            let query = query.bind::<BigInt, _>(after).bind::<BigInt, _>(limit).bind::<BigInt, _>(limit);
            query.load::<KeptRow>(conn).await
        };
        let kept = |it: KeptRow| KeptOrder {
            key: OrderKey::new(it.row_key),
            number: OrderNumber::new(it.number),
            copies: u32::try_from(it.copies).unwrap_or(u32::MAX),
        };
        Ok(self.run_query(load).await?.into_iter().map(kept).collect())
    }

    async fn list_orphans(&self, cursor: OrphanCursor, limit: u32) -> Result<OrphanPage, PortError> {
        let mut rest = relations().skip(cursor.relation);
        let Some((relation, shelf)) = rest.next() else { return Ok(OrphanPage::default()) };
        let query = relation.page_sql(shelf);
        let after = cursor.row.unwrap_or(START);
        let load = async move |conn: &mut Conn| {
            let query = sql_query(&query).bind::<BigInt, _>(after).bind::<BigInt, _>(i64::from(limit));
            query.load::<ChildRow>(conn).await
        };
        let rows = self.run_query(load).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let next = if count < limit {
            let relation = cursor.relation.saturating_add(1);
            rest.next().map(|_| OrphanCursor { relation, row: None })
        } else {
            rows.last().map(|it| OrphanCursor { row: Some(it.row_key), ..cursor })
        };
        let orphan = |it: &ChildRow| Orphan {
            table: table_name(relation.table, shelf),
            row: it.row_key.to_string(),
            parent: relation.parent_name(),
        };
        let mut orphans: Vec<_> = rows.iter().filter(|it| it.orphaned != 0).map(orphan).collect();
        // Several rows of one parent, where the table is sorted by its parents.
        orphans.dedup();
        Ok(OrphanPage { orphans, rows: count, next })
    }

    async fn list_held_stock(
        &self,
        after: Option<ProductKey>,
        limit: u32,
    ) -> Result<Vec<HeldStock>, PortError> {
        products::list_held_stock(self, after.map_or(START, ProductKey::get), limit).await
    }

    async fn list_flawed_payments(&self, order: OrderKey) -> Result<Vec<FlawedPayment>, PortError> {
        payments::list_flawed_payments(self, order).await
    }

    async fn has_prunable_rows(&self, what: Prunable, before: Timestamp) -> Result<bool, PortError> {
        self.run_query(async move |conn: &mut Conn| Ok(has_prunable_rows(conn, what, before).await?)).await
    }
}

/// The orders of both shelves in one statement, so of one moment.
fn kept_orders_sql() -> String {
    let shelf = |shelf: Shelf| {
        // Each is in brackets of its own, because SQLite limits only a whole union.
        format!(
            "SELECT * FROM (SELECT id, orderNumber FROM {} {} WHERE id > ? ORDER BY id ASC LIMIT ?) AS shelf",
            table_name("orders", shelf),
            row_order_hint_sql()
        )
    };
    format!(
        "SELECT id AS row_key, MIN(orderNumber) AS number, COUNT(*) AS copies FROM ({} UNION ALL {}) AS newest \
         GROUP BY id ORDER BY id ASC LIMIT ?",
        shelf(Shelf::Record),
        shelf(Shelf::Archive)
    )
}
