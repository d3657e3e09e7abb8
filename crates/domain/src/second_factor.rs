//! The second factor of an account: codes of an app on the user's device (TOTP, RFC 6238), and codes for the day on
//! which the device is lost.
//!
//! ```text
//! enrolled ── a code is shown back ──► in force ── login ──► the code's step, or the recovery code, is spent
//!     ▲                                    │
//!     └── enrolled again                   └── disabled: nothing is left
//! ```
//!
//! A code is good once: each use moves the revision, and a commit is guarded by it. So of two logins with one code at
//! the same time one succeeds.

use std::fmt;

use crate::{Timestamp, UserKey};

/// The number of recovery codes that an account gets, each good once.
pub const RECOVERY_CODES: usize = 10;

/// The second factor of an account, in force or not yet.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The row key of the account, which has at most one.
    pub user: UserKey,
    /// The secret that the device shares, encrypted by the service.
    pub sealed_secret: String,
    /// The time at which it was enrolled.
    pub created_at: Timestamp,
    /// The time at which a code proved that the device has the secret; `None` before: then no login needs a code.
    pub confirmed_at: Option<Timestamp>,
    /// The newest step whose code was used; 0 before the first. Codes of it and of older steps are refused.
    pub last_step: i64,
    /// The keyed digests of the recovery codes that are left, in the order in which the codes were shown.
    pub recovery_digests: Vec<String>,
    /// Counts the changes of this row, 1 at first; the guard of the next one.
    pub revision: i64,
}

impl SecondFactor {
    /// After the code of that step was used; `None` if it, or a newer one, was used before.
    #[must_use]
    pub fn spend_step(&self, step: i64) -> Option<Self> {
        (step > self.last_step).then(|| Self { last_step: step, ..self.next_revision() })
    }

    /// After the recovery code with one of these digests was used; `None` if none of those that are left has it.
    #[must_use]
    pub fn spend_recovery_code(&self, digests: &[String]) -> Option<Self> {
        let used = self.recovery_digests.iter().position(|it| digests.contains(it))?;
        let mut next = self.next_revision();
        next.recovery_digests.remove(used);
        Some(next)
    }

    /// In force from `now`, with the code of that step used; `None` if it is in force already.
    #[must_use]
    pub fn confirm(&self, step: i64, now: Timestamp) -> Option<Self> {
        let spent = self.spend_step(step).filter(|_| self.confirmed_at.is_none())?;
        Some(Self { confirmed_at: Some(now), ..spent })
    }

    fn next_revision(&self) -> Self {
        Self { revision: self.revision.saturating_add(1), ..self.clone() }
    }
}

/// Without secret and digests: a log must not help to log in.
impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, sealed_secret: _, created_at, confirmed_at, last_step, recovery_digests, revision } =
            self;
        f.debug_struct("SecondFactor")
            .field("user", user)
            .field("created_at", created_at)
            .field("confirmed_at", confirmed_at)
            .field("last_step", last_step)
            .field("recovery_codes_left", &recovery_digests.len())
            .field("revision", revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolled() -> SecondFactor {
        SecondFactor {
            user: UserKey::new(1),
            sealed_secret: "sealed-text".to_owned(),
            created_at: Timestamp::from_millis(0),
            confirmed_at: None,
            last_step: 0,
            recovery_digests: vec!["one-digest".to_owned(), "other-digest".to_owned()],
            revision: 1,
        }
    }

    #[test]
    fn a_step_is_spent_once_and_older_ones_with_it() {
        let used = enrolled().spend_step(7).unwrap();
        assert_eq!((used.last_step, used.revision), (7, 2));
        assert!(used.spend_step(7).is_none() && used.spend_step(6).is_none());
        assert!(used.spend_step(8).is_some());
    }

    #[test]
    fn a_recovery_code_is_spent_once_and_the_others_stay() {
        let rotated = ["new-digest".to_owned(), "one-digest".to_owned()];
        let used = enrolled().spend_recovery_code(&rotated).unwrap();
        assert_eq!(used.recovery_digests, ["other-digest"]);
        assert!(used.spend_recovery_code(&rotated).is_none() && used.spend_recovery_code(&[]).is_none());
    }

    #[test]
    fn it_is_confirmed_once_and_the_code_that_confirms_it_is_spent() {
        let now = Timestamp::from_millis(9);
        let confirmed = enrolled().confirm(7, now).unwrap();
        assert_eq!((confirmed.confirmed_at, confirmed.last_step), (Some(now), 7));
        assert!(confirmed.confirm(8, now).is_none());
    }

    #[test]
    fn a_log_shows_nothing_that_helps_to_log_in() {
        let shown = format!("{:?}", enrolled());
        assert!(!shown.contains("sealed-text") && !shown.contains("digest\""), "{shown}");
        assert!(shown.contains("recovery_codes_left: 2"), "{shown}");
    }
}
