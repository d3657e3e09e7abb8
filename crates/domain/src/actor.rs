//! The parties that change an order.

use crate::UserKey;

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
}

impl Actor {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Operator, Self::Gateway, Self::System];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Operator => "OPERATOR",
            Self::Gateway => "GATEWAY",
            Self::System => "SYSTEM",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// An actor, and the user behind it when there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedBy {
    /// The capacity in which the change is made.
    // The capacity is stored with the change: a role that changes later must not rewrite the history.
    pub actor: Actor,
    /// The row key of the user; `None` for the gateway and the system.
    pub user: Option<UserKey>,
}

impl ChangedBy {
    /// The payment gateway, which is no user.
    pub const GATEWAY: Self = Self { actor: Actor::Gateway, user: None };
    /// The service itself, as in a sweep.
    pub const SYSTEM: Self = Self { actor: Actor::System, user: None };

    /// A user who acts as the customer.
    #[must_use]
    pub const fn customer(user: UserKey) -> Self {
        Self { actor: Actor::Customer, user: Some(user) }
    }

    /// A user who acts as an operator.
    #[must_use]
    pub const fn operator(user: UserKey) -> Self {
        Self { actor: Actor::Operator, user: Some(user) }
    }
}
