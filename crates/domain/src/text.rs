//! Short texts that people write.

use crate::Invalid;

/// A line of text of 1 to [`Text::CHARS_MAX`] characters, without control characters: a name, a reason, a
/// note.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Text(String);

impl Text {
    /// The longest text, in characters and not bytes: the limit must be the same in every script.
    pub const CHARS_MAX: usize = 500;

    /// Parses a text; white space around it is removed.
    ///
    /// # Errors
    /// [`Invalid`] when the rest is empty, too long or has control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > Self::CHARS_MAX {
            return Err(Invalid("must be 1 to 500 characters"));
        }
        // A line break would forge a second line in a log or a terminal that shows the text.
        if text.chars().any(char::is_control) {
            return Err(Invalid("must not have control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps text from the database or from this program, without a check.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
