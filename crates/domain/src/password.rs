//! Passwords and their hashes. `Debug` shows neither, so neither can reach a log by accident.

use std::fmt;

use crate::Invalid;

/// The passwords that an attacker tries first: lower case, one per line, sorted. They are the most common
/// ones of the zxcvbn project (MIT) that are long enough for the other rules.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password that may be set: 8 to 72 bytes and not a commonly used one.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The length of the shortest password, in bytes.
    pub const BYTES_MIN: usize = 8;
    /// The length of the longest password, in bytes: bcrypt reads no more, and cutting one silently would
    /// accept wrong passwords.
    pub const BYTES_MAX: usize = 72;

    /// Parses a new password.
    ///
    /// # Errors
    /// [`Invalid`] when it is too short, too long, has a NUL character or is commonly used.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !(Self::BYTES_MIN..=Self::BYTES_MAX).contains(&text.len()) {
            return Err(Invalid("must be 8 to 72 bytes of UTF-8"));
        }
        // bcrypt stops at a NUL: the bytes behind it would not count.
        if text.contains('\0') {
            return Err(Invalid("must not contain a NUL character"));
        }
        let folded = text.to_lowercase();
        // A linear search: 3,000 short lines take microseconds, and the hash that follows takes far longer.
        if COMMON.lines().any(|common| common == folded) {
            return Err(Invalid("is one of the most commonly used passwords"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps a password that a hash has just accepted, which may be older than the present rule.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The attempt itself if it could ever have been set: not too long, and without a NUL. Anything else
    /// becomes a short text that no account has as its password.
    #[must_use]
    pub fn sanitize_attempt(text: String) -> String {
        // An invalid attempt is replaced and not refused: it takes the same time and counts as a failed
        // login, so a client learns nothing from it.
        if text.len() <= Self::BYTES_MAX && !text.contains('\0') { text } else { "\0".to_owned() }
    }

    /// The password, for the hasher only; never for a log or a reply.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A bcrypt hash of a password in its usual text form (`$2b$…`; `$2a$` and `$2y$` are read too).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    const BYTES: usize = 60;
    const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

    /// Wraps a hash from the database or the hasher, without a check.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The hash, for the hasher and the database only.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// The cost that the hash names: the binary logarithm of its rounds, 4 to 31; 0 when it is no bcrypt
    /// hash.
    #[must_use]
    pub fn cost(&self) -> u32 {
        // Read from the text and not from the library, because the database needs the cost in an indexed
        // column, and an adopted hash may be malformed.
        let mut parts = self.0.split('$');
        let (Some(""), Some("2a" | "2b" | "2x" | "2y"), Some(cost), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return 0;
        };
        let digits = cost.len() == 2 && cost.bytes().all(|it| it.is_ascii_digit());
        let is_whole = self.0.len() == Self::BYTES && digits;
        let cost = cost.parse().ok().filter(|cost| is_whole && Self::COSTS.contains(cost));
        cost.unwrap_or(0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes_and_never_cut() {
        assert!(Password::parse("密码密码").is_ok(), "twelve bytes");
        assert!(Password::parse(&"x7Q".repeat(24)).is_ok(), "72 bytes");
        assert!(Password::parse(&format!("{}y", "x7Q".repeat(24))).is_err(), "73 bytes");
        assert!(Password::parse("short7!").is_err());
        assert!(Password::parse("with\0nul!").is_err());
    }

    #[test]
    fn what_could_never_be_set_is_not_kept() {
        for possible in ["", "short", &"x".repeat(72)] {
            assert_eq!(Password::sanitize_attempt(possible.to_owned()), possible);
        }
        for impossible in ["\0", "with\0nul", &"x".repeat(73), &"x".repeat(65_536)] {
            assert_eq!(Password::sanitize_attempt(impossible.to_owned()), "\0");
        }
    }

    #[test]
    fn common_ones_are_refused_in_any_case() {
        assert!(Password::parse("password123").is_err());
        assert!(Password::parse("PassWord123").is_err());
        assert!(Password::parse("correct horse battery").is_ok());
    }

    #[test]
    fn a_hash_says_its_cost_and_anything_else_has_none() {
        let tail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        let cost = |start: &str| PasswordHash::new(format!("{start}{tail}")).cost();
        for (start, known) in [("$2a$05$", 5), ("$2b$12$", 12), ("$2y$31$", 31), ("$2x$04$", 4)] {
            assert_eq!(cost(start), known, "{start}");
        }
        for start in ["$2b$03$", "$2b$32$", "$2c$10$", "$2b$+9$", "$2b$9$", "2b$10$", "$2b$10$x", ""] {
            assert_eq!(cost(start), 0, "{start}");
        }
        assert_eq!(PasswordHash::new(String::new()).cost(), 0);
    }

    #[test]
    fn nothing_shows_in_debug() {
        let shown =
            format!("{:?} {:?}", Password::parse("s3cret-thing").unwrap(), PasswordHash::new("$2b$x".into()));
        assert!(!shown.contains("s3cret") && !shown.contains("$2b$"), "{shown}");
    }
}
