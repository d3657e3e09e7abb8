//! Statements that are prepared once a connection.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

/// An `UPDATE` whose text is one of a few, whatever its values are, so that its prepared form is worth keeping.
///
/// The query builder takes every `UPDATE` for one of a kind, because its changes could be optional: it would be
/// prepared, executed once and forgotten, which on a server are two more round trips.
pub(super) struct Kept<Q>(pub(super) Q);

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}
