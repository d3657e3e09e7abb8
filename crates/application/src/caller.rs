//! The caller of a request: a user, or another system with an API key. What a caller may not do, its type cannot
//! express.
//!
//! ```text
//! Caller ──┬─ User(UserCaller)         a session: accounts, passwords and sessions take this
//!          │     └─ Operator           with the role: other users' accounts and API keys take this
//!          └─ Service(ServiceCaller)   an API key, whose scopes were checked for the route
//!
//! Staff    an Operator, or a service whose scopes allow the route: the shop's use cases take this
//! ```

use domain::{
    Actor, ApiKey, AuthorId, AuthorKey, ChangedBy, Order, Role, User, UserKey, Version, api_key::Scope,
};

/// Who sends a request, as it was authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A user who has logged in.
    User(UserCaller),
    /// Another system with an API key.
    Service(ServiceCaller),
}

/// A user with a live session, as it was when the request was authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCaller {
    /// The user, maybe from a cache that is at most a second old.
    pub user: User,
    /// The session that the access token belongs to.
    pub session: domain::SessionId,
}

/// A system with an API key that was live when the request was authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCaller {
    /// The key, at most a second old.
    pub key: ApiKey,
}

/// The proof that the caller is a user with the role of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator(UserCaller);

/// The proof that the caller may run the shop: an operator, or a service where its scopes allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff(Caller);

impl Caller {
    /// The caller as a user; `None` for a service.
    #[must_use]
    pub fn into_user(self) -> Option<UserCaller> {
        match self {
            Self::User(it) => Some(it),
            Self::Service(_) => None,
        }
    }

    /// The caller as one who runs the shop; `None` for a customer. Whether a service may do what the route does is
    /// decided before, by [`ServiceCaller::has_any_scope`].
    #[must_use]
    pub fn into_staff(self) -> Option<Staff> {
        self.is_staff().then_some(Staff(self))
    }

    /// Whether the caller sees the whole shop: an operator or a service.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        match self {
            Self::User(it) => it.is_operator(),
            Self::Service(_) => true,
        }
    }

    /// Whether the caller may change products, and so sees also those that cannot be ordered.
    #[must_use]
    pub fn edits_products(&self) -> bool {
        match self {
            Self::User(it) => it.is_operator(),
            Self::Service(it) => it.has_any_scope(&[Scope::ProductsWrite]),
        }
    }

    /// The actor that the rules of orders see.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.changed_by().actor
    }

    /// The author of a change, as an order's history stores it.
    #[must_use]
    pub fn changed_by(&self) -> ChangedBy {
        match self {
            Self::User(it) => it.changed_by(),
            Self::Service(it) => ChangedBy::service(it.key.key),
        }
    }

    /// The row key that idempotency keys of this caller are scoped to.
    #[must_use]
    pub fn author_key(&self) -> AuthorKey {
        match self {
            Self::User(it) => AuthorKey::User(it.user.key),
            Self::Service(it) => AuthorKey::ApiKey(it.key.key),
        }
    }

    /// The public id that is shown beside what the caller changed.
    #[must_use]
    pub fn author_id(&self) -> AuthorId {
        match self {
            Self::User(it) => it.user.id.clone().into(),
            Self::Service(it) => it.key.id.clone().into(),
        }
    }

    /// The user whose own orders the caller may see; `None` for a service, which has none.
    #[must_use]
    pub fn user_key(&self) -> Option<UserKey> {
        match self {
            Self::User(it) => Some(it.user.key),
            Self::Service(_) => None,
        }
    }

    /// Whether the caller may see the order at all.
    #[must_use]
    pub fn can_see(&self, order: &Order) -> bool {
        self.is_staff() || self.user_key() == Some(order.owner)
    }
}

impl From<UserCaller> for Caller {
    fn from(it: UserCaller) -> Self {
        Self::User(it)
    }
}

impl UserCaller {
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

    fn changed_by(&self) -> ChangedBy {
        match self.user.role {
            Role::Customer => ChangedBy::customer(self.user.key),
            Role::Operator => ChangedBy::operator(self.user.key),
        }
    }
}

impl ServiceCaller {
    /// Whether the key grants one of these scopes; never for an empty list.
    #[must_use]
    pub fn has_any_scope(&self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|it| self.key.scopes.grants(*it))
    }
}

impl Operator {
    /// The user behind the role.
    #[must_use]
    pub const fn caller(&self) -> &UserCaller {
        &self.0
    }
}

impl From<Operator> for Staff {
    fn from(it: Operator) -> Self {
        Self(it.0.into())
    }
}

impl Staff {
    /// The operator or the service.
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
