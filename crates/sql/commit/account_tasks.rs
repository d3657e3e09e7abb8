//! Mails that wait, and permissions to set a new password.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{MailKey, Timestamp, User, UserKey};
use ports::{PasswordReset, QueuedMail};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use super::users::check_changed_at;
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{MailRow, ResetRow},
    schema::{mails, password_resets as resets},
    value::SqlTimestamp,
};

pub(super) async fn queue_mail(conn: &mut Conn, mail: &QueuedMail) -> WriteOutcome {
    let insert = diesel::insert_into(mails::table).values(MailRow::from(mail));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// Counts one more attempt, if the number of attempts is still the one that was read.
pub(super) async fn begin_mail(
    conn: &mut Conn,
    key: MailKey,
    attempts: u32,
    due_at: Timestamp,
) -> WriteOutcome {
    let present = mails::table.find(key.get()).filter(mails::attempts.eq(i64::from(attempts)));
    let next = (mails::attempts.eq(mails::attempts + 1), mails::due_at.eq(SqlTimestamp::from(due_at)));
    check_guard(CachedStatement(diesel::update(present).set(next)).execute(conn).await?)
}

pub(super) async fn delete_mail(conn: &mut Conn, key: MailKey, attempts: u32) -> WriteOutcome {
    let present = mails::table.find(key.get()).filter(mails::attempts.eq(i64::from(attempts)));
    check_guard(CachedStatement(diesel::delete(present)).execute(conn).await?)
}

/// Replaces the account's reset, if the account is still as it was read and the reset is not of a later request.
pub(super) async fn request_reset(conn: &mut Conn, reset: &PasswordReset, read: &User) -> WriteOutcome {
    // The address and the disabled flag change only together with this stamp, so no mail with a token goes to an address
    // that the account had before, and none to an account that was disabled or erased meanwhile.
    check_changed_at(conn, reset.user, read.changed_at).await?;
    let requested_at = SqlTimestamp::from(reset.requested_at);
    let older = resets::table.find(reset.user.get()).filter(resets::requested_at.le(requested_at));
    let update = diesel::update(older).set((
        resets::requested_at.eq(requested_at),
        resets::expires_at.eq(SqlTimestamp::from(reset.expires_at)),
        resets::token_digest.eq(reset.digest.as_deref()),
    ));
    if CachedStatement(update).execute(conn).await? > 0 {
        return Ok(());
    }
    // Stale if the row is of a later request, or if another request has inserted it in between.
    let insert = diesel::insert_into(resets::table).values(ResetRow::from(reset));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// Replaces the token of the reset that was read.
pub(super) async fn set_token(
    conn: &mut Conn,
    user: UserKey,
    requested_at: Timestamp,
    digest: &str,
) -> WriteOutcome {
    let present =
        resets::table.find(user.get()).filter(resets::requested_at.eq(SqlTimestamp::from(requested_at)));
    let update = diesel::update(present).set(resets::token_digest.eq(Some(digest)));
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Deletes the reset whose token was shown. Of two commits that show it, the second one finds no row.
pub(super) async fn use_reset(conn: &mut Conn, user: UserKey, digest: &str, now: Timestamp) -> WriteOutcome {
    let present = resets::table
        .find(user.get())
        .filter(resets::token_digest.eq(digest))
        .filter(resets::expires_at.gt(SqlTimestamp::from(now)));
    check_guard(CachedStatement(diesel::delete(present)).execute(conn).await?)
}

pub(super) async fn drop_reset(conn: &mut Conn, user: UserKey) -> WriteOutcome {
    // The rows are not counted: most accounts have no reset.
    CachedStatement(diesel::delete(resets::table.find(user.get()))).execute(conn).await?;
    Ok(())
}
