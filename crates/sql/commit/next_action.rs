use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{TransactionKey, payment::NextAction};

use super::abort::{Violation, WriteOutcome, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement, row::format_action, schema::payment_next_actions as actions,
};

/// Replaces what the buyer of a transaction must do; `None` removes it.
pub(super) async fn set_next_action(
    conn: &mut Conn,
    transaction: TransactionKey,
    action: Option<&NextAction>,
) -> WriteOutcome {
    let row = actions::table.find(transaction.get());
    let Some(action) = action else {
        // The rows are not counted: none is what the caller wants.
        CachedStatement(diesel::delete(row)).execute(conn).await?;
        return Ok(());
    };
    let content = format_action(action);
    let update = diesel::update(row).set(actions::content.eq(&content));
    if CachedStatement(update).execute(conn).await? > 0 {
        return Ok(());
    }
    // No other unit inserts the row in between: both would have changed the revision of the order before.
    let row = (actions::transaction_key.eq(transaction.get()), actions::content.eq(&content));
    check_insert(diesel::insert_into(actions::table).values(row).execute(conn).await, || Violation::Stale)
}
