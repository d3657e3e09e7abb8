//! The keys with which other systems call the service, and what each of them may do.
//!
//! A key has scopes. A scope that lets it write lets it read the same things, so that a key with `orders:write`
//! needs no `orders:read`:
//!
//! ```
//! use domain::api_key::{Scope, Scopes};
//!
//! let scopes: Scopes = [Scope::OrdersWrite].into_iter().collect();
//! assert!(scopes.grants(Scope::OrdersRead));
//! assert!(!scopes.grants(Scope::RefundsWrite));
//! ```

use std::fmt;

use crate::{ApiKeyId, ApiKeyKey, Text, Timestamp, UserId, UserKey};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reads all orders with their customers and histories.
    OrdersRead,
    /// Places orders for customers, moves and edits any order; reads them too.
    OrdersWrite,
    /// Starts, captures and voids payments, resolves findings; reads payments too.
    PaymentsWrite,
    /// Refunds captured money; reads refunds and their payments too.
    RefundsWrite,
    /// Changes products and their stock; reads the changes too.
    ProductsWrite,
    /// Reads the feed of events.
    EventsRead,
    /// Reads the accounts of all users.
    UsersRead,
}

impl Scope {
    /// Every scope, in the order in which a key shows them.
    pub const ALL: [Self; 7] = [
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::PaymentsWrite,
        Self::RefundsWrite,
        Self::ProductsWrite,
        Self::EventsRead,
        Self::UsersRead,
    ];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::PaymentsWrite => "payments:write",
            Self::RefundsWrite => "refunds:write",
            Self::ProductsWrite => "products:write",
            Self::EventsRead => "events:read",
            Self::UsersRead => "users:read",
        }
    }

    /// Parses a name from a request or the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Whether this scope implies `other`.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other || (self, other) == (Self::OrdersWrite, Self::OrdersRead)
    }
}

/// The scopes of a key: each at most once, in the order of [`Scope::ALL`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Parses the names as the database holds them, separated by spaces; `None` if one is unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split_ascii_whitespace().map(Scope::parse).collect()
    }

    /// Whether one of the scopes is or includes `scope`.
    #[must_use]
    pub fn grants(&self, scope: Scope) -> bool {
        self.0.iter().any(|it| it.includes(scope))
    }

    /// The scopes themselves, without those that they include.
    #[must_use]
    pub fn as_slice(&self) -> &[Scope] {
        &self.0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        let named: Vec<_> = scopes.into_iter().collect();
        Self(Scope::ALL.into_iter().filter(|it| named.contains(it)).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|it| it.as_str()).collect();
        f.write_str(&names.join(" "))
    }
}

/// An API key as it is stored, without the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key of the row.
    pub key: ApiKeyKey,
    /// The public id, which histories and lists show.
    pub id: ApiKeyId,
    /// What it is for, in the words of the operator who made it.
    pub name: Text,
    /// What it may do; never empty.
    pub scopes: Scopes,
    /// The row key of the operator who made it.
    pub creator: UserKey,
    /// The public id of that operator.
    pub creator_id: UserId,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time from which it is refused; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// The time at which an operator revoked it; `None` if none did.
    pub revoked_at: Option<Timestamp>,
    /// The time of a recent use, at most some minutes before the last one; `None` before the first.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether a request may carry it at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|it| now < it)
    }
}

/// The SHA-256 digest of an API key, by which it is found: 64 lower-case hexadecimal digits.
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyDigest(String);

impl ApiKeyDigest {
    /// Wraps the digits from the database or the digest port, without a check.
    #[must_use]
    pub const fn new(digits: String) -> Self {
        Self(digits)
    }

    /// The digits, for the database only.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey {
            key: ApiKeyKey::new(1),
            id: ApiKeyId::new("k".into()),
            name: Text::new("warehouse"),
            scopes: [Scope::OrdersRead].into_iter().collect(),
            creator: UserKey::new(2),
            creator_id: UserId::new("u".into()),
            created_at: Timestamp::from_millis(1),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn scopes_are_read_back_as_they_were_written_in_one_order_and_once() {
        let scopes: Scopes = [Scope::UsersRead, Scope::OrdersRead, Scope::UsersRead].into_iter().collect();
        assert_eq!(scopes.to_string(), "orders:read users:read");
        assert_eq!(Scopes::parse(&scopes.to_string()), Some(scopes));
        assert_eq!(Scopes::parse("orders:read orders:delete"), None);
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
    }

    #[test]
    fn a_scope_includes_itself_and_only_writing_includes_reading_the_same() {
        for scope in Scope::ALL {
            let included: Vec<_> = Scope::ALL.into_iter().filter(|it| scope.includes(*it)).collect();
            match scope {
                Scope::OrdersWrite => assert_eq!(included, [Scope::OrdersRead, Scope::OrdersWrite]),
                Scope::OrdersRead
                | Scope::PaymentsWrite
                | Scope::RefundsWrite
                | Scope::ProductsWrite
                | Scope::EventsRead
                | Scope::UsersRead => assert_eq!(included, [scope]),
            }
        }
    }

    #[test]
    fn a_key_lives_until_it_expires_or_is_revoked() {
        let at = Timestamp::from_millis;
        assert!(key().is_live(at(i64::MAX)));
        let expiring = ApiKey { expires_at: Some(at(9)), ..key() };
        assert!(expiring.is_live(at(8)) && !expiring.is_live(at(9)));
        assert!(!ApiKey { revoked_at: Some(at(5)), ..key() }.is_live(at(4)));
    }

    #[test]
    fn a_digest_does_not_show_in_debug() {
        assert!(!format!("{:?}", ApiKeyDigest::new("abc123".into())).contains("abc123"));
    }
}
