//! The second factor of a user. The row of the user says whether it is in force, and is locked first.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{SecondFactor, Timestamp, User};
use ports::SecondFactorWrite;

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use super::users::{bump_guards, check_changed_at};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{SecondFactorRow, encode_digests},
    schema::{second_factors as factors, user},
    value::SqlTimestamp,
};

pub(super) async fn apply_factor_write(conn: &mut Conn, write: &SecondFactorWrite) -> WriteOutcome {
    match write {
        SecondFactorWrite::RequireNone(key) => {
            // A change and not a read, which would lock nothing and which servers that certify would not see.
            let row = user::table.find(key.get()).filter(user::second_factor_at.is_null());
            check_guard(CachedStatement(diesel::update(row).set(bump_guards())).execute(conn).await?)
        }
        SecondFactorWrite::Set { user, read } => set_factor(conn, user, *read).await,
        SecondFactorWrite::Enrol(factor) => enrol_factor(conn, factor).await,
        SecondFactorWrite::Replace(factor) => replace_factor(conn, factor).await,
        SecondFactorWrite::Drop(key) => {
            CachedStatement(diesel::delete(factors::table.find(key.get()))).execute(conn).await?;
            Ok(())
        }
    }
}

async fn set_factor(conn: &mut Conn, next: &User, read: Option<Timestamp>) -> WriteOutcome {
    check_changed_at(conn, next.key, read).await?;
    let update = diesel::update(user::table.find(next.key.get())).set((
        user::second_factor_at.eq(next.second_factor_at.map(SqlTimestamp::from)),
        user::changed_at.eq(next.changed_at.map(SqlTimestamp::from)),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}

async fn enrol_factor(conn: &mut Conn, factor: &SecondFactor) -> WriteOutcome {
    let pending = factors::table.find(factor.user.get()).filter(factors::confirmed_at.is_null());
    CachedStatement(diesel::delete(pending)).execute(conn).await?;
    // One that is in force is still there, and its key refuses the new one.
    let insert = diesel::insert_into(factors::table).values(SecondFactorRow::from(factor));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

async fn replace_factor(conn: &mut Conn, next: &SecondFactor) -> WriteOutcome {
    let read = next.revision.saturating_sub(1);
    // The secret, too: an enrolment in the meantime begins again at revision 1, and the code was checked with the old one.
    let present = factors::table
        .find(next.user.get())
        .filter(factors::revision.eq(read).and(factors::sealed_secret.eq(&next.sealed_secret)));
    let update = diesel::update(present).set((
        factors::confirmed_at.eq(next.confirmed_at.map(SqlTimestamp::from)),
        factors::last_step.eq(next.last_step),
        factors::recovery_digests.eq(encode_digests(&next.recovery_digests)),
        factors::revision.eq(next.revision),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}
