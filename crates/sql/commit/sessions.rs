use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Session, SessionKey, Timestamp, UserKey, session::SessionOrigin};
use ports::REVOCATION_MARGIN;

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    index_hint::{Index, IndexHint},
    row::{SessionOriginRow, SessionRow, encode_timestamps},
    schema::{sessions, user},
    value::SqlTimestamp,
};

/// A key that no session has, as generated keys are above zero.
const NO_SESSION: i64 = 0;

pub(super) async fn insert_session(
    conn: &mut Conn,
    session: &Session,
    origin: &SessionOrigin,
) -> WriteOutcome {
    // Before the insert, which locks the user's row for reading only: of two logins at once each would wait for
    // the other's lock.
    move_last_login(conn, session.user, session.created_at).await?;
    let row = (SessionRow::from(session), SessionOriginRow::from(origin));
    let insert = diesel::insert_into(sessions::table).values(row);
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// The time of a user's last login. The clocks of instances differ, so it only moves forward.
async fn move_last_login(conn: &mut Conn, user: UserKey, at: Timestamp) -> QueryResult<()> {
    let at = SqlTimestamp::from(at);
    let earlier = user::last_login_at.is_null().or(user::last_login_at.lt(at));
    let update = diesel::update(user::table.find(user.get()).filter(earlier)).set(user::last_login_at.eq(at));
    CachedStatement(update).execute(conn).await.map(drop)
}

pub(super) async fn rotate_session(conn: &mut Conn, read: &Session, next: &Session) -> WriteOutcome {
    // The session may come from a cached entry, which others can write to. So every column that the
    // decision used is compared, not only the generation (ADR 0009).
    let live = sessions::table
        .find(read.key.get())
        .filter(sessions::session_id.eq(read.id.as_str()))
        .filter(sessions::user_id.eq(read.user.get()))
        .filter(sessions::generation.eq(read.generation))
        .filter(sessions::created_at.eq(SqlTimestamp::from(read.created_at)))
        .filter(sessions::spent.eq(encode_timestamps(&read.spent)))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(SqlTimestamp::from(next.rotated_at)));
    let update = diesel::update(live).set((
        sessions::generation.eq(next.generation),
        sessions::rotated_at.eq(SqlTimestamp::from(next.rotated_at)),
        sessions::expires_at.eq(SqlTimestamp::from(next.expires_at)),
        sessions::spent.eq(encode_timestamps(&next.spent)),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}

/// A session that expired after this can still be extended by a refresh that was decided before.
fn last_expiry(revoked_at: Timestamp) -> SqlTimestamp {
    revoked_at.saturating_sub(REVOCATION_MARGIN).into()
}

pub(super) async fn revoke_session(
    conn: &mut Conn,
    user: UserKey,
    session: SessionKey,
    at: Timestamp,
) -> WriteOutcome {
    // The rows are not counted: a session that has ended already is the result that the caller wants. It
    // keeps the time of its first end, which other instances may have seen.
    let live = sessions::table
        .find(session.get())
        .filter(sessions::user_id.eq(user.get()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(last_expiry(at)));
    let update = diesel::update(live).set(sessions::revoked_at.eq(SqlTimestamp::from(at)));
    CachedStatement(update).execute(conn).await?;
    Ok(())
}

pub(super) async fn revoke_sessions(
    conn: &mut Conn,
    user: UserKey,
    except: Option<SessionKey>,
    at: Timestamp,
) -> WriteOutcome {
    let live = sessions::table
        .filter(sessions::user_id.eq(user.get()))
        // A key that matches no session, rather than a filter less: one text, which stays prepared.
        .filter(sessions::id.ne(except.map_or(NO_SESSION, SessionKey::get)))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(last_expiry(at)));
    let update = diesel::update(live).set(sessions::revoked_at.eq(SqlTimestamp::from(at)));
    IndexHint(Index::SESSIONS_OF_USER, CachedStatement(update)).execute(conn).await?;
    Ok(())
}

pub(super) async fn revoke_listed_sessions(
    conn: &mut Conn,
    user: UserKey,
    listed: &[SessionKey],
    at: Timestamp,
) -> WriteOutcome {
    // Without a key some databases would read the whole table.
    if listed.is_empty() {
        return Ok(());
    }
    // Not counted, as above.
    let live = sessions::table
        .filter(sessions::id.eq_any(listed.iter().map(|it| it.get())))
        .filter(sessions::user_id.eq(user.get()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(last_expiry(at)));
    diesel::update(live).set(sessions::revoked_at.eq(SqlTimestamp::from(at))).execute(conn).await?;
    Ok(())
}
