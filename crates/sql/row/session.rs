use diesel::prelude::*;
use domain::{Session, SessionId, SessionKey, Timestamp, UserKey};

use crate::sql::schema::sessions;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(in crate::sql) struct SessionRow {
    id: i64,
    session_id: String,
    user_id: i64,
    generation: i64,
    rotated_at: i64,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.key.get(),
            session_id: session.id.as_str().to_owned(),
            user_id: session.user.get(),
            generation: session.generation,
            rotated_at: session.rotated_at.millis(),
            created_at: session.created_at.millis(),
            expires_at: session.expires_at.millis(),
            revoked_at: session.revoked_at.map(Timestamp::millis),
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
            rotated_at: Timestamp::from_millis(row.rotated_at),
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        }
    }
}
