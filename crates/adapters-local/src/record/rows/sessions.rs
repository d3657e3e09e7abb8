use std::convert::Infallible;

use domain::{Session, SessionId, SessionKey, Timestamp, UserKey, session::SessionOrigin};

use crate::record::table::Row;

/// A stored session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// Where the user logged in; `None` once the account is erased.
    pub origin: Option<SessionOrigin>,
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

/// The time of a user's last login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLoginRow {
    /// The user who logged in.
    pub user: UserKey,
    /// When the latest session of the user began, also if that session is deleted.
    pub at: Timestamp,
}

impl Row for LastLoginRow {
    const TABLE: &'static str = "last_logins";
    type Key = UserKey;
    type Unique = Infallible;

    fn key(&self) -> UserKey {
        self.user
    }

    fn row_name(&self) -> String {
        self.user.get().to_string()
    }
}
