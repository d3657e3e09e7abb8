//! Statements that each connection prepares once and then reuses.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement whose text does not depend on its values, so that a connection can keep its prepared form.
///
/// Diesel caches no `UPDATE`, because optional changes could alter the text, and no `IN`, because it can
/// have any length. Such a statement is prepared, executed once and closed, which costs two more round
/// trips to a server. The keys of an `IN` must go through [`pad_keys`], so that few texts exist.
pub(crate) struct CachedStatement<Q>(pub(crate) Q);

impl<Q> QueryId for CachedStatement<Q> {
    type QueryId = ();
    // Every wrapped statement has the type id `()`, so the cache must tell them apart by their text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for CachedStatement<Q> {
    type SqlType = Q::SqlType;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for CachedStatement<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Repeats the last key of an `IN` until the number of keys is a power of two.
pub(crate) fn pad_keys<T: Clone>(mut keys: Vec<T>) -> Vec<T> {
    // A repeated key selects no row twice. Without the padding every length of a list would be another
    // text, and so another prepared statement on each connection.
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}
