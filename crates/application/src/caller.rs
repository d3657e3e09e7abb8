//! The caller of a request. What a role may not do, its type cannot express: operators' use cases take an
//! [`Operator`], which only a caller with that role becomes.

use domain::{Actor, ChangedBy, Order, Role, User, Version};

/// A user with a live session, as it was when the request was authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user, maybe from a cache that is at most a second old.
    pub user: User,
    /// The session that the access token belongs to.
    pub session: domain::SessionId,
}

/// The proof that the caller has the role of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator(Caller);

impl Caller {
    /// The caller as an operator; `None` if the role is another.
    #[must_use]
    pub fn into_operator(self) -> Option<Operator> {
        self.is_operator().then_some(Operator(self))
    }

    /// Whether the caller has the role of an operator.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.user.role == Role::Operator
    }

    /// The actor that the rules of orders see.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.user.role {
            Role::Customer => Actor::Customer,
            Role::Operator => Actor::Operator,
        }
    }

    /// The author of a change, as an order's history stores it.
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

/// The versions of a resource that a write is meant for (`If-Match`, RFC 9110, 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version, or no resource at all: the client sent no header.
    Absent,
    /// Any version of a resource that exists (`*`).
    Any,
    /// The resource must have one of these versions.
    OneOf(Vec<Version>),
}

/// The versions of a resource that a write must not meet (`If-None-Match`, RFC 9110, 13.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfNoneMatch {
    /// Any version: the client sent no header.
    Absent,
    /// The resource must not exist yet (`*`).
    Any,
    /// A resource with one of these versions must not be written.
    OneOf(Vec<Version>),
}

impl IfNoneMatch {
    /// Whether the write is allowed against a resource of this version; `None` is a resource that does not
    /// exist.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        match self {
            Self::Absent => true,
            Self::Any => version.is_none(),
            Self::OneOf(versions) => version.is_none_or(|it| !versions.contains(&it)),
        }
    }
}

/// The preconditions of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// The versions that the resource must have.
    pub if_match: IfMatch,
    /// The versions that the resource must not have.
    pub if_none_match: IfNoneMatch,
}

impl Conditions {
    /// No preconditions: the write is allowed against anything.
    pub const NONE: Self = Self { if_match: IfMatch::Absent, if_none_match: IfNoneMatch::Absent };

    /// Whether the write is allowed against a resource of this version; `None` is a resource that does not
    /// exist.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        self.if_match.allows_version(version) && self.if_none_match.allows_version(version)
    }
}

impl IfMatch {
    /// Whether the write is allowed against a resource of this version; `None` is a resource that does not
    /// exist.
    #[must_use]
    pub fn allows_version(&self, version: Option<Version>) -> bool {
        match self {
            Self::Absent => true,
            Self::Any => version.is_some(),
            Self::OneOf(versions) => version.is_some_and(|it| versions.contains(&it)),
        }
    }
}
