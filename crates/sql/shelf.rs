//! The two places where an order can be stored: the record and the archive (ADR 0039).
//!
//! The archive has a table for each table that belongs to an order, with the same columns, so a query of the record is one
//! of the archive with other names. It is written once, and [`On`] changes the names.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

/// Where an order is stored, with everything that belongs to it. It is in one of both, never in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    /// The tables that are listed and written.
    Record,
    /// The tables of `api archive`.
    Archive,
}

impl Shelf {
    /// Both, the one that nearly all orders are read from first: for reads within one snapshot.
    pub(super) const BOTH: [Self; 2] = [Self::Record, Self::Archive];

    /// The places to look for an order by statements that share no snapshot.
    // An order that is archived between the first two looks is found by the second one, and an order that is brought back
    // between them by the third one.
    pub(super) const LOOKS: [Self; 3] = [Self::Record, Self::Archive, Self::Record];
}

/// The tables that exist on both shelves. A table that others refer to comes before them.
pub(super) const SHELVED_TABLES: [&str; 12] = [
    "orders",
    "order_details",
    "order_items",
    "order_status_history",
    "payment_transactions",
    "refunds",
    "payment_requests",
    "gateway_references",
    "payment_next_actions",
    "payment_metadata",
    "dispute_events",
    "payment_events",
];

/// The name of the archive's table for a table of the record.
pub(super) fn archive_table(table: &str) -> String {
    format!("archived_{table}")
}

/// The name of a table of [`SHELVED_TABLES`] on a shelf; other tables are of the record.
pub(super) fn table_name(table: &str, shelf: Shelf) -> String {
    match shelf {
        Shelf::Record => table.to_owned(),
        Shelf::Archive => archive_table(table),
    }
}

/// A query of the record, sent to a shelf.
///
/// It may wrap [`CachedStatement`](super::cached_statement::CachedStatement), and
/// [`IndexHint`](super::index_hint::IndexHint) may wrap it: only these two change the text.
pub(super) struct On<Q>(pub(super) Shelf, pub(super) Q);

impl<Q> QueryId for On<Q> {
    type QueryId = ();
    // Every wrapped statement has the type id `()`, so the cache must tell them apart by their text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for On<Q> {
    type SqlType = Q::SqlType;
}

impl<DB, Q> QueryFragment<DB> for On<Q>
where
    DB: Backend,
    DB::QueryBuilder: Default,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Both shelves take the same bind parameters, so everything but the text is that of the inner statement.
        self.1.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut DB::QueryBuilder, backend: &DB) -> QueryResult<()> {
        let Self(shelf, query) = self;
        match shelf {
            Shelf::Record => query.to_sql(out, backend),
            Shelf::Archive => {
                let mut plain = DB::QueryBuilder::default();
                query.to_sql(&mut plain, backend)?;
                out.push_sql(&rename_tables(&plain.finish()));
                Ok(())
            }
        }
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        self.1.is_safe_to_cache_prepared(backend)
    }
}

/// The same text with the tables of the archive.
fn rename_tables(text: &str) -> String {
    // Names are in backticks, so none is a part of another; and no column has the name of such a table.
    SHELVED_TABLES.iter().fold(text.to_owned(), |text, table| {
        text.replace(&format!("`{table}`"), &format!("`{}`", archive_table(table)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_of_shelved_tables_change() {
        let text =
            "SELECT `orders`.`id`, `user`.`id` FROM `orders` JOIN `order_items` ON `my_orders`.`orderId`";
        let archived = "SELECT `archived_orders`.`id`, `user`.`id` FROM `archived_orders` JOIN \
                        `archived_order_items` ON `my_orders`.`orderId`";
        assert_eq!(rename_tables(text), archived);
        assert_eq!(rename_tables(archived), archived);
    }
}
