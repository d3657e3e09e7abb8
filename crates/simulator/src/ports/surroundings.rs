//! Small ports: clocks, ids, and those that the simulated steps hardly use.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use application::feed::{FeedContent, FeedPeople, FeedRenderer};
use async_trait::async_trait;
use domain::{ADOPTED_KEYS_END, Timestamp};
use ports::{
    Attempts, Clock, Digests, IdGenerator, KeyedDigests, OneTimeCodes, PortError, Subscription, Throttle,
};

use super::unavailable_error;
use crate::world::World;

/// The clock of one instance.
pub(crate) struct SimClock {
    pub(crate) world: Arc<World>,
    /// By how much it is ahead of the true time, in milliseconds.
    pub(crate) skew_ms: Arc<AtomicI64>,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let skew = self.skew_ms.load(Ordering::Relaxed);
        Timestamp::from_millis(self.world.now().as_millis().saturating_add(skew))
    }

    fn monotonic_now(&self) -> Duration {
        self.world.elapsed()
    }
}

/// Keys and ids that count, so that traces can be read. The keys are none of adopted rows.
pub(crate) struct SimIds(pub(crate) Arc<World>);

impl IdGenerator for SimIds {
    fn next_key(&self) -> i64 {
        ADOPTED_KEYS_END.saturating_add(self.0.next_number())
    }

    fn next_id(&self) -> String {
        format!("id{}", self.0.next_number())
    }
}

/// Everything that no simulated step depends on: it answers the least that its traits allow.
pub(crate) struct Inert;

#[async_trait]
impl Throttle for Inert {
    async fn count_attempt(&self, _: &str, _: Duration) -> Result<Attempts, PortError> {
        Err(unavailable_error())
    }

    async fn read_attempts(&self, _: &str) -> Result<Attempts, PortError> {
        Err(unavailable_error())
    }

    async fn reset_attempts(&self, _: &str) -> Result<(), PortError> {
        Ok(())
    }
}

impl KeyedDigests for Inert {
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String> {
        vec![format!("{purpose}|{content}")]
    }
}

impl Digests for Inert {
    fn sha256_hex(&self, content: &[u8]) -> String {
        content.iter().map(|it| format!("{it:02x}")).collect()
    }
}

/// No code is good: no person of a simulation has a second factor.
impl OneTimeCodes for Inert {
    fn generate_secret(&self) -> String {
        String::new()
    }

    fn enrolment_url(&self, _: &str, _: &str) -> String {
        String::new()
    }

    fn find_step(&self, _: &str, _: &str, _: Timestamp) -> Option<i64> {
        None
    }
}

/// Renders an event as what identifies its content; nothing reads it but the check that there is one for each change.
impl FeedRenderer for Inert {
    fn render_content(&self, content: &FeedContent, _: &FeedPeople) -> String {
        match content {
            FeedContent::Order(it) => format!("{} {}", it.number, it.version.get()),
            FeedContent::Payment(it) => format!("{} {:?}", it.id, it.status()),
            FeedContent::Refund(_, it) => format!("{} {:?}", it.id, it.status()),
            FeedContent::Dispute(it, _) => it.id.to_string(),
            FeedContent::Finding(it) => it.id.to_string(),
            FeedContent::User(it) => it.id.to_string(),
        }
    }
}

#[async_trait]
impl Subscription for Inert {
    async fn next(&mut self) {
        std::future::pending().await
    }
}
