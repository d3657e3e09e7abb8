//! Statements that are prepared once a connection.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement whose text is one of a few, whatever its values are, so that its prepared form is worth keeping.
///
/// The query builder takes every `UPDATE` for one of a kind, because its changes could be optional, and every `IN`,
/// because it could be of any length: it would be prepared, executed once and forgotten, which on a server are two more
/// round trips. The keys of an `IN` have to be [`pad_keys`].
pub(super) struct CachedStatement<Q>(pub(super) Q);

impl<Q> QueryId for CachedStatement<Q> {
    type QueryId = ();
    // It is known by its text.
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

/// The keys of an `IN`, the last one repeated until they are a power of two: so their number is one of a few.
pub(super) fn pad_keys<T: Clone>(mut keys: Vec<T>) -> Vec<T> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}
