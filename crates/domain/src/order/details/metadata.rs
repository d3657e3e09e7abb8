use std::collections::BTreeMap;
use std::fmt;

use crate::Invalid;

/// The most pairs of one order.
pub const METADATA_KEYS_MAX: usize = 50;

/// The key of a pair: 1 to 40 characters without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct MetadataKey(String);

/// The value of a pair: up to 500 characters, also none, with line breaks and tabs but no other control
/// character.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct MetadataValue(String);

impl MetadataKey {
    /// The longest key, in characters.
    pub const CHARS_MAX: usize = 40;

    /// Parses a key and keeps it as it is.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.chars().count() > Self::CHARS_MAX || text.chars().any(char::is_control) {
            return Err(Invalid("must have a key of 1 to 40 characters without control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetadataValue {
    /// The longest value, in characters.
    pub const CHARS_MAX: usize = 500;

    /// Parses a value and keeps it as it is.
    ///
    /// # Errors
    /// [`Invalid`] when it is too long, or has a control character that is no line break or tab.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_odd = |it: char| it.is_control() && !matches!(it, '\n' | '\r' | '\t');
        if text.chars().count() > Self::CHARS_MAX || text.chars().any(is_odd) {
            return Err(Invalid("must be a string of at most 500 characters without control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The value as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetadataKey(..)")
    }
}

impl fmt::Debug for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetadataValue(..)")
    }
}

/// Pairs of the caller's own, at most [`METADATA_KEYS_MAX`], sorted by key.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Metadata(BTreeMap<MetadataKey, MetadataValue>);

impl Metadata {
    /// The pairs as one value.
    ///
    /// # Errors
    /// [`Invalid`] when there are too many.
    pub fn new(pairs: BTreeMap<MetadataKey, MetadataValue>) -> Result<Self, Invalid> {
        if pairs.len() > METADATA_KEYS_MAX {
            return Err(Invalid("must have at most 50 keys"));
        }
        Ok(Self(pairs))
    }

    /// The pairs, sorted by key.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The length of all keys and values together, in bytes of UTF-8.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.pairs().fold(0, |sum, (key, value)| sum.saturating_add(key.len()).saturating_add(value.len()))
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These pairs with some of them set, and those without a value removed.
    ///
    /// # Errors
    /// [`Invalid`] when there are too many afterwards.
    pub(super) fn with_changes(
        &self,
        changes: &BTreeMap<MetadataKey, Option<MetadataValue>>,
    ) -> Result<Self, Invalid> {
        let mut pairs = self.0.clone();
        for (key, value) in changes {
            match value {
                Some(value) => drop(pairs.insert(key.clone(), value.clone())),
                None => drop(pairs.remove(key)),
            }
        }
        Self::new(pairs)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} pairs)", self.0.len())
    }
}
