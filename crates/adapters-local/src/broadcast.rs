//! Broadcasts within the process.

use async_trait::async_trait;
use ports::{Broadcast, PortError, Subscription};
use tokio::sync::watch;

/// Tells whoever subscribed in this process.
#[derive(Debug, Default)]
pub struct LocalBroadcast {
    sender: watch::Sender<()>,
}

#[async_trait]
impl Broadcast for LocalBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        self.sender.send_replace(());
        Ok(())
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        let mut receiver = self.sender.subscribe();
        // The first wait is over at once.
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
            // Nobody is left to publish anything.
            std::future::pending::<()>().await;
        }
    }
}
