//! The exchange of counts with the other instances.

use std::sync::{Arc, Mutex, PoisonError};

use ports::{Clock, CountDelta, SharedCounters};
use tokio::sync::Notify;

use super::{REQUEST_WINDOW, SharedWindow, Subject};

/// Most windows that wait to be shared. Beyond it a subject counts here alone until there is room.
const QUEUE_MAX: usize = 20_000;
/// Most counters of one call: it must end well within the time limit of the server.
const BATCH_MAX: usize = 200;

/// The windows whose counts the other instances do not know yet.
pub(super) struct Sharing {
    shared: Arc<dyn SharedCounters>,
    queue: Mutex<Vec<(Subject, SharedWindow)>>,
    queued: Notify,
}

impl Sharing {
    pub(super) fn new(shared: Arc<dyn SharedCounters>) -> Self {
        Self { shared, queue: Mutex::default(), queued: Notify::new() }
    }

    /// Puts a window into the queue. With a full queue it is passed over, and its next request tries again.
    pub(super) fn queue_window(&self, subject: Subject, window: SharedWindow) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < QUEUE_MAX {
            queue.push((subject, window));
            drop(queue);
            self.queued.notify_one();
        } else {
            drop(queue);
            // The count is dropped here, not lost: it stays in the window.
            let _ = lock_window(&window).take_unsent();
        }
    }

    pub(super) async fn wait_queued(&self) {
        self.queued.notified().await;
    }

    /// Adds the counts of all windows in the queue to the shared counters, in batches.
    pub(super) async fn exchange_counts(&self, clock: &dyn Clock) {
        let queue = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        for batch in queue.chunks(BATCH_MAX) {
            let unsent: Vec<_> = batch.iter().map(|(_, it)| lock_window(it).take_unsent()).collect();
            let deltas = batch.iter().zip(&unsent);
            let deltas: Vec<_> = deltas
                .map(|((subject, _), unsent)| CountDelta { name: counter_name(*subject), by: unsent.count })
                .collect();
            let Ok(totals) = self.shared.add_counts(&deltas, REQUEST_WINDOW).await else {
                batch.iter().zip(unsent).for_each(|((_, it), unsent)| lock_window(it).keep_sent(unsent));
                continue;
            };
            let now = clock.monotonic_now();
            for (((_, window), unsent), total) in batch.iter().zip(unsent).zip(totals) {
                lock_window(window).apply_total(unsent, total, now);
            }
        }
    }
}

fn lock_window(window: &SharedWindow) -> std::sync::MutexGuard<'_, super::Window> {
    // A poisoned lock is used as it is: no step leaves a window half changed.
    window.lock().unwrap_or_else(PoisonError::into_inner)
}

fn counter_name(subject: Subject) -> String {
    match subject {
        Subject::User(it) => format!("requests:user:{}", it.get()),
        Subject::ApiKey(it) => format!("requests:key:{}", it.get()),
        Subject::Network(it) => format!("requests:network:{it}"),
    }
}
