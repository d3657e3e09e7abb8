//! Payment gateways and their signatures.
//!
//! There is one so far: the [`Sandbox`], which moves no money and behaves like a gateway that does, on the far side of a
//! network: answers get lost, notices come late, twice and in the wrong order. And [`Retired`], which is only a name.

mod ids;
mod json;
mod masking;
mod notice;
mod retired;
mod sandbox;
pub mod standard_webhooks;

pub use retired::Retired;
pub use sandbox::{Sandbox, SandboxConfig};
pub use standard_webhooks::{WebhookSecrets, secret_from_bytes};
