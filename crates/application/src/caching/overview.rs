//! Figures over time, and counts of what waits, that were read some seconds ago.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Clock, FeedBacklog, OverviewFigures, OverviewRepository, OverviewWindow, PortError};
use tokio::sync::Mutex;

use crate::clock_reading::ClockReading;

/// How long figures are shown again before they are read again.
const KEPT: Duration = Duration::from_secs(5);
/// The largest number of windows whose figures are kept.
const WINDOWS_MAX: usize = 32;

/// Reads the figures of a window at most every five seconds, and one window at a time in this process.
///
/// Figures are the most expensive reads of the service. One at a time: whatever number of dashboards ask for whatever
/// windows, they take one connection, and payments have the others.
pub struct CachedOverview {
    inner: Arc<dyn OverviewRepository>,
    clock: Arc<dyn Clock>,
    // Held across the read: a caller that waits finds what the one before it has read. One whose deadline ends leaves the
    // queue and nothing else.
    kept: Mutex<HashMap<(OverviewWindow, u32), Kept>>,
}

struct Kept {
    figures: OverviewFigures,
    read: ClockReading,
}

impl CachedOverview {
    /// Keeps figures of `inner`, by that clock.
    #[must_use]
    pub fn new(inner: Arc<dyn OverviewRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, kept: Mutex::default() }
    }
}

#[async_trait]
impl OverviewRepository for CachedOverview {
    async fn read_figures(
        &self,
        window: OverviewWindow,
        rows_max: u32,
    ) -> Result<OverviewFigures, PortError> {
        let mut kept = self.kept.lock().await;
        // After the wait, and before the read: figures are as old as the moment at which their read began.
        let now = ClockReading::now(&*self.clock);
        kept.retain(|_, it| it.read.is_recent(now, KEPT));
        if let Some(it) = kept.get(&(window, rows_max)) {
            return Ok(it.figures.clone());
        }
        let figures = self.inner.read_figures(window, rows_max).await?;
        // While more windows are asked for, the others are read each time, still one at a time.
        if kept.len() < WINDOWS_MAX {
            kept.insert((window, rows_max), Kept { figures: figures.clone(), read: now });
        }
        Ok(figures)
    }
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// The events that wait for their number in the feed.
    pub(crate) feed: FeedBacklog,
    /// The deliveries of webhooks that are still to be made.
    pub(crate) deliveries: u32,
}

/// What waited when it was last counted: it is counted at most every five seconds, and once at a time in this process.
#[derive(Debug, Default)]
pub struct RecentBacklog {
    // Held across the count, as that of the figures.
    kept: Mutex<Option<(Backlog, ClockReading)>>,
}

impl RecentBacklog {
    /// The last counts, or those of `count` once they are older than that.
    ///
    /// # Errors
    /// The error of `count`; the next caller counts again.
    pub(crate) async fn count_or_recall(
        &self,
        clock: &dyn Clock,
        count: impl Future<Output = Result<Backlog, PortError>> + Send,
    ) -> Result<Backlog, PortError> {
        let mut kept = self.kept.lock().await;
        let now = ClockReading::now(clock);
        if let Some((backlog, _)) = kept.filter(|(_, read)| read.is_recent(now, KEPT)) {
            return Ok(backlog);
        }
        let backlog = count.await?;
        *kept = Some((backlog, now));
        Ok(backlog)
    }
}

#[cfg(test)]
mod tests;
