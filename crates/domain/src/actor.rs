//! The parties that change an order.

use crate::{ApiKeyKey, UserKey};

/// The kinds of actors that the state machine of orders distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The user who placed the order, and no other customer.
    Customer,
    /// A user with the operator role, who runs the shop.
    Operator,
    /// The payment gateway: an event says that money moved.
    Gateway,
    /// The service itself: a sweep found that a time limit has passed.
    System,
    /// Another system that calls with an API key, and does what an operator does where its scopes allow it.
    Service,
}

impl Actor {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Operator, Self::Gateway, Self::System, Self::Service];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Operator => "OPERATOR",
            Self::Gateway => "GATEWAY",
            Self::System => "SYSTEM",
            Self::Service => "SERVICE",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The row key of who is behind a request: a user, or an API key.
///
/// Row keys are unique across tables, so the number alone never means two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorKey {
    /// A user, as customer or operator.
    User(UserKey),
    /// An API key.
    ApiKey(ApiKeyKey),
}

impl AuthorKey {
    /// The number, for the database only.
    #[must_use]
    pub const fn get(self) -> i64 {
        match self {
            Self::User(key) => key.get(),
            Self::ApiKey(key) => key.get(),
        }
    }
}

/// An actor, and who is behind it: a user, an API key or no one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedBy {
    /// The capacity in which the change is made.
    // The capacity is stored with the change: a role that changes later must not rewrite the history.
    pub actor: Actor,
    /// The row key of the user or API key; `None` for the gateway and the system.
    pub author: Option<AuthorKey>,
}

impl ChangedBy {
    /// The payment gateway, which has no author.
    pub const GATEWAY: Self = Self { actor: Actor::Gateway, author: None };
    /// The service itself, as in a sweep.
    pub const SYSTEM: Self = Self { actor: Actor::System, author: None };

    /// A user who acts as the customer.
    #[must_use]
    pub const fn customer(user: UserKey) -> Self {
        Self { actor: Actor::Customer, author: Some(AuthorKey::User(user)) }
    }

    /// A user who acts as an operator.
    #[must_use]
    pub const fn operator(user: UserKey) -> Self {
        Self { actor: Actor::Operator, author: Some(AuthorKey::User(user)) }
    }

    /// The user behind the change; `None` if no user made it.
    #[must_use]
    pub const fn user(&self) -> Option<UserKey> {
        match self.author {
            Some(AuthorKey::User(key)) => Some(key),
            Some(AuthorKey::ApiKey(_)) | None => None,
        }
    }

    /// Another system that calls with this API key.
    #[must_use]
    pub const fn service(key: ApiKeyKey) -> Self {
        Self { actor: Actor::Service, author: Some(AuthorKey::ApiKey(key)) }
    }
}
