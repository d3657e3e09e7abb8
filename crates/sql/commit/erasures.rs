//! Erasing an account: its row at once, its sessions and stored replies in bounded steps.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrderNumber, UserKey};
use ports::{ErasureProgress, UserErasure};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use super::users::{bump_guards, check_changed_at};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    index_hint::{Index, IndexHint},
    schema::{erasures, idempotency_claims as claims, mails, sessions, user},
    value::SqlTimestamp,
};

/// Most rows of one table that one commit erases, whatever its caller allows.
const ROWS_MAX: u32 = 1_000;
/// The network and the user agent of a session whose account is erased.
const NO_NETWORK: &str = "";

/// Replaces what a user's row says about a person, and opens the erasure of the rest.
pub(super) async fn erase_user(conn: &mut Conn, erasure: &UserErasure) -> WriteOutcome {
    let UserErasure { user: next, read, from, to, at } = erasure;
    check_changed_at(conn, next.key, *read).await?;
    let present = user::table.find(next.key.get()).filter(user::password.eq(from.expose_secret()));
    let update = diesel::update(present).set((
        user::username.eq(next.username.as_str()),
        user::username_folded.eq(next.username.fold_case()),
        user::email.eq(next.email.as_str()),
        user::email_folded.eq(next.email.fold_case()),
        user::password.eq(to.expose_secret()),
        user::hash_cost.eq(i64::from(to.cost())),
        user::disabled.eq(next.disabled),
        user::changed_at.eq(next.changed_at.map(SqlTimestamp::from)),
        user::last_login_at.eq(None::<SqlTimestamp>),
        bump_guards(),
        user::second_factor_at.eq(next.second_factor_at.map(SqlTimestamp::from)),
        user::email_verified_at.eq(next.email_verified_at.map(SqlTimestamp::from)),
        user::email_revision.eq(next.email_revision),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)?;
    let row = (
        erasures::user_key.eq(next.key.get()),
        erasures::erased_at.eq(SqlTimestamp::from(*at)),
        erasures::progress.eq(ErasureProgress::Archive(None).to_string()),
        erasures::finished.eq(false),
    );
    check_insert(diesel::insert_into(erasures::table).values(row).execute(conn).await, || Violation::Stale)
}

/// Moves an erasure on, if it is still where it was read.
pub(super) async fn advance_erasure(
    conn: &mut Conn,
    user: UserKey,
    from: &ErasureProgress,
    to: &ErasureProgress,
) -> WriteOutcome {
    let present = erasures::table.find(user.get()).filter(erasures::progress.eq(from.to_string()));
    let next = (erasures::progress.eq(to.to_string()), erasures::finished.eq(to.is_finished()));
    check_guard(CachedStatement(diesel::update(present).set(next)).execute(conn).await?)
}

/// Deletes some stored replies of the user and mails to it, and takes network and user agent from some sessions. The rows are
/// selected first, because not every database has `DELETE … LIMIT`. A row that another instance erased meanwhile is not
/// counted.
pub(super) async fn erase_personal_rows(conn: &mut Conn, user: UserKey, rows_max: u32) -> WriteOutcome {
    let rows = i64::from(rows_max.min(ROWS_MAX));
    let replies = claims::table.filter(claims::user_id.eq(user.get())).select(claims::id).limit(rows);
    let keys: Vec<i64> = replies.load(conn).await?;
    diesel::delete(claims::table.filter(claims::id.eq_any(keys))).execute(conn).await?;
    let waiting = mails::table.filter(mails::user_key.eq(user.get())).select(mails::id).limit(rows);
    let keys: Vec<i64> = waiting.load(conn).await?;
    diesel::delete(mails::table.filter(mails::id.eq_any(keys))).execute(conn).await?;
    let placed = sessions::table
        .filter(sessions::user_id.eq(user.get()))
        .filter(sessions::network.gt(NO_NETWORK))
        .select(sessions::id)
        .limit(rows);
    let keys: Vec<i64> = IndexHint(Index::SESSIONS_IN_NETWORK, placed).load(conn).await?;
    let placed = sessions::table.filter(sessions::id.eq_any(keys));
    diesel::update(placed)
        .set((sessions::network.eq(NO_NETWORK), sessions::user_agent.eq(NO_NETWORK)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes some claims of these orders. An API key places and edits orders for a customer, and its claims are not found
/// by the customer.
pub(super) async fn erase_order_replies(
    conn: &mut Conn,
    orders: &[OrderNumber],
    rows_max: u32,
) -> WriteOutcome {
    let rows = i64::from(rows_max.min(ROWS_MAX));
    let numbers = orders.iter().map(OrderNumber::as_str);
    let replies = claims::table.filter(claims::resource.eq_any(numbers)).select(claims::id).limit(rows);
    let keys: Vec<i64> = replies.load(conn).await?;
    // A deletion of no rows would read the whole table in some databases.
    if keys.is_empty() {
        return Ok(());
    }
    diesel::delete(claims::table.filter(claims::id.eq_any(keys))).execute(conn).await?;
    Ok(())
}
