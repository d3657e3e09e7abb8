//! Helpers of the unit tests: an application over the record in memory of `adapters-local`, a scripted gateway, and a
//! journal of what happened in which order.

mod caches;
mod codes;
mod counts;
mod gateway;
mod mailer;
mod record;
mod sample;
mod webhooks;

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicI64, Ordering},
};
use std::time::Duration;

use adapters_local::MemoryRecord;
use domain::{SessionId, Timestamp, UserId};
use ports::{
    AccessClaims, Attempts, Clock, Digests, IdGenerator, KeyedDigests, LockGuard, Metrics, MockBroadcast,
    MockLockManager, MockOrderRepository, MockPasswordHasher, MockThrottle, MockTokenIssuer, Observation,
    PortError,
};

use crate::{
    App, Policy,
    api_keys::{KeyUses, RecentKeys},
    auth::Revocations,
    caching::{KnownEvents, KnownReplies, RecentBacklog, RenderedOrders},
    gateways::{GatewayLimits, GuardedGateway},
    keys_in_flight::{KeysInFlight, NoticesInFlight},
    payments::RecentCases,
    sweeps::OverdueWalk,
};

pub(crate) use adapters_local::record::Snapshot;
pub(crate) use caches::FakeCache;
pub(crate) use codes::{CountingCodes, STEP};
pub(crate) use counts::MemoryThrottle;
pub(crate) use gateway::{
    Asking, KEY_LIFETIME, ScriptedAnswer, ScriptedGateway, answer_nothing, answer_with, knows_nothing,
};
pub(crate) use mailer::RecordingMailer;
pub(crate) use record::ScriptedStore;
pub(crate) use sample::*;
pub(crate) use webhooks::{ScriptedSender, answer_status};

/// An application with everything that it works with.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) record: Arc<ScriptedStore>,
    pub(crate) gateway: Arc<ScriptedGateway>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) metrics: Arc<RecordingMetrics>,
    /// What was counted of calls to the gateway.
    pub(crate) gateway_meter: Arc<RecordingMetrics>,
    journal: Arc<Journal>,
}

impl TestApp {
    /// Everything works, and there is nothing yet. No order can be shown, so that a decision cannot be made on what is.
    pub(crate) fn new() -> Self {
        let journal = Arc::<Journal>::default();
        let memory = Arc::<MemoryRecord>::default();
        let record = Arc::new(ScriptedStore::new(Arc::clone(&memory), Arc::clone(&journal)));
        let gateway = Arc::new(ScriptedGateway::new(Arc::clone(&journal)));
        let clock = Arc::<ManualClock>::default();
        let meter = Arc::<RecordingMetrics>::default();
        let gateway_meter = Arc::<RecordingMetrics>::default();
        // Off, so that a test of a replay sees what the record says.
        let no_replies = FakeCache::default();
        no_replies.set_unavailable(true);
        let no_events = FakeCache::default();
        no_events.set_unavailable(true);
        let limits = GatewayLimits::default();
        let guarded = GuardedGateway::new(gateway.clone(), limits, clock.clone(), gateway_meter.clone());
        let app = App {
            store: record.clone(),
            users: memory.clone(),
            cached_users: memory.clone(),
            second_factors: memory.clone(),
            one_time_codes: Arc::new(CountingCodes),
            sessions: memory.clone(),
            cached_sessions: memory.clone(),
            api_keys: memory.clone(),
            recent_keys: RecentKeys::default(),
            key_uses: KeyUses::default(),
            content_digests: Arc::new(ReversingDigests),
            products: memory.clone(),
            orders: memory.clone(),
            orders_for_display: Arc::new(MockOrderRepository::new()),
            known_replies: KnownReplies::new(Arc::new(no_replies)),
            keys_in_flight: KeysInFlight::default(),
            overdue_walk: OverdueWalk::default(),
            known_events: KnownEvents::new(Arc::new(no_events)),
            notices_in_flight: NoticesInFlight::default(),
            recent_cases: RecentCases::default(),
            rendered_orders: RenderedOrders::new(Arc::<FakeCache>::default()),
            payments: memory.clone(),
            events: memory.clone(),
            feed: memory.clone(),
            overview: memory.clone(),
            audit: memory.clone(),
            recent_backlog: RecentBacklog::default(),
            feed_signal: Arc::default(),
            findings: memory.clone(),
            claims: memory.clone(),
            webhooks: memory.clone(),
            webhook_sender: Arc::<ScriptedSender>::default(),
            webhook_renderer: Arc::new(webhooks::ShortMessages),
            webhook_signal: crate::webhooks::WebhookSignal::default(),
            secret_cipher: Arc::new(webhooks::MarkingCipher::new()),
            locks: Arc::new(mock_locks(|| Ok(Some(LockGuard::new(1, || {}))))),
            throttle: Arc::new(mock_throttle(|| Ok(0), || Ok(1))),
            digests: Arc::new(ReversingDigests),
            hasher: Arc::new(mock_hasher()),
            tokens: Arc::new(mock_tokens()),
            unreadable_rows: Arc::new(crate::unreadable::UnreadableRows::new(clock.clone())),
            clock: clock.clone(),
            ids: Arc::new(CountingIds(AtomicI64::new(1_000))),
            metrics: meter.clone(),
            gateways: vec![Arc::new(guarded)],
            revocation_broadcast: Arc::new(mock_broadcast(Arc::clone(&journal))),
            revocations: Revocations::default(),
            policy: Policy::default(),
            account_tasks: memory.clone(),
            mailing: None,
        };
        Self { app, record, gateway, clock, metrics: meter, gateway_meter, journal }
    }

    /// The same, and the sender of its webhooks.
    pub(crate) fn with_sender() -> (Self, Arc<ScriptedSender>) {
        let (mut it, sender) = (Self::new(), Arc::<ScriptedSender>::default());
        it.app.webhook_sender = sender.clone();
        (it, sender)
    }

    /// The record holds this too.
    pub(crate) fn with_state(self, change: impl FnOnce(&mut Snapshot)) -> Self {
        self.record.change(change);
        self
    }

    /// Orders can be shown, and cannot be decided on.
    pub(crate) fn for_display(mut self) -> Self {
        self.app.orders_for_display =
            std::mem::replace(&mut self.app.orders, Arc::new(MockOrderRepository::new()));
        self
    }

    /// The lock service is unavailable.
    pub(crate) fn without_locks(mut self) -> Self {
        self.app.locks = Arc::new(mock_locks(|| Err(unavailable_error())));
        self
    }

    /// Another process holds every lock.
    pub(crate) fn with_busy_locks(mut self) -> Self {
        self.app.locks = Arc::new(mock_locks(|| Ok(None)));
        self
    }

    /// What happened, oldest first: commits with the kinds of their writes, and what the gateway was asked.
    pub(crate) fn journal_lines(&self) -> Vec<String> {
        self.journal.lock_lines().clone()
    }
}

/// Publishes into the journal.
fn mock_broadcast(journal: Arc<Journal>) -> MockBroadcast {
    let mut broadcast = MockBroadcast::new();
    broadcast.expect_publish().returning(move || {
        journal.push_line("publish".to_owned());
        Ok(())
    });
    broadcast
}

fn mock_locks(answer: fn() -> Result<Option<LockGuard>, PortError>) -> MockLockManager {
    let mut locks = MockLockManager::new();
    locks.expect_acquire_lock().returning(move |_, _, _| answer());
    locks
}

/// Returns the scripted counts; `count` and `hit` give the same for every name.
pub(crate) fn mock_throttle(
    count: impl Fn() -> Result<u32, PortError> + Send + 'static,
    hit: impl Fn() -> Result<u32, PortError> + Send + 'static,
) -> MockThrottle {
    let attempts = |count| Attempts { count, resets_in: Duration::from_secs(60) };
    let mut throttle = MockThrottle::new();
    throttle.expect_read_attempts().returning(move |_| count().map(attempts));
    throttle.expect_count_attempt().returning(move |_, _| hit().map(attempts));
    throttle.expect_reset_attempts().returning(|_| Ok(()));
    throttle
}

/// Digests that are as long as the text, and do not hold it.
struct ReversingDigests;

impl KeyedDigests for ReversingDigests {
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String> {
        vec![format!("{purpose}|{content}").chars().rev().collect()]
    }
}

impl Digests for ReversingDigests {
    fn sha256_hex(&self, content: &[u8]) -> String {
        content.iter().rev().map(|it| char::from(*it)).collect()
    }
}

/// Hashes as [`hash_of`] does.
fn mock_hasher() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash_password().returning(|password, _| Ok(hash_of(password.expose_secret())));
    hasher.expect_verify_password().returning(|hash, attempt, _| Ok(hash == Some(hash_of(&attempt))));
    hasher.expect_hash_cost().return_const(hash_of("").cost());
    hasher
}

/// Tokens that anybody can read: `session/generation` to refresh, `user/session/generation/issued/expires` for access.
fn mock_tokens() -> MockTokenIssuer {
    let mut tokens = MockTokenIssuer::new();
    tokens.expect_issue_access_token().returning(|it| {
        let (issued, expires) = (it.issued_at.as_millis(), it.expires_at.as_millis());
        format!("{}/{}/{}/{issued}/{expires}", it.user, it.session, it.generation)
    });
    tokens.expect_verify_access_token().returning(|token, now| {
        let [user, session, generation, issued, expires] =
            token.split('/').collect::<Vec<_>>().try_into().ok()?;
        let claims = AccessClaims {
            user: UserId::new(user.to_owned()),
            session: SessionId::new(session.to_owned()),
            generation: generation.parse().ok()?,
            issued_at: Timestamp::from_millis(issued.parse().ok()?),
            expires_at: Timestamp::from_millis(expires.parse().ok()?),
        };
        (now < claims.expires_at).then_some(claims)
    });
    tokens.expect_issue_refresh_token().returning(|session, generation| format!("{session}/{generation}"));
    tokens.expect_verify_refresh_token().returning(|token| {
        let (session, generation) = token.split_once('/')?;
        Some((SessionId::new(session.to_owned()), generation.parse().ok()?))
    });
    tokens
}

/// The error of a port that is unavailable.
pub(crate) fn unavailable_error() -> PortError {
    PortError::unavailable("switched off")
}

/// What happened, oldest first.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Vec<String>>);

impl Journal {
    pub(crate) fn push_line(&self, line: String) {
        self.lock_lines().push(line);
    }

    fn lock_lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap()
    }
}

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct ManualClock {
    /// How long it has gone, in milliseconds.
    gone: AtomicI64,
    /// How far it was put forward, in milliseconds.
    put: AtomicI64,
}

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.gone.fetch_add(as_millis_i64(by), Ordering::SeqCst);
    }

    /// Puts it forward.
    pub(crate) fn put_forward(&self, by: Duration) {
        self.put.fetch_add(as_millis_i64(by), Ordering::SeqCst);
    }

    /// Puts it back.
    pub(crate) fn put_back(&self, by: Duration) {
        self.put.fetch_sub(as_millis_i64(by), Ordering::SeqCst);
    }
}

fn as_millis_i64(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let since = self.gone.load(Ordering::SeqCst) + self.put.load(Ordering::SeqCst);
        Timestamp::from_millis(NOW.as_millis() + since)
    }

    fn monotonic_now(&self) -> Duration {
        Duration::from_millis(self.gone.load(Ordering::SeqCst).try_into().unwrap())
    }
}

/// Keys and ids that count.
struct CountingIds(AtomicI64);

impl IdGenerator for CountingIds {
    fn next_key(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn next_id(&self) -> String {
        format!("id-{}", self.next_key())
    }
}

/// Keeps what was counted.
#[derive(Default)]
pub(crate) struct RecordingMetrics(Mutex<Vec<Observation>>);

impl RecordingMetrics {
    pub(crate) fn all_observations(&self) -> Vec<Observation> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, of: Observation) -> usize {
        self.all_observations().iter().filter(|it| **it == of).count()
    }
}

impl Metrics for RecordingMetrics {
    fn observe(&self, observation: Observation) {
        self.0.lock().unwrap().push(observation);
    }
}
