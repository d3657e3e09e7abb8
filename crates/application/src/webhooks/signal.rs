//! Waking the tasks that send webhooks.

use tokio::sync::watch;

/// Wakes the tasks of this process that send webhooks. It carries nothing: who is woken reads the system of record, and
/// does so from time to time anyway.
#[derive(Debug)]
pub struct WebhookSignal(watch::Sender<u64>);

impl Default for WebhookSignal {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl WebhookSignal {
    /// Says that there may be something to send.
    pub fn notify_all(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees every notification from now on; several may look like one.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
