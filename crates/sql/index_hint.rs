//! Queries that name the index which the database has to use.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error;

use super::shelf::{Shelf, table_name};
use crate::dialect::index_hint_sql;

/// An index by its name, which is the same in every database. A test of each adapter sends all statements
/// to a database with the migrations, so a misspelt name fails there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index {
    table: &'static str,
    name: &'static str,
    shelf: Shelf,
}

impl Index {
    pub(super) const API_KEYS_OF_STATE: Self = Self::new("api_keys", "api_keys_of_state");
    pub(super) const ATTEMPTS_BY_TIME: Self = Self::new("gateway_attempts", "attempts_by_time");
    pub(super) const ATTEMPTS_OF_TRANSACTION: Self = Self::new("gateway_attempts", "attempts_of_transaction");
    pub(super) const CHANGES_OF_STOCK: Self = Self::new("product_changes", "changes_of_stock");
    pub(super) const CHANGES_VERSION: Self = Self::new("product_changes", "changes_version");
    pub(super) const DELIVERIES_DUE: Self = Self::new("webhook_deliveries", "deliveries_due");
    pub(super) const DELIVERIES_OF_ENDPOINT: Self = Self::new("webhook_deliveries", "deliveries_of_endpoint");
    pub(super) const DELIVERIES_OF_STATUS: Self = Self::new("webhook_deliveries", "deliveries_of_status");
    pub(super) const DELIVERIES_OF_SUBJECT: Self = Self::new("webhook_deliveries", "deliveries_of_subject");
    pub(super) const DETAILS_OF_OWNER: Self = Self::new("order_details", "details_of_owner");
    pub(super) const DETAILS_OF_REFERENCE: Self = Self::new("order_details", "details_of_reference");
    pub(super) const ERASURES_OPEN: Self = Self::new("erasures", "erasures_open");
    pub(super) const ENDPOINTS_BY_TIME: Self = Self::new("webhook_endpoints", "endpoints_by_time");
    pub(super) const ENDPOINTS_OF_STATE: Self = Self::new("webhook_endpoints", "endpoints_of_state");
    pub(super) const EVENTS_OF_DISPOSITION: Self = Self::new("payment_events", "events_of_disposition");
    pub(super) const EVENTS_OF_REFERENCE: Self = Self::new("payment_events", "events_of_reference");
    pub(super) const EVENTS_OF_TRANSACTION: Self = Self::new("payment_events", "events_of_transaction");
    pub(super) const FEED_BY_SEQUENCE: Self = Self::new("feed_events", "feed_by_sequence");
    pub(super) const FINDINGS_BY_TIME: Self = Self::new("findings", "findings_by_time");
    pub(super) const FINDINGS_OF_ORDER: Self = Self::new("findings", "findings_of_order");
    pub(super) const FINDINGS_OF_STATE: Self = Self::new("findings", "findings_of_state");
    pub(super) const MAILS_DUE: Self = Self::new("mails", "mails_due");
    pub(super) const ORDERS_BY_CHANGE: Self = Self::new("orders", "orders_by_change");
    pub(super) const ORDERS_BY_TIME: Self = Self::new("orders", "orders_by_time");
    pub(super) const ORDERS_EXPIRED: Self = Self::new("orders", "orders_expired");
    pub(super) const ORDERS_IN_STATUS: Self = Self::new("orders", "orders_in_status");
    pub(super) const ORDERS_OF_STATUS: Self = Self::new("orders", "orders_of_status");
    pub(super) const ORDERS_OF_USER: Self = Self::new("orders", "orders_of_user");
    pub(super) const ORDERS_OF_USER_BY_CHANGE: Self = Self::new("orders", "orders_of_user_by_change");
    pub(super) const ORDERS_OF_USER_AND_STATUS: Self = Self::new("orders", "orders_of_user_and_status");
    pub(super) const ORDERS_UNCHANGED: Self = Self::new("orders", "orders_unchanged");
    pub(super) const PRODUCTS_BY_TIME: Self = Self::new("products", "products_by_time");
    pub(super) const PRODUCTS_OF_ACTIVITY: Self = Self::new("products", "products_of_activity");
    pub(super) const REFUNDS_OF_GATEWAY: Self = Self::new("refunds", "refunds_of_gateway");
    pub(super) const REFUNDS_OF_STATUS: Self = Self::new("refunds", "refunds_of_status");
    pub(super) const REFUNDS_TO_CHECK: Self = Self::new("refunds", "refunds_to_check");
    pub(super) const REFUNDS_SUCCEEDED: Self = Self::new("refunds", "refunds_succeeded");
    pub(super) const SESSIONS_EXPIRED: Self = Self::new("sessions", "sessions_expired");
    pub(super) const SESSIONS_IN_NETWORK: Self = Self::new("sessions", "sessions_in_network");
    pub(super) const SESSIONS_OF_USER: Self = Self::new("sessions", "sessions_of_user");
    pub(super) const SESSIONS_REVOKED: Self = Self::new("sessions", "sessions_revoked");
    pub(super) const TRANSACTIONS_BY_TIME: Self = Self::new("payment_transactions", "transactions_by_time");
    pub(super) const TRANSACTIONS_BY_CAPTURE: Self =
        Self::new("payment_transactions", "transactions_by_capture");
    pub(super) const TRANSACTIONS_OF_GATEWAY: Self =
        Self::new("payment_transactions", "transactions_of_gateway");
    pub(super) const TRANSACTIONS_OF_STATUS: Self =
        Self::new("payment_transactions", "transactions_of_status");
    pub(super) const TRANSACTIONS_TO_CHECK: Self = Self::new("payment_transactions", "transactions_to_check");
    pub(super) const USER_BY_TIME: Self = Self::new("user", "user_by_time");
    pub(super) const USER_EMAIL: Self = Self::new("user", "user_email");
    pub(super) const USER_NAME: Self = Self::new("user", "user_name");

    const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name, shelf: Shelf::Record }
    }

    /// The same index of a shelf. The archive has only those that the archive's queries name.
    pub(super) const fn on(self, shelf: Shelf) -> Self {
        Self { shelf, ..self }
    }

    fn table_name(self) -> String {
        table_name(self.table, self.shelf)
    }

    fn index_name(self) -> String {
        // Named like its table: in SQLite the names of all indexes are different.
        table_name(self.name, self.shelf)
    }

    /// The hint itself, for a statement that is written as text.
    pub(super) fn hint_sql(self) -> String {
        index_hint_sql(&self.index_name())
    }
}

/// A statement that reads its first table along an index, whatever the planner estimates.
///
/// A page is read in the order of an index and ends after its last row. A planner that misjudges the number
/// of rows prefers to read and sort all of them, and its estimate changes with the rows (ADR 0019).
///
/// It wraps [`CachedStatement`](super::cached_statement::CachedStatement) and never the other way round:
/// only here is the text changed.
pub(super) struct IndexHint<Q>(pub(super) Index, pub(super) Q);

impl<Q> QueryId for IndexHint<Q> {
    type QueryId = ();
    // Every hint has the type id `()`, so the cache must tell the statements apart by their text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for IndexHint<Q> {
    type SqlType = Q::SqlType;
}

impl<DB, Q> QueryFragment<DB> for IndexHint<Q>
where
    DB: Backend,
    DB::QueryBuilder: Default,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // The hint has no bind parameters, so everything but the text is that of the inner statement.
        self.1.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut DB::QueryBuilder, backend: &DB) -> QueryResult<()> {
        let Self(index, query) = self;
        // Diesel has no node for a hint, and both dialects put it behind the table's name. So the
        // finished text is cut there, which costs a copy of the text and no parser.
        let mut plain = DB::QueryBuilder::default();
        query.to_sql(&mut plain, backend)?;
        let plain = plain.finish();
        // A column is followed by a point, and only a table by a space, so the first match is the table
        // after `FROM` or `UPDATE`.
        let table = format!("`{}` ", index.table_name());
        let Some((before, behind)) = plain.split_once(&table) else {
            return Err(Error::QueryBuilderError(format!("{index:?} is of another table").into()));
        };
        for part in [before, &table, &index.hint_sql(), " ", behind] {
            out.push_sql(part);
        }
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        self.1.is_safe_to_cache_prepared(backend)
    }
}
