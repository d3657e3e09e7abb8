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

use super::SetClock;

/// Counts as a throttle does, by the bench's clock. It lets others go first each time, as a server far away does.
pub(crate) struct Counts {
    clock: Arc<SetClock>,
    all: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl Counts {
    pub(crate) fn new(clock: Arc<SetClock>) -> Self {
        Self { clock, all: Mutex::default() }
    }
}

#[async_trait]
impl Throttle for Counts {
    async fn hit(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        yield_now().await;
        let now = self.clock.now();
        let mut all = self.all.lock().unwrap();
        let entry = all.entry(name.to_owned()).or_insert((0, now.plus(window)));
        if entry.1 <= now {
            *entry = (0, now.plus(window));
        }
        entry.0 += 1;
        Ok(Attempts { count: entry.0, resets_in: entry.1.since(now) })
    }

    async fn count(&self, name: &str) -> Result<Attempts, PortError> {
        yield_now().await;
        let now = self.clock.now();
        let live = self.all.lock().unwrap().get(name).copied().filter(|it| it.1 > now);
        let (count, ends) = live.unwrap_or((0, now));
        Ok(Attempts { count, resets_in: ends.since(now) })
    }

    async fn clear(&self, name: &str) -> Result<(), PortError> {
        self.all.lock().unwrap().remove(name);
        Ok(())
    }
}
