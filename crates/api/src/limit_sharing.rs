//! The loop that shares counts of requests with the other instances.

use std::{sync::Arc, time::Duration};

use application::request_limits::RequestLimiter;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// How long counts are gathered before they are shared together: what one instance may let through without the knowledge
/// of the others.
const GATHER: Duration = Duration::from_millis(100);

/// Starts the loop, which ends once `stopping` is cancelled. It rests while nothing is counted, and forever without shared
/// counters.
pub fn spawn_limit_sharing(tasks: &Tasks, limiter: Arc<RequestLimiter>, stopping: CancellationToken) {
    tasks.spawn_background(async move {
        loop {
            tokio::select! {
                // Stopping is checked first: under load there is always something to share.
                biased;
                () = stopping.cancelled() => return,
                () = limiter.wait_counted() => {
                    sleep(GATHER).await;
                    limiter.share_counts().await;
                }
            }
        }
    });
}
