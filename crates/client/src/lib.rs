//! The Rust client of Idem: typed calls, retries that never do a thing twice, and verification of webhooks.
//!
//! ```no_run
//! # async fn buy() -> Result<(), idem_client::Error> {
//! use idem_client::{Client, OrderStatus, PlaceItem, PlaceOrder};
//!
//! let client = Client::builder("https://shop.example").api_key("idem_…").build()?;
//! let order = PlaceOrder {
//!     customer_id: Some("k3v…".into()),
//!     items: vec![PlaceItem::new("sku-1", 2)],
//!     ..PlaceOrder::default()
//! };
//! let order = client.orders().place(&order).await?;
//! assert_eq!(order.status, OrderStatus::Pending);
//! # Ok(())
//! # }
//! ```
//!
//! Every call gives a [`Request`], which is sent when it is awaited. A write carries an `Idempotency-Key` that is made once
//! per call, so each retry is the same write; [`Request::idempotency_key`] sets one that outlives this process.
//! [`RetryPolicy`] says which failures are repeated and for how long.
//!
//! Statuses and other words are the types of the service's own rules, wrapped in [`Word`]: a later service may know more
//! of them. Amounts are decimal strings in major units, as the service sends them; `money` of an order, a payment or a refund
//! is the same as a number. Times are RFC 3339 in UTC with milliseconds, so they sort as text.

mod accounts;
mod client;
mod credentials;
mod error;
mod events;
mod integrations;
mod orders;
mod page;
mod payments;
mod products;
mod request;
mod retry;
mod secrets;
mod transport;
pub mod webhook;
mod word;

pub use accounts::{Accounts, Register, User};
pub use client::{Builder, Client};
pub use credentials::Tokens;
pub use domain::{
    Actor, FeedEventType, Money, Role, api_key::Scope, order::OrderStatus, payment::CaptureMethod,
    payment::PaymentStatus, payment::RefundStatus,
};
pub use error::{Error, Fault, Problem};
pub use events::{Event, EventPage, Events};
pub use integrations::{
    ApiKeys, CreateApiKey, CreateWebhookEndpoint, NewApiKey, WebhookEndpoints, WebhookSecret,
};
pub use orders::{
    Address, ChangedBy, Contact, Customer, History, HistoryPage, Item, Move, Order, OrderQuery, Orders,
    PlaceItem, PlaceOrder, Tracking,
};
pub use page::Page;
pub use payments::{MakeRefund, Payments, Refund, ReturnItem, StartPayment, Transaction};
pub use products::{Product, Products, PutProduct};
pub use request::Request;
pub use retry::RetryPolicy;
pub use word::{Vocabulary, Word};
