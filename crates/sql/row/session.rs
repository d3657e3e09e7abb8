use diesel::prelude::*;
use domain::{
    Network, Session, SessionId, SessionKey, Timestamp, UserKey,
    session::{ListedSession, SessionOrigin, UserAgent},
};

use super::reader::RowReader;
use crate::sql::schema::sessions;
use crate::sql::value::SqlTimestamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(in crate::sql) struct SessionRow {
    id: i64,
    session_id: String,
    user_id: i64,
    generation: i64,
    rotated_at: SqlTimestamp,
    created_at: SqlTimestamp,
    expires_at: SqlTimestamp,
    revoked_at: Option<SqlTimestamp>,
    spent: String,
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
            revoked_at: session.revoked_at.map(SqlTimestamp::from),
            spent: encode_timestamps(&session.spent),
        }
    }
}

impl SessionRow {
    pub(in crate::sql) fn into_session(self) -> QueryResult<Session> {
        let row = RowReader::new("sessions", self.id).of_user_row(self.user_id);
        let moments = self.spent.split(SEPARATOR).filter(|it| !it.is_empty());
        let spent = moments.map(|it| it.parse().map(Timestamp::from_millis)).collect::<Result<_, _>>();
        Ok(Session {
            key: SessionKey::new(self.id),
            id: SessionId::new(self.session_id),
            user: UserKey::new(self.user_id),
            generation: self.generation,
            rotated_at: row.read_timestamp(self.rotated_at, "rotatedAt")?,
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            expires_at: row.read_timestamp(self.expires_at, "expiresAt")?,
            revoked_at: row.read_optional_timestamp(self.revoked_at, "revokedAt")?,
            spent: row.require_value(spent.ok(), "spent")?,
        })
    }
}

/// A session with what its list shows about it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(in crate::sql) struct ListedSessionRow {
    #[diesel(embed)]
    session: SessionRow,
    network: String,
    user_agent: String,
}

impl ListedSessionRow {
    pub(in crate::sql) fn into_listed(self) -> QueryResult<ListedSession> {
        let row = RowReader::new("sessions", self.session.id).of_user_row(self.session.user_id);
        // Empty is erased. Any other text that is no network was not written by this program.
        let network = match self.network.as_str() {
            "" => None,
            text => Some(row.require_value(Network::parse(text), "network")?),
        };
        let user_agent = UserAgent::mask(&self.user_agent);
        Ok(ListedSession { session: self.session.into_session()?, network, user_agent })
    }
}

/// The columns of where a session began.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub(in crate::sql) struct SessionOriginRow {
    network: String,
    user_agent: String,
}

impl From<&SessionOrigin> for SessionOriginRow {
    fn from(origin: &SessionOrigin) -> Self {
        let user_agent = origin.user_agent.as_ref().map_or_else(String::new, |it| it.as_str().to_owned());
        Self { network: origin.network.to_string(), user_agent }
    }
}

/// Separates two timestamps in the `spent` column.
const SEPARATOR: char = ',';

/// Encodes timestamps as one text of milliseconds since 1970. It is also compared as a guard, so equal
/// lists must give equal texts.
pub(in crate::sql) fn encode_timestamps(moments: &[Timestamp]) -> String {
    let texts: Vec<_> = moments.iter().map(|it| it.as_millis().to_string()).collect();
    texts.join(&SEPARATOR.to_string())
}
