use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PasswordHash, Timestamp, User, UserKey};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{kept::Kept, row::UserRow, schema::user, value::Stamp};

pub(super) async fn insert(conn: &mut Conn, user: &User, hash: &PasswordHash) -> Written {
    let insert = diesel::insert_into(user::table).values(UserRow::of(user, hash));
    inserted(insert.execute(conn).await, || Refusal::User(user.clone()))
}

/// Changes what a user may do.
pub(super) async fn update(conn: &mut Conn, user: &User, read: Option<Timestamp>) -> Written {
    let changes = (
        user::role.eq(user.role.as_str()),
        user::disabled.eq(user.disabled),
        user::changed_at.eq(user.changed_at.map(Stamp::from)),
    );
    let row = user::table.find(user.key.get());
    let rows = match read {
        Some(read) => {
            let present = row.filter(user::changed_at.eq(Stamp::from(read)));
            Kept(diesel::update(present).set(changes)).execute(conn).await?
        }
        None => {
            let present = row.filter(user::changed_at.is_null());
            Kept(diesel::update(present).set(changes)).execute(conn).await?
        }
    };
    guarded(rows)
}

/// Only guards: as a write it holds against a change that is committed at the same moment, which a read would not on
/// every database.
pub(super) async fn require_password(conn: &mut Conn, user: UserKey, hash: &PasswordHash) -> Written {
    let open = user::table.find(user.get()).filter(user::password.eq(hash.expose()));
    let update = diesel::update(open.filter(user::disabled.eq(false))).set(user::password.eq(hash.expose()));
    guarded(Kept(update).execute(conn).await?)
}

/// Changes a password.
pub(super) async fn change_password(
    conn: &mut Conn,
    user: UserKey,
    from: &PasswordHash,
    to: &PasswordHash,
) -> Written {
    let present = user::table.find(user.get()).filter(user::password.eq(from.expose()));
    let hash = (user::password.eq(to.expose()), user::hash_cost.eq(i64::from(to.cost())));
    let update = diesel::update(present).set(hash);
    guarded(Kept(update).execute(conn).await?)
}
