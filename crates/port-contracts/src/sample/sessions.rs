use domain::{
    Session, SessionId, SessionKey, User,
    session::{ListedSession, SessionOrigin, UserAgent},
};

use super::{at, network, next_number};

/// Where the samples' sessions begin.
#[must_use]
pub fn origin() -> SessionOrigin {
    SessionOrigin { network: network(), user_agent: UserAgent::mask("Sample/1.0 (Ada's phone)") }
}

/// A session as the list of its user shows it.
#[must_use]
pub fn listed(session: &Session) -> ListedSession {
    let SessionOrigin { network, user_agent } = origin();
    ListedSession { session: session.clone(), network: Some(network), user_agent }
}

/// A session that lasts an hour.
#[must_use]
pub fn session(user: &User) -> Session {
    let number = next_number();
    Session {
        key: SessionKey::new(number),
        id: SessionId::new(format!("session-{number}")),
        user: user.key,
        generation: 0,
        rotated_at: at(0),
        created_at: at(0),
        expires_at: at(3_600),
        revoked_at: None,
        spent: Vec::new(),
    }
}
