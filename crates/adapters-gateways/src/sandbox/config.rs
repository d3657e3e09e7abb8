//! How the sandbox behaves.

use std::time::Duration;

use crate::WebhookSecrets;

/// The sandbox's name, as it stands in a URL.
pub(super) const NAME: &str = "sandbox";

/// How the sandbox behaves.
#[derive(Debug)]
pub struct SandboxConfig {
    /// What notices are signed and checked with.
    pub secrets: WebhookSecrets,
    /// Where notices go: scheme, host and port of the service, such as `http://127.0.0.1:8080`. If it is not known yet,
    /// see [`Sandbox::set_callback_base`](crate::Sandbox::set_callback_base).
    pub callback_base: Option<String>,
    /// How long `tok_pending` takes.
    pub pending_delay: Duration,
    /// How long after the capture `tok_dispute` is disputed.
    pub dispute_delay: Duration,
    /// How often each notice is sent.
    pub deliveries: u8,
    /// How long to wait before a notice that was not taken is sent again the first time; then four times as long each.
    pub retry_pause: Duration,
}

impl SandboxConfig {
    /// The sandbox as it is meant: every notice twice, 10 s for `tok_pending`, a dispute after 1 s.
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
