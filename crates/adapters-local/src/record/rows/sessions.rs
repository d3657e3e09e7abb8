use domain::{Network, Session, SessionId, SessionKey};

use crate::record::table::Row;

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// The network from which the user logged in.
    pub network: Network,
}

impl Row for SessionRow {
    const TABLE: &'static str = "sessions";
    type Key = SessionKey;
    type Unique = SessionId;

    fn key(&self) -> SessionKey {
        self.session.key
    }

    fn unique_keys(&self) -> Vec<SessionId> {
        vec![self.session.id.clone()]
    }

    fn row_name(&self) -> String {
        self.session.key.get().to_string()
    }
}
