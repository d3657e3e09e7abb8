//! The configuration of the sandbox.

use std::time::Duration;

use crate::WebhookSecrets;

/// The sandbox's gateway name, as it appears in URLs.
pub(super) const NAME: &str = "sandbox";

/// The configuration of the sandbox.
#[derive(Debug)]
pub struct SandboxConfig {
    /// The secrets with which notices are signed and verified.
    pub secrets: WebhookSecrets,
    /// Where notices are sent: scheme, host and port of the service, such as `http://127.0.0.1:8080`. `None`
    /// until [`Sandbox::set_callback_base`](crate::Sandbox::set_callback_base) sets it.
    pub callback_base: Option<String>,
    /// The time from the request of a `tok_pending` payment to its result.
    pub pending_delay: Duration,
    /// The time from the capture of a `tok_dispute` payment to its dispute.
    pub dispute_delay: Duration,
    /// The number of times that each notice is sent, apart from retries. 0: no notices.
    pub deliveries: u8,
    /// The pause before a failed delivery is repeated; it grows by a factor of 4 with each attempt.
    pub retry_pause: Duration,
}

impl SandboxConfig {
    /// The defaults: every notice twice, 10 s for `tok_pending`, a dispute after 1 s, retries from 0.5 s on.
    #[must_use]
    pub const fn new(secrets: WebhookSecrets) -> Self {
        Self {
            secrets,
            callback_base: None,
            pending_delay: Duration::from_secs(10),
            dispute_delay: Duration::from_secs(1),
            deliveries: 2,
            retry_pause: Duration::from_millis(500),
        }
    }
}
