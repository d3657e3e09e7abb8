//! Queries that are told which index to read along.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error;

use crate::dialect::index_hint;

/// An index by its name, which is the same in every database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index {
    table: &'static str,
    name: &'static str,
}

impl Index {
    pub(super) const CHANGES_OF_STOCK: Self = Self::of("product_changes", "changes_of_stock");
    pub(super) const CHANGES_VERSION: Self = Self::of("product_changes", "changes_version");
    pub(super) const EVENTS_OF_DISPOSITION: Self = Self::of("payment_events", "events_of_disposition");
    pub(super) const EVENTS_OF_REFERENCE: Self = Self::of("payment_events", "events_of_reference");
    pub(super) const EVENTS_OF_TRANSACTION: Self = Self::of("payment_events", "events_of_transaction");
    pub(super) const FINDINGS_BY_TIME: Self = Self::of("findings", "findings_by_time");
    pub(super) const FINDINGS_OF_STATE: Self = Self::of("findings", "findings_of_state");
    pub(super) const ORDERS_BY_TIME: Self = Self::of("orders", "orders_by_time");
    pub(super) const ORDERS_EXPIRED: Self = Self::of("orders", "orders_expired");
    pub(super) const ORDERS_OF_STATUS: Self = Self::of("orders", "orders_of_status");
    pub(super) const ORDERS_OF_USER: Self = Self::of("orders", "orders_of_user");
    pub(super) const ORDERS_OF_USER_AND_STATUS: Self = Self::of("orders", "orders_of_user_and_status");
    pub(super) const ORDERS_UNCHANGED: Self = Self::of("orders", "orders_unchanged");
    pub(super) const PRODUCTS_BY_TIME: Self = Self::of("products", "products_by_time");
    pub(super) const PRODUCTS_OF_ACTIVITY: Self = Self::of("products", "products_of_activity");
    pub(super) const REFUNDS_TO_CHECK: Self = Self::of("refunds", "refunds_to_check");
    pub(super) const SESSIONS_EXPIRED: Self = Self::of("sessions", "sessions_expired");
    pub(super) const SESSIONS_OF_USER: Self = Self::of("sessions", "sessions_of_user");
    pub(super) const SESSIONS_REVOKED: Self = Self::of("sessions", "sessions_revoked");
    pub(super) const TRANSACTIONS_OF_STATUS: Self =
        Self::of("payment_transactions", "transactions_of_status");
    pub(super) const TRANSACTIONS_TO_CHECK: Self = Self::of("payment_transactions", "transactions_to_check");

    const fn of(table: &'static str, name: &'static str) -> Self {
        Self { table, name }
    }
}

/// A statement that reads its first table along that index, whatever a planner thinks of it.
///
/// A page is read in the order of an index and ends after as many rows as it has. A planner that guesses the number of
/// rows wrongly prefers to read and sort all of them, and how it guesses changes with the rows.
///
/// It goes around [`Kept`](super::kept::Kept), never into it.
pub(super) struct Along<Q>(pub(super) Index, pub(super) Q);

impl<Q> QueryId for Along<Q> {
    type QueryId = ();
    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Along<Q> {
    type SqlType = Q::SqlType;
}

impl<DB, Q> QueryFragment<DB> for Along<Q>
where
    DB: Backend,
    DB::QueryBuilder: Default,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.1.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut DB::QueryBuilder, backend: &DB) -> QueryResult<()> {
        let Self(index, query) = self;
        let mut plain = DB::QueryBuilder::default();
        query.to_sql(&mut plain, backend)?;
        let plain = plain.finish();
        // A column is followed by a point, and only a table by a space.
        let table = format!("`{}` ", index.table);
        let Some((before, behind)) = plain.split_once(&table) else {
            return Err(Error::QueryBuilderError(format!("{index:?} is of another table").into()));
        };
        for part in [before, &table, &index_hint(index.name), " ", behind] {
            out.push_sql(part);
        }
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        self.1.is_safe_to_cache_prepared(backend)
    }
}
