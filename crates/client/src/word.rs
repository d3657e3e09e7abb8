//! Words of the contract that a later version of the service may extend.

use std::fmt;

use domain::{
    Actor, FeedEventType, Role,
    api_key::Scope,
    order::OrderStatus,
    payment::{CaptureMethod, PaymentStatus, RefundStatus},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A closed list of words, as this version of the client knows it.
pub trait Vocabulary: Copy {
    /// The word as it stands in JSON.
    fn as_text(self) -> &'static str;
    /// Parses a word of JSON; `None` for one that is not in the list.
    fn from_text(text: &str) -> Option<Self>;
}

/// A word of an answer. It compares with the values of its list: `order.status == OrderStatus::Paid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<T> {
    /// A word that this version of the client knows.
    Known(T),
    /// A word that a later version of the service has added.
    Other(String),
}

impl<T: Copy> Word<T> {
    /// The value; `None` for a word that this version does not know.
    #[must_use]
    pub const fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Other(_) => None,
        }
    }
}

impl<T: Vocabulary> Word<T> {
    /// The word as it stands in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_text(),
            Self::Other(text) => text,
        }
    }
}

impl<T: PartialEq> PartialEq<T> for Word<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Self::Known(value) if value == other)
    }
}

impl<T> From<T> for Word<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Vocabulary> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T: Vocabulary> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de, T: Vocabulary> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(T::from_text(&text).map_or(Self::Other(text), Self::Known))
    }
}

macro_rules! vocabularies {
    ($($list:ident)*) => { $(
        impl Vocabulary for $list {
            fn as_text(self) -> &'static str {
                self.as_str()
            }

            fn from_text(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }
    )* };
}

vocabularies! { Actor CaptureMethod FeedEventType OrderStatus PaymentStatus RefundStatus Role Scope }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_is_kept_as_it_is() {
        let words: Vec<Word<OrderStatus>> = serde_json::from_str(r#"["PAID","ON_HOLD"]"#).unwrap();
        assert_eq!(words[0], OrderStatus::Paid);
        assert_eq!(words[1], Word::Other("ON_HOLD".into()));
        assert_eq!(words[1].known(), None);
        assert_eq!(serde_json::to_string(&words).unwrap(), r#"["PAID","ON_HOLD"]"#);
    }
}
