//! Payment gateways and their signatures, and the sender of webhooks to other systems, which signs alike.
//!
//! - [`Stripe`]: cards and whatever else the account takes, in many currencies.
//! - [`Alipay`]: payments by QR code, page and app in mainland China.
//! - [`WeChat`]: payments by QR code and within WeChat in mainland China.
//! - [`Sandbox`]: moves no money and behaves like a real gateway behind a network: answers get lost, and notices
//!   arrive late, twice and in the wrong order.
//! - [`RetiredGateway`]: stands for a gateway that is not connected any more.

mod alipay;
mod http_client;
mod ids;
mod json;
mod lookup_capture;
mod masking;
mod notice;
mod outgoing;
mod retired;
mod rsa;
mod sandbox;
pub mod standard_webhooks;
mod statement;
mod stripe;
mod trace_headers;
mod wechat;

pub use alipay::{Alipay, AlipayConfig, AlipayConfigError, AlipayConfigFault};
pub use outgoing::{HttpWebhookSender, NameResolver, SystemResolver};
pub use retired::RetiredGateway;
pub use sandbox::{Sandbox, SandboxConfig};
pub use standard_webhooks::{WebhookSecrets, secret_from_bytes};
pub use stripe::{Stripe, StripeConfig, StripeConfigError, StripeFault};
pub use wechat::{PlatformKey, WECHAT_API_BASE, WeChat, WeChatConfig, WeChatConfigError};
