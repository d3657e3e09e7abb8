use domain::{Session, SessionKey, Timestamp, UserKey, session::SessionOrigin};
use ports::REVOCATION_MARGIN;

use super::{abort::Written, require_parent, update_guarded};
use crate::record::{
    rows::{LastLoginRow, SessionRow},
    table::Row,
    tables::Tables,
};

pub(super) fn insert_session(tables: &mut Tables, session: Session, origin: SessionOrigin) -> Written {
    require_parent(&tables.users, &session.user, "a user")?;
    move_last_login(tables, session.user, session.created_at)?;
    Ok(tables.sessions.insert(SessionRow { session, origin: Some(origin) })?)
}

/// Moves the time of a user's last login forward.
fn move_last_login(tables: &mut Tables, user: UserKey, at: Timestamp) -> Written {
    match tables.last_logins.get(&user).map(|it| it.at) {
        Some(last) if last >= at => Ok(()),
        Some(_) => Ok(tables.last_logins.update(&user, |row| row.at = at)?),
        None => Ok(tables.last_logins.insert(LastLoginRow { user, at })?),
    }
}

pub(super) fn rotate_session(tables: &mut Tables, read: &Session, next: Session) -> Written {
    // A cached session may have older values of `expires_at` and `rotated_at`, so they are not compared. All
    // other columns identify the refresh.
    let is_as_read = |row: &SessionRow| {
        let now = &row.session;
        (&now.id, now.user, now.generation) == (&read.id, read.user, read.generation)
            && (now.created_at, &now.spent) == (read.created_at, &read.spent)
            && now.is_live(next.rotated_at)
    };
    update_guarded(&mut tables.sessions, &read.key, is_as_read, |row| {
        row.session.generation = next.generation;
        row.session.rotated_at = next.rotated_at;
        row.session.expires_at = next.expires_at;
        row.session.spent = next.spent;
    })
}

pub(super) fn revoke_session(
    tables: &mut Tables,
    user: UserKey,
    session: SessionKey,
    at: Timestamp,
) -> Written {
    let live = tables.sessions.get(&session).is_some_and(|it| can_end(it, user, at));
    if live { end_session(tables, session, at) } else { Ok(()) }
}

pub(super) fn revoke_sessions(
    tables: &mut Tables,
    user: UserKey,
    except: Option<SessionKey>,
    at: Timestamp,
) -> Written {
    let others = tables.sessions.rows().filter(|it| can_end(it, user, at) && Some(it.key()) != except);
    let others: Vec<_> = others.map(Row::key).collect();
    others.into_iter().try_for_each(|session| end_session(tables, session, at))
}

pub(super) fn revoke_listed_sessions(
    tables: &mut Tables,
    user: UserKey,
    sessions: Vec<SessionKey>,
    at: Timestamp,
) -> Written {
    sessions.into_iter().try_for_each(|session| revoke_session(tables, user, session, at))
}

/// Whether it is live, or expired so lately that a refresh which was decided before could still extend it.
fn can_end(row: &SessionRow, user: UserKey, at: Timestamp) -> bool {
    row.session.user == user && row.session.is_live(at.saturating_sub(REVOCATION_MARGIN))
}

fn end_session(tables: &mut Tables, session: SessionKey, at: Timestamp) -> Written {
    Ok(tables.sessions.update(&session, |row| row.session.revoked_at = Some(at))?)
}
