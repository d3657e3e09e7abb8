//! What an event shows, and who renders it.

use std::collections::HashMap;

use domain::{Finding, Order, Refund, Transaction, User, UserKey, payment::Dispute};

/// The users whom the content of events names, by row key. One who could not be read is missing.
pub type FeedPeople = HashMap<UserKey, User>;

/// The content of an event's `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedContent {
    /// An order, with the user who placed it.
    Order(Box<Order>),
    /// A transaction, without its next action, which lets its reader pay in the buyer's place.
    Payment(Box<Transaction>),
    /// A refund of that transaction, with the user who requested it.
    Refund(Box<Transaction>, Box<Refund>),
    /// A dispute about that transaction.
    Dispute(Box<Transaction>, Box<Dispute>),
    /// A finding as it was reported.
    Finding(Box<Finding>),
    /// A user, without anything secret.
    User(Box<User>),
}

impl FeedContent {
    /// The row key of the user whom the content names besides its own.
    pub(super) fn person(&self) -> Option<UserKey> {
        match self {
            Self::Order(order) => Some(order.owner),
            Self::Refund(_, refund) => refund.requested_by.user(),
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
