//! The second factor of an account: its writes, and the codes of the devices that have it.

use async_trait::async_trait;
use domain::{SecondFactor, Timestamp, User, UserKey};

use crate::PortError;

/// A change of a second factor, with its guard. All of them are about one user, whose row is locked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactorWrite {
    /// Writes nothing. Guard: the user has no second factor in force; else `Stale`.
    // A login that needed no code must not begin a session after one is needed.
    RequireNone(UserKey),
    /// Says in the row of the user since when the factor is in force, and moves `changed_at`. Guard: `changed_at` is the
    /// one read; else `Stale`.
    Set {
        /// The user after the change; nothing but `second_factor_at` and `changed_at` is written.
        user: User,
        /// The `changed_at` that was read; `None` if the user never changed.
        read: Option<Timestamp>,
    },
    /// Stores a factor that is not in force yet, in place of another such one. Guard: none is in force; else `Stale`.
    Enrol(SecondFactor),
    /// Replaces times, spent steps and recovery codes of a factor. Guard: its revision is one less than that of the new
    /// one, and its sealed secret the same; else `Stale`.
    Replace(SecondFactor),
    /// Deletes the factor of a user, in force or not. No guard: without one, nothing is to be done.
    Drop(UserKey),
}

impl SecondFactorWrite {
    /// The row key of the user whom it is about.
    #[must_use]
    pub const fn user(&self) -> UserKey {
        match self {
            Self::RequireNone(user) | Self::Drop(user) => *user,
            Self::Set { user, .. } => user.key,
            Self::Enrol(factor) | Self::Replace(factor) => factor.user,
        }
    }

    /// The position among the writes to one row, from 0 to 4: those to the row of the user come first, because a login
    /// locks that one first, too.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::RequireNone(_) => 0,
            Self::Set { .. } => 1,
            Self::Enrol(_) => 2,
            Self::Replace(_) => 3,
            Self::Drop(_) => 4,
        }
    }
}

/// Codes that change with time (TOTP, RFC 6238): six digits, a new one every 30 s.
pub trait OneTimeCodes: Send + Sync {
    /// A new random secret of 160 bits, as 32 characters of base32 (RFC 4648, 6), which a person can type.
    fn generate_secret(&self) -> String;

    /// The secret for the device as an `otpauth://` address, which apps read from a picture. `account` is shown there.
    fn enrolment_url(&self, secret: &str, account: &str) -> String;

    /// The number of the 30 s since 1970 whose code this is: the present ones, or those before or after them, because
    /// the clock of a device is not exact. `None` for any other text.
    fn find_step(&self, secret: &str, code: &str, now: Timestamp) -> Option<i64>;
}

/// Reads second factors.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SecondFactorRepository: Send + Sync {
    /// The second factor of a user, in force or not yet.
    async fn find_second_factor(&self, user: UserKey) -> Result<Option<SecondFactor>, PortError>;
}
