use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PasswordHash, User, UserKey};
use ports::{CommitError, PortError, Taken};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::{Conn, Database};
use crate::sql::{kept::Kept, row::UserRow, schema::user};

pub(super) async fn insert(conn: &mut Conn, user: &User, hash: &PasswordHash) -> Written {
    let insert = diesel::insert_into(user::table).values(UserRow::of(user, hash));
    inserted(insert.execute(conn).await, || Refusal::User(user.clone()))
}

/// Changes a password. From a hash to the same one it only guards: as a write it holds against a change that is
/// committed at the same moment, which a read would not on every database.
pub(super) async fn change_password(
    conn: &mut Conn,
    user: UserKey,
    from: &PasswordHash,
    to: &PasswordHash,
) -> Written {
    let present = user::table.find(user.get()).filter(user::password.eq(from.expose()));
    let update = diesel::update(present).set(user::password.eq(to.expose()));
    guarded(Kept(update).execute(conn).await?)
}

/// What of an account is somebody else's; nothing when only a row's key or a public id was given out twice.
pub(super) async fn taken(database: &Database, account: User) -> Result<CommitError, PortError> {
    let (name, address) = (account.username.folded(), account.email.folded());
    let rivals = database
        .read(async move |conn: &mut Conn| {
            let same_name = user::table.filter(user::username_folded.eq(&name)).select(user::id);
            let same_address = user::table.filter(user::email_folded.eq(&address)).select(user::id);
            let taken = [
                same_name.first::<i64>(conn).await.optional()?.map(|_| Taken::Username),
                same_address.first::<i64>(conn).await.optional()?.map(|_| Taken::Email),
            ];
            Ok(taken.into_iter().flatten().collect::<Vec<_>>())
        })
        .await?;
    Ok(if rivals.is_empty() { CommitError::Stale } else { CommitError::Taken(rivals) })
}
