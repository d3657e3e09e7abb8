//! The second factor of an account: enrolled, confirmed, asked for at each login, disabled (ADR 0035).
//!
//! ```text
//! enrol   ─► RequirePassword, Enrol                       secret and recovery codes are shown this once
//! confirm ─► Set, Replace, RevokeSessions                 a code shows that the device has the secret
//! login   ─► RequirePassword, Replace, InsertSession      or RequireNone, of an account without a factor
//! disable ─► RequirePassword, Set, Replace, Drop
//! reset   ─► Set, Drop                                    or RequireNone, Drop, of an account without a factor in force
//! ```
//!
//! The promises:
//!
//! - A code is good once, also if two logins send it at the same time: `Replace` is guarded by the revision, and by
//!   the secret that the code was checked with.
//! - The secret is stored encrypted, and recovery codes as keyed digests. Neither can be read out again.
//! - Guessing codes is as slow as guessing passwords. Wrong codes at a login have the limits of wrong passwords in counts
//!   of their own, which neither the right password nor a new one clears; those in a session have one, too.

mod change;

pub use change::{
    CodeConfirmation, EnrolledFactor, EnrolmentRequest, FactorRemoval, SecondFactorError,
    confirm_second_factor, disable_second_factor, enrol_second_factor, reset_second_factor,
};

#[cfg(test)]
mod tests;
