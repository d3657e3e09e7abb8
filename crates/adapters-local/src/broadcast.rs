//! Broadcasts within the process.

use async_trait::async_trait;
use ports::{Broadcast, PortError, Subscription};
use tokio::sync::watch;

/// Tells whoever subscribed in this process.
#[derive(Debug, Default)]
pub struct LocalBroadcast {
    told: watch::Sender<()>,
}

#[async_trait]
impl Broadcast for LocalBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        self.told.send_replace(());
        Ok(())
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        let mut told = self.told.subscribe();
        // The first wait is over at once.
        told.mark_changed();
        Box::new(LocalSubscription { told })
    }
}

struct LocalSubscription {
    told: watch::Receiver<()>,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) {
        if self.told.changed().await.is_err() {
            // Nobody is left to publish anything.
            std::future::pending::<()>().await;
        }
    }
}
