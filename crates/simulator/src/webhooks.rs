//! Webhooks: endpoints, the receivers behind them, and what receivers must have got.
//!
//! ```text
//! workload ─► operators: make, close, open and delete endpoints, rotate their secrets, send again ─┐
//!          └► rounds of instances ─► sender ─► receivers, which note each message ─► checks
//! ```

mod book;
mod client;
mod secrets;
mod workload;

pub(crate) use book::{Receipt, WebhookModel};
pub(crate) use workload::{enable_endpoints, make_webhook_step, start_webhook_rounds};
