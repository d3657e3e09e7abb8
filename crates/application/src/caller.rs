//! Who asks. What a role may not do, its type cannot say.

use domain::{Actor, ChangedBy, Order, Role, User, Version};

/// Somebody with a live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// The session.
    pub session: domain::SessionId,
}

/// Somebody who runs the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator(Caller);

impl Caller {
    /// The caller as an operator, if the role is one.
    #[must_use]
    pub fn into_operator(self) -> Option<Operator> {
        self.is_operator().then_some(Operator(self))
    }

    /// Whether the role is operator.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.user.role == Role::Operator
    }

    /// In which capacity the caller acts on orders.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.user.role {
            Role::Customer => Actor::Customer,
            Role::Operator => Actor::Operator,
        }
    }

    /// How the caller stands in an order's history.
    #[must_use]
    pub fn changed_by(&self) -> ChangedBy {
        ChangedBy { actor: self.actor(), user: Some(self.user.key) }
    }

    /// Whether the caller may see the order at all.
    #[must_use]
    pub fn can_see(&self, order: &Order) -> bool {
        self.is_operator() || order.owner == self.user.key
    }
}

impl Operator {
    /// The caller behind the role.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.0
    }
}

/// Which versions of a thing a write is meant for (RFC 9110, 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Any, also none at all: the client did not say.
    Absent,
    /// Any that exists: `*`.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

/// Which versions of a thing a write must not meet (RFC 9110, 13.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfNoneMatch {
    /// It may meet any: the client did not say.
    Absent,
    /// Any: only what is not there yet may be written. `*`.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

impl IfNoneMatch {
    /// Whether the write may go on against a thing of this version, or against nothing.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        match self {
            Self::Absent => true,
            Self::Any => version.is_none(),
            Self::OneOf(versions) => version.is_none_or(|it| !versions.contains(&it)),
        }
    }
}

/// What a write says of the thing that it is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// It has one of these versions.
    pub if_match: IfMatch,
    /// It has none of these.
    pub if_none_match: IfNoneMatch,
}

impl Conditions {
    /// None.
    pub const NONE: Self = Self { if_match: IfMatch::Absent, if_none_match: IfNoneMatch::Absent };

    /// Whether the write may go on against a thing of this version, or against nothing.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        self.if_match.allows_version(version) && self.if_none_match.allows_version(version)
    }
}

impl IfMatch {
    /// Whether the write may go on against a thing of this version, or against nothing.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        match self {
            Self::Absent => true,
            Self::Any => version.is_some(),
            Self::OneOf(versions) => version.is_some_and(|it| versions.contains(&it)),
        }
    }
}
