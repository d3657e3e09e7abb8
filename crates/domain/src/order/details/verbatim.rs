//! Lines of text that are kept exactly as they were sent.

use std::fmt;

use crate::Invalid;

/// Whether it is a line of 1 to `chars_max` characters, not all of them white space, none a control
/// character: a line break would forge a second line wherever the text is shown.
fn is_line(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

macro_rules! verbatim_texts {
    ($($(#[$doc:meta])* $name:ident: $chars_max:literal, $rule:literal $(, $also:expr)?;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(String);

        impl $name {
            /// The longest one, in characters of any script.
            pub const CHARS_MAX: usize = $chars_max;

            /// Parses a text and keeps it exactly as it is.
            ///
            /// # Errors
            /// [`Invalid`] when it is blank, too long, or has control characters.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let is_valid = is_line(text, Self::CHARS_MAX) $(&& { let also: fn(&str) -> bool = $also; also(text) })?;
                if is_valid { Ok(Self(text.to_owned())) } else { Err(Invalid($rule)) }
            }

            /// Wraps text from the database without a check: it may be older than the rule.
            #[must_use]
            pub const fn new(text: String) -> Self {
                Self(text)
            }

            /// The text as it was sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        // These texts name people and places, and must not get into a log by accident.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}

verbatim_texts! {
    /// The caller's own name of an order.
    // Databases differ in whether they ignore spaces at the end when they compare, and orders are found by it.
    OrderReference: 100, "must be 1 to 100 characters without control characters, and no white space around them",
        |text| text.trim() == text;
    /// The name of a person or company to ask about an order.
    ContactName: 200, "must be 1 to 200 characters without control characters";
    /// A phone number as people write it; it is not dialled, so its form is free, but it has a digit.
    PhoneNumber: 40, "must be 1 to 40 characters with a digit, without control characters",
        |text| text.chars().any(char::is_numeric);
    /// One line of an address: a street, a building, a person to hand it to.
    AddressLine: 200, "must be 1 to 200 characters without control characters";
    /// The name of a city or of a region: a state, a province, a prefecture.
    PlaceName: 100, "must be 1 to 100 characters without control characters";
    /// A postal code of any country.
    PostalCode: 20, "must be 1 to 20 characters without control characters";
    /// The name of the company that carries a parcel.
    CarrierName: 100, "must be 1 to 100 characters without control characters";
    /// The carrier's number of a parcel.
    TrackingNumber: 100, "must be 1 to 100 characters without control characters";
}
