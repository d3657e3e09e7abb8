//! Wakes the task that numbers events and the tasks that wait for numbered events, within this process.

use tokio::sync::{Notify, watch};

/// Says that there is something new. A signal may be lost with its process: then others find the events by looking.
#[derive(Debug)]
pub struct FeedSignal {
    written: Notify,
    numbered: watch::Sender<u64>,
}

impl Default for FeedSignal {
    fn default() -> Self {
        Self { written: Notify::new(), numbered: watch::Sender::new(0) }
    }
}

impl FeedSignal {
    /// Says that events may have been committed that have no number yet.
    pub fn announce_written(&self) {
        self.written.notify_one();
    }

    /// Waits until events may have been committed since the last call; at once if that has happened already.
    pub async fn wait_written(&self) {
        self.written.notified().await;
    }

    /// Says that events have got their numbers.
    pub fn announce_numbered(&self) {
        self.numbered.send_modify(|rounds| *rounds = rounds.wrapping_add(1));
    }

    /// Changes whenever this process has numbered events; other instances may number some, too.
    #[must_use]
    pub fn subscribe_numbered(&self) -> watch::Receiver<u64> {
        self.numbered.subscribe()
    }
}
