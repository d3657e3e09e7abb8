//! Sessions: one login on one device, and the exchange of its refresh tokens (ADR 0007).
//!
//! Refresh tokens are numbered by generation, and only the one of the session's own generation is valid:
//!
//! ```text
//! generation 7 presented, session at 7   Rotated: the session moves to 8, and the client gets a new pair
//! generation 6, spent within 10 s        Repeated: a reply was lost, so the client gets the present pair
//! generation 6, spent before             Reused: a thief or the owner is late, so the session ends
//! generation 8, session at 7             Outdated: the last exchange has not arrived where it was read, or is lost
//! session revoked or expired             Ended
//! ```
//!
//! No token is stored. A token is computed from session and generation, so a repeated exchange gives the same
//! bytes.

mod origin;

use std::time::Duration;

pub use origin::{ListedSession, SessionOrigin, UserAgent};

use crate::{SessionId, SessionKey, Timestamp, UserKey};

/// The time during which a spent refresh token still gets the present pair. A client whose reply was lost, or
/// whose other tab was faster, asks again at once; a later request is theft (RFC 9700, 4.14.2).
// The window is that of each token, not of the session: an exchange of newer tokens must not keep a stolen
// older one valid.
pub const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// The most spent tokens that a session remembers. An older one counts as spent long ago: a client that exchanges more
/// within the retry window is none that retries.
pub const SPENT_MAX: usize = 128;
/// The newest spent tokens, which are remembered whatever their age: the clock of another instance may be behind, and the
/// window is still open there.
const SPENT_ALWAYS: usize = 16;
/// The time for which all others are remembered: the retry window, and 50 s for clocks that differ.
const SPENT_MEMORY: Duration = Duration::from_secs(60);

/// The limits of a session's life, from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// The session ends after this time unless its refresh token is exchanged.
    pub idle: Duration,
    /// The session ends this long after its login, however often it is used.
    pub total: Duration,
}

impl SessionLifetime {
    /// The time at which a session ends that began at `began` and is used at `now`.
    #[must_use]
    pub fn end_time(self, began: Timestamp, now: Timestamp) -> Timestamp {
        now.saturating_add(self.idle).min(began.saturating_add(self.total))
    }
}

/// A session. Its refresh tokens are numbered, and only the one of its own generation is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Session {
    /// The key of the session's row.
    pub key: SessionKey,
    /// The public id, in tokens and in the user's list of sessions.
    pub id: SessionId,
    /// The row key of the user who logged in.
    pub user: UserKey,
    /// The number of exchanges so far, which is the generation of the valid refresh token.
    pub generation: i64,
    /// The time of the last exchange, or of the login before the first one.
    pub rotated_at: Timestamp,
    /// The time of the login; the total lifetime counts from here.
    pub created_at: Timestamp,
    /// The time at which it ends unless its refresh token is exchanged.
    pub expires_at: Timestamp,
    /// The time at which it was revoked; `None` while it was not.
    pub revoked_at: Option<Timestamp>,
    /// The times at which the newest spent tokens were spent, oldest first; the last one belongs to the
    /// previous generation. At most [`SPENT_MAX`].
    pub spent: Vec<Timestamp>,
}

/// The outcome of presenting a genuine refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The token is valid; the session is the one after the exchange, still to be committed.
    Rotated(Session),
    /// The token was spent within the retry window: the present pair is sent again.
    Repeated,
    /// The token was spent before that, or its number is not one of a token: it is stolen, and the session must be
    /// revoked.
    Reused,
    /// The token is newer than this state of the session. A genuine token is issued only after its exchange is
    /// committed, so the session was read where that commit had not arrived, and must be read again; or the record has
    /// lost the commit, as after a restore.
    Outdated,
    /// The session was revoked or has expired.
    Ended,
}

impl Session {
    /// Whether it is neither revoked nor expired at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Judges a genuine refresh token of this session by its `generation`. A number below the first one counts as
    /// stolen.
    #[must_use]
    pub fn refresh(&self, generation: i64, now: Timestamp, lifetime: SessionLifetime) -> RefreshOutcome {
        let expires_at = lifetime.end_time(self.created_at, now);
        // Checked first: an ended session must not report theft, because its old tokens are harmless.
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
        if generation > self.generation {
            return RefreshOutcome::Outdated;
        }
        match self.spent_at(generation) {
            Some(at) if is_in_retry_window(at, now) => RefreshOutcome::Repeated,
            Some(_) | None => RefreshOutcome::Reused,
        }
    }

    /// The time at which the token of that generation was spent; `None` if it is too old or was never issued.
    fn spent_at(&self, generation: i64) -> Option<Timestamp> {
        let newer = usize::try_from(self.generation.checked_sub(generation)?).ok()?.checked_sub(1)?;
        self.spent.iter().rev().nth(newer).copied()
    }

    /// The spent times after the present token is spent too. Only the oldest are dropped: the place of a time says whose
    /// it is.
    fn spent_after_exchange(&self, now: Timestamp) -> Vec<Timestamp> {
        let mut spent: Vec<_> = self.spent.iter().copied().chain([now]).collect();
        spent.drain(..spent.len().saturating_sub(SPENT_MAX));
        let droppable = spent.iter().take(spent.len().saturating_sub(SPENT_ALWAYS));
        let old = droppable.take_while(|it| it.saturating_add(SPENT_MEMORY) < now).count();
        spent.drain(..old);
        spent
    }
}

/// Whether a token that was spent at that time still gets the present pair.
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
            RefreshOutcome::Repeated
            | RefreshOutcome::Reused
            | RefreshOutcome::Outdated
            | RefreshOutcome::Ended => {
                panic!("refused at {now}")
            }
        })
    }

    #[test]
    fn an_exchange_is_stamped_and_moves_the_end() {
        let it = session_after_exchanges(&[1_000]);
        assert_eq!((it.generation, it.rotated_at, it.expires_at), (2, at(1_000), at(3_601_000)));
        assert_eq!(it.spent, [at(1_000)]);
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
        let it = session_after_exchanges(&[1_000; 140]);
        assert_eq!(it.spent.len(), SPENT_MAX);
        assert_eq!(it.refresh(13, at(1_001), TERMS), RefreshOutcome::Repeated, "the 128th from the end");
        assert_eq!(it.refresh(12, at(1_001), TERMS), RefreshOutcome::Reused);
    }

    #[test]
    fn spent_tokens_are_remembered_by_age_but_the_newest_by_number() {
        let moments: Vec<i64> = (1..=40).map(|it| it * 1_000).collect();
        let it = session_after_exchanges(&moments);
        assert_eq!(it.spent.len(), 40);
        let Some(last) = moments.last() else { panic!("there are some") };
        for (pause, remembered) in [(21_000, 41), (33_000, 29), (600_000, SPENT_ALWAYS)] {
            let RefreshOutcome::Rotated(next) = it.refresh(41, at(last + pause), TERMS) else {
                panic!("refused")
            };
            assert_eq!(next.spent.len(), remembered, "{pause}");
            assert_eq!(next.spent.last(), Some(&at(last + pause)));
        }
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
        for generation in [0, -1, i64::MIN] {
            assert_eq!(it.refresh(generation, at(1_000), TERMS), RefreshOutcome::Reused, "{generation}");
        }
    }

    #[test]
    fn a_newer_token_than_the_state_proves_an_old_read_and_no_theft() {
        let it = session_after_exchanges(&[1_000]);
        for generation in [3, 4, i64::MAX] {
            assert_eq!(it.refresh(generation, at(1_000), TERMS), RefreshOutcome::Outdated, "{generation}");
        }
        let ended = Session { revoked_at: Some(at(1)), ..it };
        assert_eq!(ended.refresh(3, at(1_000), TERMS), RefreshOutcome::Ended);
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
