//! Counters by the clock of a test.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::Timestamp;
use ports::{Attempts, Clock, PortError, Throttle};
use tokio::task::yield_now;

use super::ManualClock;

/// Counts as a throttle does, by the bench's clock. It lets others go first each time, as a server far away does.
pub(crate) struct MemoryThrottle {
    clock: Arc<ManualClock>,
    all: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl MemoryThrottle {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, all: Mutex::default() }
    }
}

#[async_trait]
impl Throttle for MemoryThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        yield_now().await;
        let now = self.clock.now();
        let mut all = self.all.lock().unwrap();
        let entry = all.entry(name.to_owned()).or_insert((0, now.saturating_add(window)));
        if entry.1 <= now {
            *entry = (0, now.saturating_add(window));
        }
        entry.0 += 1;
        Ok(Attempts { count: entry.0, resets_in: entry.1.saturating_duration_since(now) })
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        yield_now().await;
        let now = self.clock.now();
        let live = self.all.lock().unwrap().get(name).copied().filter(|it| it.1 > now);
        let (count, ends) = live.unwrap_or((0, now));
        Ok(Attempts { count, resets_in: ends.saturating_duration_since(now) })
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.all.lock().unwrap().remove(name);
        Ok(())
    }
}
