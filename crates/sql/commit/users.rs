use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PasswordHash, Timestamp, User, UserKey};
use ports::{CommitError, PortError, UserRepository};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::{Conn, Database};
use crate::sql::{cached_statement::CachedStatement, row::UserRow, schema::user, value::SqlTimestamp};

pub(super) async fn insert_user(conn: &mut Conn, user: &User, hash: &PasswordHash) -> WriteOutcome {
    let insert = diesel::insert_into(user::table).values(UserRow::new(user, hash));
    check_insert(insert.execute(conn).await, || Violation::User(user.clone()))
}

/// Changes what a user may do.
pub(super) async fn update_user(conn: &mut Conn, user: &User, read: Option<Timestamp>) -> WriteOutcome {
    let changes = (
        user::role.eq(user.role.as_str()),
        user::disabled.eq(user.disabled),
        user::changed_at.eq(user.changed_at.map(SqlTimestamp::from)),
    );
    let row = user::table.find(user.key.get());
    let rows = match read {
        Some(read) => {
            let present = row.filter(user::changed_at.eq(SqlTimestamp::from(read)));
            CachedStatement(diesel::update(present).set(changes)).execute(conn).await?
        }
        None => {
            let present = row.filter(user::changed_at.is_null());
            CachedStatement(diesel::update(present).set(changes)).execute(conn).await?
        }
    };
    check_guard(rows)
}

/// Only guards: as a write it holds against a change that is committed at the same moment, which a read would not on
/// every database.
pub(super) async fn require_password(conn: &mut Conn, user: UserKey, hash: &PasswordHash) -> WriteOutcome {
    let open = user::table.find(user.get()).filter(user::password.eq(hash.expose_secret()));
    let update =
        diesel::update(open.filter(user::disabled.eq(false))).set(user::password.eq(hash.expose_secret()));
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Changes a password.
pub(super) async fn change_password(
    conn: &mut Conn,
    user: UserKey,
    from: &PasswordHash,
    to: &PasswordHash,
) -> WriteOutcome {
    let present = user::table.find(user.get()).filter(user::password.eq(from.expose_secret()));
    let hash = (user::password.eq(to.expose_secret()), user::hash_cost.eq(i64::from(to.cost())));
    let update = diesel::update(present).set(hash);
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// What of an account is somebody else's; nothing when only a row's key or a public id was given out twice.
pub(super) async fn find_user_conflict(database: &Database, account: User) -> Result<CommitError, PortError> {
    let taken = database.find_account_conflicts(&account.username, &account.email).await?;
    Ok(if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) })
}
