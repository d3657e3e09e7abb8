//! Who does something to an order.

use crate::UserKey;

/// The kinds of actors that the state machine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The user who placed the order.
    Customer,
    /// Somebody who runs the shop.
    Operator,
    /// The payment gateway: money moved.
    Gateway,
    /// The service itself: time passed.
    System,
}

impl Actor {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Operator, Self::Gateway, Self::System];

    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Operator => "OPERATOR",
            Self::Gateway => "GATEWAY",
            Self::System => "SYSTEM",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// An actor, and the user behind it when there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedBy {
    /// In which capacity.
    pub actor: Actor,
    /// Which user; none for the gateway and the system.
    pub user: Option<UserKey>,
}

impl ChangedBy {
    /// The payment gateway.
    pub const GATEWAY: Self = Self { actor: Actor::Gateway, user: None };
    /// The service itself.
    pub const SYSTEM: Self = Self { actor: Actor::System, user: None };

    /// A user, as a customer.
    #[must_use]
    pub const fn customer(user: UserKey) -> Self {
        Self { actor: Actor::Customer, user: Some(user) }
    }

    /// A user, as an operator.
    #[must_use]
    pub const fn operator(user: UserKey) -> Self {
        Self { actor: Actor::Operator, user: Some(user) }
    }
}
