//! What an event shows, and who renders it.

use std::collections::HashMap;

use domain::{
    ApiKeyKey, AuthorId, AuthorKey, Finding, Order, Refund, Transaction, User, UserKey, payment::Dispute,
};

/// The users and API keys that the content of events names, by row key. One that could not be read is missing.
#[derive(Debug, Default)]
pub struct FeedPeople {
    pub(super) users: HashMap<UserKey, User>,
    pub(super) api_keys: HashMap<ApiKeyKey, AuthorId>,
}

impl FeedPeople {
    /// The user with that row key.
    #[must_use]
    pub fn user(&self, key: UserKey) -> Option<&User> {
        self.users.get(&key)
    }

    /// The public id of an author.
    #[must_use]
    pub fn author_id(&self, author: AuthorKey) -> Option<AuthorId> {
        match author {
            AuthorKey::User(key) => self.user(key).map(|it| it.id.clone().into()),
            AuthorKey::ApiKey(key) => self.api_keys.get(&key).cloned(),
        }
    }
}

/// The content of an event's `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedContent {
    /// An order, with the user who placed it.
    Order(Box<Order>),
    /// A transaction, without its next action, which lets its reader pay in the buyer's place.
    Payment(Box<Transaction>),
    /// A refund of that transaction, with the user or API key that requested it.
    Refund(Box<Transaction>, Box<Refund>),
    /// A dispute about that transaction.
    Dispute(Box<Transaction>, Box<Dispute>),
    /// A finding as it was reported.
    Finding(Box<Finding>),
    /// A user, without anything secret.
    User(Box<User>),
}

impl FeedContent {
    /// The row key of the user or API key that the content names besides its own.
    pub(super) fn author(&self) -> Option<AuthorKey> {
        match self {
            Self::Order(order) => Some(AuthorKey::User(order.owner)),
            Self::Refund(_, refund) => refund.requested_by.author,
            Self::Payment(_) | Self::Dispute(..) | Self::Finding(_) | Self::User(_) => None,
        }
    }

    /// The row key of the user whose personal data is in the content.
    pub(super) fn owner(&self) -> Option<UserKey> {
        match self {
            Self::Order(order) => Some(order.owner),
            Self::User(user) => Some(user.key),
            Self::Payment(_) | Self::Refund(..) | Self::Dispute(..) | Self::Finding(_) => None,
        }
    }
}

/// Renders the content of events as the API shows it to operators.
// A port of this layer: only the layer above knows the representations.
pub trait FeedRenderer: Send + Sync {
    /// The content as a JSON object.
    fn render_content(&self, content: &FeedContent, people: &FeedPeople) -> String;
}
