use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Network, Session, SessionKey, Timestamp, UserKey};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{
    along::{Along, Index},
    kept::Kept,
    row::{SessionRow, written},
    schema::sessions,
    value::Stamp,
};

/// Keys are above zero.
const NO_SESSION: i64 = 0;

pub(super) async fn insert(conn: &mut Conn, session: &Session, network: Network) -> Written {
    let row = (SessionRow::from(session), sessions::network.eq(network.to_string()));
    let insert = diesel::insert_into(sessions::table).values(row);
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

pub(super) async fn rotate(conn: &mut Conn, read: &Session, next: &Session) -> Written {
    let live = sessions::table
        .find(read.key.get())
        .filter(sessions::session_id.eq(read.id.as_str()))
        .filter(sessions::user_id.eq(read.user.get()))
        .filter(sessions::generation.eq(read.generation))
        .filter(sessions::created_at.eq(Stamp::from(read.created_at)))
        .filter(sessions::spent.eq(written(&read.spent)))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(Stamp::from(next.rotated_at)));
    let update = diesel::update(live).set((
        sessions::generation.eq(next.generation),
        sessions::rotated_at.eq(Stamp::from(next.rotated_at)),
        sessions::expires_at.eq(Stamp::from(next.expires_at)),
        sessions::spent.eq(written(&next.spent)),
    ));
    guarded(Kept(update).execute(conn).await?)
}

pub(super) async fn revoke(conn: &mut Conn, user: UserKey, session: SessionKey, at: Timestamp) -> Written {
    let live = sessions::table
        .find(session.get())
        .filter(sessions::user_id.eq(user.get()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(Stamp::from(at)));
    let update = diesel::update(live).set(sessions::revoked_at.eq(Stamp::from(at)));
    Kept(update).execute(conn).await?;
    Ok(())
}

pub(super) async fn revoke_all(
    conn: &mut Conn,
    user: UserKey,
    except: Option<SessionKey>,
    at: Timestamp,
) -> Written {
    let live = sessions::table
        .filter(sessions::user_id.eq(user.get()))
        .filter(sessions::id.ne(except.map_or(NO_SESSION, SessionKey::get)))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(Stamp::from(at)));
    let update = diesel::update(live).set(sessions::revoked_at.eq(Stamp::from(at)));
    Along(Index::SESSIONS_OF_USER, Kept(update)).execute(conn).await?;
    Ok(())
}
