use diesel::dsl;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PasswordHash, Timestamp, User, UserKey};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{cached_statement::CachedStatement, row::UserRow, schema::user, value::SqlTimestamp};

/// The assignment that [`bump_guards`] makes.
type BumpGuards = dsl::Eq<user::guards, <user::guards as std::ops::Add<i64>>::Output>;

pub(super) async fn insert_user(conn: &mut Conn, user: &User, hash: &PasswordHash) -> WriteOutcome {
    let insert = diesel::insert_into(user::table).values(UserRow::new(user, hash));
    check_insert(insert.execute(conn).await, || Violation::User(Box::new(user.clone())))
}

/// Changes role, `disabled` and `changed_at` of a user, if `changed_at` is still the one that was read.
pub(super) async fn update_user(conn: &mut Conn, user: &User, read: Option<Timestamp>) -> WriteOutcome {
    let changes = (
        user::role.eq(user.role.as_str()),
        user::disabled.eq(user.disabled),
        user::changed_at.eq(user.changed_at.map(SqlTimestamp::from)),
        bump_guards(),
    );
    let row = user::table.find(user.key.get());
    // In SQL `changed_at = NULL` is never true, so a user that was never changed needs another predicate.
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

/// Checks that `changed_at` of a user is still the one that was read, and changes the row.
pub(super) async fn check_changed_at(conn: &mut Conn, key: UserKey, read: Option<Timestamp>) -> WriteOutcome {
    let row = user::table.find(key.get());
    // A change and not a read, which would lock nothing; and two statements as in `update_user`.
    let rows = match read {
        Some(at) => {
            let present = row.filter(user::changed_at.eq(SqlTimestamp::from(at)));
            CachedStatement(diesel::update(present).set(bump_guards())).execute(conn).await?
        }
        None => {
            let present = row.filter(user::changed_at.is_null());
            CachedStatement(diesel::update(present).set(bump_guards())).execute(conn).await?
        }
    };
    check_guard(rows)
}

/// Changes the address, its verification and `changed_at` of a user, if `changed_at` is still the one that was read.
pub(super) async fn change_email(conn: &mut Conn, next: &User, read: Option<Timestamp>) -> WriteOutcome {
    check_changed_at(conn, next.key, read).await?;
    let update = diesel::update(user::table.find(next.key.get())).set((
        user::email.eq(next.email.as_str()),
        user::email_folded.eq(next.email.fold_case()),
        user::email_verified_at.eq(next.email_verified_at.map(SqlTimestamp::from)),
        user::email_revision.eq(next.email_revision),
        user::changed_at.eq(next.changed_at.map(SqlTimestamp::from)),
        bump_guards(),
    ));
    check_insert(CachedStatement(update).execute(conn).await, || Violation::Email(Box::new(next.clone())))
}

/// Says since when the address of a user is verified, if `changed_at` is still the one that was read.
pub(super) async fn verify_email(conn: &mut Conn, next: &User, read: Option<Timestamp>) -> WriteOutcome {
    check_changed_at(conn, next.key, read).await?;
    let update = diesel::update(user::table.find(next.key.get())).set((
        user::email_verified_at.eq(next.email_verified_at.map(SqlTimestamp::from)),
        user::changed_at.eq(next.changed_at.map(SqlTimestamp::from)),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Checks the password hash, and changes the row. A change locks the row until the commit, so a change of the
/// password at the same time waits or makes this stale; a plain read would see the old hash and lock nothing.
pub(super) async fn require_password(conn: &mut Conn, user: UserKey, hash: &PasswordHash) -> WriteOutcome {
    let open = user::table.find(user.get()).filter(user::password.eq(hash.expose_secret()));
    let update = diesel::update(open.filter(user::disabled.eq(false))).set(bump_guards());
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Replaces a password hash, if it is still the one that was checked.
pub(super) async fn change_password(
    conn: &mut Conn,
    user: UserKey,
    from: &PasswordHash,
    to: &PasswordHash,
) -> WriteOutcome {
    // The old hash is the guard: a login that stores a hash of a higher cost must not undo a change of the
    // password that was committed while it hashed.
    let present = user::table.find(user.get()).filter(user::password.eq(from.expose_secret()));
    let hash =
        (user::password.eq(to.expose_secret()), user::hash_cost.eq(i64::from(to.cost())), bump_guards());
    let update = diesel::update(present).set(hash);
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// Counts one more guarded write of a user's row, in each statement whose predicate is a guard on it.
///
/// Where several servers accept writes, each certifies what the others changed. A statement that leaves the row as it
/// is would change nothing there, and a login could commit at one server while another changes the password.
pub(super) fn bump_guards() -> BumpGuards {
    user::guards.eq(user::guards + 1_i64)
}
