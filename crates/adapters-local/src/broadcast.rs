//! Broadcasts within this process.

use async_trait::async_trait;
use ports::{Broadcast, PortError, Subscription};
use tokio::sync::watch;

/// Notifies every subscription in this process. Messages that a subscriber has not read yet count as one.
#[derive(Debug, Default)]
pub struct LocalBroadcast {
    sender: watch::Sender<()>,
}

#[async_trait]
impl Broadcast for LocalBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        // Not `send`, which fails and stores nothing while there is no subscriber.
        self.sender.send_replace(());
        Ok(())
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        let mut receiver = self.sender.subscribe();
        // The first wait ends at once, as the port asks: something may have been published before the
        // subscription.
        receiver.mark_changed();
        Box::new(LocalSubscription { receiver })
    }
}

struct LocalSubscription {
    receiver: watch::Receiver<()>,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender is gone, so no message can follow. The port has no end of messages; returning would
            // look like one.
            std::future::pending::<()>().await;
        }
    }
}
