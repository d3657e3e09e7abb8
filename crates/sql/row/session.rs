use diesel::prelude::*;
use domain::{Session, SessionId, SessionKey, Timestamp, UserKey};

use crate::sql::schema::sessions;
use crate::sql::value::Stamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(in crate::sql) struct SessionRow {
    id: i64,
    session_id: String,
    user_id: i64,
    generation: i64,
    rotated_at: Stamp,
    created_at: Stamp,
    expires_at: Stamp,
    revoked_at: Option<Stamp>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.key.get(),
            session_id: session.id.as_str().to_owned(),
            user_id: session.user.get(),
            generation: session.generation,
            rotated_at: session.rotated_at.into(),
            created_at: session.created_at.into(),
            expires_at: session.expires_at.into(),
            revoked_at: session.revoked_at.map(Stamp::from),
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            key: SessionKey::new(row.id),
            id: SessionId::new(row.session_id),
            user: UserKey::new(row.user_id),
            generation: row.generation,
            rotated_at: row.rotated_at.into(),
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
            revoked_at: row.revoked_at.map(Timestamp::from),
        }
    }
}
