use std::fmt;

use super::{CarrierName, TrackingNumber};
use crate::Invalid;

/// The parcel of an order. At least one member is set.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tracking {
    /// The company that carries it; `None` if it is not known.
    pub carrier: Option<CarrierName>,
    /// The carrier's number of it; `None` if there is none.
    pub number: Option<TrackingNumber>,
    /// The page that shows where it is; `None` if there is none.
    pub url: Option<TrackingUrl>,
}

impl Tracking {
    /// The tracking, or `None` if no member is set: an empty object means the same as null.
    #[must_use]
    pub fn into_non_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl fmt::Debug for Tracking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracking(..)")
    }
}

/// An absolute address of a page, `http` or `https`, of at most 1000 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TrackingUrl(String);

impl TrackingUrl {
    /// The longest one, in bytes.
    pub const BYTES_MAX: usize = 1000;

    /// Parses an address and keeps it as it is.
    ///
    /// # Errors
    /// [`Invalid`] when it has another scheme, no host, a user or password, is too long, or has a character
    /// that must be escaped.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        // Customers see it as a link: any other scheme could run a script, and a user name before the host
        // could pass the page for another one.
        let rest = ["https://", "http://"].iter().find_map(|scheme| {
            let (head, rest) = text.split_at_checked(scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        let host = rest.and_then(|it| it.split(['/', '?', '#']).next());
        let has_host = host.is_some_and(|it| {
            it.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[') && !it.contains('@')
        });
        let is_plain = text.bytes().all(|it| it.is_ascii_graphic() && !br#"<>"\^`{|}"#.contains(&it));
        if has_host && is_plain && text.len() <= Self::BYTES_MAX {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid(
            "must be an http or https URL of at most 1000 ASCII characters, without a user or password",
        ))
    }

    /// The address as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TrackingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingUrl(..)")
    }
}
