//! Passwords and their hashes. Neither ever shows in a `Debug`.

use std::fmt;

use crate::Invalid;

/// Lower-case passwords that are tried first by whoever guesses, one a line, sorted: the most common of the list of the
/// zxcvbn project (MIT), as far as they are long enough to be allowed otherwise.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password that may be set: 8 to 72 bytes and not a commonly used one.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Shortest password, in bytes.
    pub const BYTES_MIN: usize = 8;
    /// Longest password, in bytes: bcrypt reads no more, and silently cutting one would accept a wrong password.
    pub const BYTES_MAX: usize = 72;

    /// Reads a new password.
    ///
    /// # Errors
    /// [`Invalid`] when it is too short, too long, has a NUL (where bcrypt would stop) or is commonly used.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !(Self::BYTES_MIN..=Self::BYTES_MAX).contains(&text.len()) {
            return Err(Invalid("must be 8 to 72 bytes of UTF-8"));
        }
        if text.contains('\0') {
            return Err(Invalid("must not contain a NUL character"));
        }
        let folded = text.to_lowercase();
        if COMMON.lines().any(|common| common == folded) {
            return Err(Invalid("is one of the most commonly used passwords"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The password itself, for the hasher only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is stored of a password: a bcrypt hash in its usual text form (`$2b$…`; `$2a$` and `$2y$` are read too).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash from the record or the hasher.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The hash itself, for the hasher and the record only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
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
    fn common_ones_are_refused_in_any_case() {
        assert!(Password::parse("password123").is_err());
        assert!(Password::parse("PassWord123").is_err());
        assert!(Password::parse("correct horse battery").is_ok());
    }

    #[test]
    fn nothing_shows_in_debug() {
        let shown =
            format!("{:?} {:?}", Password::parse("s3cret-thing").unwrap(), PasswordHash::new("$2b$x".into()));
        assert!(!shown.contains("s3cret") && !shown.contains("$2b$"), "{shown}");
    }
}
