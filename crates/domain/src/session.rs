//! Sessions: one login, on one device.

use std::time::Duration;

use crate::{SessionId, SessionKey, Timestamp, UserKey};

/// How long a spent refresh token still gets the present pair: a client whose answer was lost, or whose other tab was
/// faster, asks again at once; a later request is theft (RFC 9700, 4.14.2). Each token has a window of its own,
/// so that exchanging newer ones keeps no older one good.
pub const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// How many spent tokens a session remembers. A token that was spent before them counts as spent long ago.
pub const SPENT_MAX: usize = 16;

/// How long a session may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// It ends after this unless its refresh token is exchanged.
    pub idle: Duration,
    /// It ends this long after its login, whatever happens.
    pub total: Duration,
}

impl SessionLifetime {
    /// When a session ends whose login was at `began`, and that is used at `now`.
    #[must_use]
    pub fn end_time(self, began: Timestamp, now: Timestamp) -> Timestamp {
        now.saturating_add(self.idle).min(began.saturating_add(self.total))
    }
}

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
    /// When its newest spent tokens were spent, oldest first: the last one is that of the generation before. At most
    /// [`SPENT_MAX`].
    pub spent: Vec<Timestamp>,
}

/// What a presented refresh token is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It is the good one: here is the session after the exchange.
    Rotated(Session),
    /// It was spent a moment ago: the present pair again.
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
    pub fn refresh(&self, generation: i64, now: Timestamp, lifetime: SessionLifetime) -> RefreshOutcome {
        let expires_at = lifetime.end_time(self.created_at, now);
        if !self.is_live(now) || expires_at <= now {
            return RefreshOutcome::Ended;
        }
        if generation == self.generation {
            return RefreshOutcome::Rotated(Self {
                generation: generation.saturating_add(1),
                rotated_at: now,
                expires_at,
                spent: self.spent_after_exchange(now),
                ..self.clone()
            });
        }
        match self.spent_at(generation) {
            Some(at) if is_in_retry_window(at, now) => RefreshOutcome::Repeated,
            Some(_) | None => RefreshOutcome::Reused,
        }
    }

    /// When the token of that generation was spent, as far as that is known.
    fn spent_at(&self, generation: i64) -> Option<Timestamp> {
        let newer = usize::try_from(self.generation.checked_sub(generation)?).ok()?.checked_sub(1)?;
        self.spent.iter().rev().nth(newer).copied()
    }

    /// What is known when the present token is spent too. Moments are forgotten by number and not by age: another
    /// instance's clock may be behind this one's, and the window is open there.
    fn spent_after_exchange(&self, now: Timestamp) -> Vec<Timestamp> {
        let mut spent: Vec<_> = self.spent.iter().copied().chain([now]).collect();
        spent.drain(..spent.len().saturating_sub(SPENT_MAX));
        spent
    }
}

/// Whether a token that was spent at that moment is still worth the present pair.
fn is_in_retry_window(spent_at: Timestamp, now: Timestamp) -> bool {
    now <= spent_at.saturating_add(RETRY_WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: SessionLifetime =
        SessionLifetime { idle: Duration::from_secs(3_600), total: Duration::from_secs(7_200) };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn session() -> Session {
        Session {
            key: SessionKey::new(1),
            id: SessionId::new("s".into()),
            user: UserKey::new(1),
            generation: 1,
            rotated_at: at(0),
            created_at: at(0),
            expires_at: at(3_600_000),
            revoked_at: None,
            spent: Vec::new(),
        }
    }

    /// The session after its token was exchanged at each of these moments.
    fn session_after_exchanges(moments: &[i64]) -> Session {
        moments.iter().fold(session(), |it, now| match it.refresh(it.generation, at(*now), TERMS) {
            RefreshOutcome::Rotated(next) => next,
            RefreshOutcome::Repeated | RefreshOutcome::Reused | RefreshOutcome::Ended => {
                panic!("refused at {now}")
            }
        })
    }

    #[test]
    fn a_spent_token_is_good_for_ten_seconds_and_theft_after() {
        let it = session_after_exchanges(&[1_000]);
        assert_eq!(it.refresh(1, at(11_000), TERMS), RefreshOutcome::Repeated);
        assert_eq!(it.refresh(1, at(11_001), TERMS), RefreshOutcome::Reused);
    }

    #[test]
    fn every_token_that_was_spent_in_the_window_gets_the_present_pair() {
        let it = session_after_exchanges(&[1_000, 2_000, 9_000]);
        for generation in 1..=3 {
            assert_eq!(it.refresh(generation, at(10_000), TERMS), RefreshOutcome::Repeated, "{generation}");
        }
        assert!(matches!(it.refresh(4, at(10_000), TERMS), RefreshOutcome::Rotated(_)));
    }

    #[test]
    fn a_window_is_not_kept_open_by_newer_exchanges() {
        // Every 4 s, for a minute.
        let moments: Vec<i64> = (1..=15).map(|it| it * 4_000).collect();
        let it = session_after_exchanges(&moments);
        let good = |generation: i64, now| it.refresh(generation, at(now), TERMS) == RefreshOutcome::Repeated;
        let spent: Vec<_> = (1..=15).filter(|generation| good(*generation, 60_000)).collect();
        assert_eq!(spent, [13, 14, 15], "those spent at 52, 56 and 60 s");
        for generation in 13..=15 {
            let ends = generation * 4_000 + 10_000;
            assert!(good(generation, ends) && !good(generation, ends + 1), "{generation}");
        }
    }

    #[test]
    fn only_so_many_spent_tokens_are_remembered() {
        let it = session_after_exchanges(&[1_000; 40]);
        assert_eq!(it.spent.len(), SPENT_MAX);
        assert_eq!(it.refresh(25, at(1_001), TERMS), RefreshOutcome::Repeated, "the sixteenth from the end");
        assert_eq!(it.refresh(24, at(1_001), TERMS), RefreshOutcome::Reused);
    }

    #[test]
    fn a_fast_clock_closes_no_window_of_another_instance() {
        // The second exchange is stamped by an instance whose clock is 11 s ahead.
        let it = session_after_exchanges(&[1_000, 12_500]);
        assert_eq!(it.refresh(1, at(2_000), TERMS), RefreshOutcome::Repeated);
    }

    #[test]
    fn a_moment_of_a_slow_clock_moves_no_other_one() {
        // The second exchange was stamped by an instance whose clock is 8 s behind.
        let it = session_after_exchanges(&[9_000, 1_000, 12_000]);
        assert_eq!(it.refresh(1, at(19_000), TERMS), RefreshOutcome::Repeated);
        assert_eq!(it.refresh(2, at(12_000), TERMS), RefreshOutcome::Reused);
        assert_eq!(it.refresh(3, at(22_000), TERMS), RefreshOutcome::Repeated);
    }

    #[test]
    fn a_number_that_was_never_given_out_is_stolen() {
        let it = session_after_exchanges(&[1_000]);
        for generation in [3, i64::MAX, 0, -1, i64::MIN] {
            assert_eq!(it.refresh(generation, at(1_000), TERMS), RefreshOutcome::Reused, "{generation}");
        }
    }

    #[test]
    fn a_session_ends_for_good_some_time_after_its_login() {
        let it = session_after_exchanges(&[3_500_000, 7_000_000]);
        assert_eq!(it.expires_at, at(7_200_000), "though it was used a moment ago");
        assert_eq!(it.refresh(3, at(7_200_000), TERMS), RefreshOutcome::Ended);
        let shorter = SessionLifetime { total: Duration::from_secs(7_000), ..TERMS };
        assert_eq!(it.refresh(3, at(7_000_000), shorter), RefreshOutcome::Ended, "as is in force now");
    }

    #[test]
    fn an_ended_session_refreshes_nothing() {
        assert_eq!(session().refresh(1, at(3_600_000), TERMS), RefreshOutcome::Ended);
        let revoked = Session { revoked_at: Some(at(1)), ..session_after_exchanges(&[1]) };
        assert_eq!(revoked.refresh(1, at(2), TERMS), RefreshOutcome::Ended);
        assert_eq!(revoked.refresh(2, at(2), TERMS), RefreshOutcome::Ended);
    }
}
