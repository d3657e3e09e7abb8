//! Sessions: one login, on one device.

use std::time::Duration;

use crate::{SessionId, SessionKey, Timestamp, UserKey};

/// How long after a rotation the spent refresh token still gets the same new pair: a client whose answer was lost
/// asks again at once; whoever asks later has stolen it (RFC 9700, 4.14.2).
pub const RETRY_WINDOW: Duration = Duration::from_secs(10);

/// One login. Its refresh tokens are numbered: only the one with the session's own generation is good.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Session {
    /// The row.
    pub key: SessionKey,
    /// The public id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserKey,
    /// How often its refresh token was exchanged.
    pub generation: i64,
    /// When it was last exchanged (or made).
    pub rotated_at: Timestamp,
    /// When the login was.
    pub created_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub revoked_at: Option<Timestamp>,
}

/// What a presented refresh token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// It is the good one: here is the session after the exchange.
    Rotated(Session),
    /// It was spent a moment ago: the same new pair again.
    Repeated,
    /// It was spent before: somebody else has it.
    Reused,
    /// The session has ended.
    Ended,
}

impl Session {
    /// Whether it can still be used at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Judges a genuine refresh token of this session by its `generation`. A number that was never given out is
    /// treated as stolen.
    #[must_use]
    pub fn refresh(&self, generation: i64, now: Timestamp, lifetime: Duration) -> Refresh {
        if !self.is_live(now) {
            return Refresh::Ended;
        }
        if generation == self.generation {
            return Refresh::Rotated(Self {
                generation: generation.saturating_add(1),
                rotated_at: now,
                expires_at: now.plus(lifetime),
                ..self.clone()
            });
        }
        let retried =
            generation.checked_add(1) == Some(self.generation) && now <= self.rotated_at.plus(RETRY_WINDOW);
        if retried { Refresh::Repeated } else { Refresh::Reused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn session() -> Session {
        Session {
            key: SessionKey::new(1),
            id: SessionId::new("s".into()),
            user: UserKey::new(1),
            generation: 5,
            rotated_at: Timestamp::from_millis(1_000),
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(3_600_000),
            revoked_at: None,
        }
    }

    #[test]
    fn a_spent_token_is_good_for_ten_seconds_and_theft_after() {
        let at = |millis| session().refresh(4, Timestamp::from_millis(millis), HOUR);
        assert_eq!(at(11_000), Refresh::Repeated);
        assert_eq!(at(11_001), Refresh::Reused);
    }

    #[test]
    fn only_the_newest_generation_rotates() {
        let now = Timestamp::from_millis(2_000);
        assert!(matches!(session().refresh(5, now, HOUR), Refresh::Rotated(it) if it.generation == 6));
        assert_eq!(session().refresh(3, now, HOUR), Refresh::Reused);
        assert_eq!(session().refresh(6, now, HOUR), Refresh::Reused);
        assert_eq!(session().refresh(i64::MAX, now, HOUR), Refresh::Reused);
    }

    #[test]
    fn an_ended_session_refreshes_nothing() {
        assert_eq!(session().refresh(5, Timestamp::from_millis(3_600_000), HOUR), Refresh::Ended);
        let revoked = Session { revoked_at: Some(Timestamp::from_millis(1)), ..session() };
        assert_eq!(revoked.refresh(5, Timestamp::from_millis(2), HOUR), Refresh::Ended);
    }
}
