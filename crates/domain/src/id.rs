//! Keys and ids.
//!
//! A *key* is a row's own number in the system of record: it never leaves the service. An *id* is the public,
//! unguessable name of the same thing.

use crate::Invalid;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number that the record, or the key generator, gave out.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number itself, for the record only.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }
    )* };
}

keys! {
    /// The row of a user.
    UserKey
    /// The row of a session.
    SessionKey
    /// The row of a product.
    ProductKey
    /// The row of a product's change; time-ordered.
    ChangeKey
    /// The row of an order.
    OrderKey
    /// The row of an order's item.
    ItemKey
    /// The row of a payment transaction.
    TransactionKey
    /// The row of a refund.
    RefundKey
    /// The row of a gateway's event.
    EventKey
    /// The row of a finding.
    FindingKey
}

/// Longest id, in bytes, that is taken from outside; what the adopted columns hold.
pub const ID_BYTES_MAX: usize = 255;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $allowed:expr, $rule:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(String);

        impl $name {
            /// Reads an id from text.
            ///
            /// # Errors
            /// [`Invalid`] when the text is empty, over [`ID_BYTES_MAX`] bytes or has a character that such an id
            /// cannot have.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let allowed: fn(u8) -> bool = $allowed;
                if text.is_empty() || text.len() > ID_BYTES_MAX || !text.bytes().all(allowed) {
                    return Err(Invalid($rule));
                }
                Ok(Self(text.to_owned()))
            }

            /// Wraps text that the record or the id generator gave out.
            #[must_use]
            pub const fn new(text: String) -> Self {
                Self(text)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

const fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

const fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b':' | b'-')
}

const fn is_lower_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

ids! {
    /// A user's public id.
    UserId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// A session's public id.
    SessionId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// A product's id, chosen by the operator who made it.
    ProductId: is_url_safe, "must be 1 to 255 characters of A-Z a-z 0-9 . _ ~ : -";
    /// The public id of a product's change.
    ChangeId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// An order's public number.
    OrderNumber: is_visible, "must be 1 to 255 visible ASCII characters";
    /// A payment transaction's public id, which is also the gateway's idempotency key.
    TransactionId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// A refund's id: ours, or the gateway's own when the refund began there.
    RefundId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// The id that the gateway gave a dispute.
    DisputeId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// The id a gateway gave one of its events; unique within the gateway.
    EventId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// A finding's public id.
    FindingId: is_visible, "must be 1 to 255 visible ASCII characters";
    /// The name of a payment gateway, as it stands in a URL.
    GatewayName: is_lower_word, "must be 1 to 255 characters of a-z 0-9 -";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_empty_long_or_unprintable() {
        assert!(OrderNumber::parse("20260101-0001").is_ok());
        for bad in ["", "a b", "tab\t", "ünïcode", &"x".repeat(256)] {
            assert!(OrderNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_product_id_needs_no_escaping_in_a_url() {
        assert!(ProductId::parse("sku-1:red_L.v2~a").is_ok());
        for bad in ["a/b", "a?b", "a%b", "a b"] {
            assert!(ProductId::parse(bad).is_err(), "{bad}");
        }
    }
}
