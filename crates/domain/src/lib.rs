//! The rules of Idem: users, products, orders, payments, money and the two state machines.
//!
//! This crate decides and does nothing else: no I/O, no clock, no random number. Times and ids come in as
//! arguments, and every answer is a value that can be compared.
//!
//! ```
//! use domain::{Actor, Money, order::OrderStatus};
//!
//! let price = Money::parse("9.99", "CNY")?;
//! assert_eq!(price.try_mul(2)?.to_string(), "19.98");
//!
//! assert!(OrderStatus::Pending.allows_transition(OrderStatus::Cancelled, Actor::Customer));
//! // Only an event of the gateway makes an order paid.
//! assert!(!OrderStatus::Pending.allows_transition(OrderStatus::Paid, Actor::Customer));
//! # Ok::<(), domain::Invalid>(())
//! ```
//!
//! With the feature `serde`, orders, sessions and users can be serialized for a cache. A password or its hash
//! cannot.

pub mod actor;
pub mod api_key;
pub mod card;
pub mod feed;
pub mod finding;
pub mod id;
pub mod invalid;
pub mod money;
pub mod network;
pub mod order;
pub mod password;
pub mod payment;
pub mod product;
pub mod second_factor;
#[cfg(feature = "serde")]
mod serde_impls;
pub mod session;
pub mod text;
pub mod time;
pub mod user;
pub mod version;
pub mod webhook;

pub use actor::{Actor, AuthorKey, ChangedBy};
pub use api_key::ApiKey;
pub use feed::{FeedEvent, FeedEventType, FeedSequence, FeedSubject, NumberedEvent, TraceParent};
pub use finding::{Finding, FindingKind};
pub use id::{
    ADOPTED_KEYS_END, ApiKeyId, ApiKeyKey, AttemptId, AttemptKey, AuthorId, ChangeId, ChangeKey, DeliveryId,
    DeliveryKey, DisputeId, EndpointId, EndpointKey, EventId, EventKey, FeedEventId, FindingId, FindingKey,
    GatewayName, ItemKey, MailKey, MessageId, OrderKey, OrderNumber, ProductId, ProductKey, RefundId,
    RefundKey, SessionId, SessionKey, TransactionId, TransactionKey, UserId, UserKey,
};
pub use invalid::Invalid;
pub use money::{Currency, Money, MoneySum};
pub use network::Network;
pub use order::{Order, OrderChange};
pub use password::{Password, PasswordHash};
pub use payment::{Refund, Transaction};
pub use product::Product;
pub use second_factor::SecondFactor;
pub use session::Session;
pub use text::Text;
pub use time::Timestamp;
pub use user::{Email, Role, User, Username};
pub use version::{Revision, Sequence, Version};
pub use webhook::{WebhookDelivery, WebhookEndpoint};
