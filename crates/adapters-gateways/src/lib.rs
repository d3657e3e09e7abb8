//! Payment gateways and their signatures.
//!
//! There is one gateway so far, the [`Sandbox`]. It moves no money and behaves like a real gateway behind a
//! network: answers get lost, and notices arrive late, twice and in the wrong order. [`RetiredGateway`]
//! stands for a gateway that is not connected any more.

mod ids;
mod json;
mod masking;
mod notice;
mod retired;
mod sandbox;
pub mod standard_webhooks;

pub use retired::RetiredGateway;
pub use sandbox::{Sandbox, SandboxConfig};
pub use standard_webhooks::{WebhookSecrets, secret_from_bytes};
