//! Helpers of the unit tests: an application over a record in memory, a gateway that says what it is told to, and a
//! journal of what happened in which order.

mod caches;
mod counts;
mod gateway;
mod record;
mod sample;
mod state;

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicI64, Ordering},
};
use std::time::Duration;

use domain::{SessionId, Timestamp, UserId};
use ports::{
    AccessClaims, Attempts, Clock, Happening, Held, Ids, KeyedDigests, Meter, MockBroadcast, MockLocks,
    MockOrderRepository, MockPasswordHasher, MockThrottle, MockTokens, PortError,
};

use crate::{
    App, Policy,
    auth::Revocations,
    gateways::{GatewayLimits, GuardedGateway},
};

pub(crate) use caches::FakeCache;
pub(crate) use counts::Counts;
pub(crate) use gateway::{KEY_LIFETIME, Said, ScriptedGateway, knows_nothing, says, silent};
pub(crate) use record::Record;
pub(crate) use sample::*;
pub(crate) use state::State;

/// An application with everything that it works with.
pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) record: Arc<Record>,
    pub(crate) gateway: Arc<ScriptedGateway>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) meter: Arc<RecordingMeter>,
    /// What was counted of calls to the gateway.
    pub(crate) gateway_meter: Arc<RecordingMeter>,
    journal: Arc<Journal>,
}

impl Bench {
    /// Everything works, and there is nothing yet. No order can be shown, so that a decision cannot be made on what is.
    pub(crate) fn new() -> Self {
        let journal = Arc::<Journal>::default();
        let record = Arc::new(Record::new(Arc::clone(&journal)));
        let gateway = Arc::new(ScriptedGateway::new(Arc::clone(&journal)));
        let clock = Arc::<SetClock>::default();
        let meter = Arc::<RecordingMeter>::default();
        let gateway_meter = Arc::<RecordingMeter>::default();
        let limits = GatewayLimits::default();
        let guarded = GuardedGateway::new(gateway.clone(), limits, clock.clone(), gateway_meter.clone());
        let app = App {
            store: record.clone(),
            users: record.clone(),
            user_copies: record.clone(),
            sessions: record.clone(),
            session_copies: record.clone(),
            products: record.clone(),
            orders: record.clone(),
            shown_orders: Arc::new(MockOrderRepository::new()),
            payments: record.clone(),
            events: record.clone(),
            findings: record.clone(),
            replies: record.clone(),
            locks: Arc::new(locks(|| Ok(Some(Held::new(1, || {}))))),
            throttle: Arc::new(throttle(|| Ok(0), || Ok(1))),
            digests: Arc::new(Reversed),
            hasher: Arc::new(hasher()),
            tokens: Arc::new(tokens()),
            unreadable: Arc::new(crate::unreadable::UnreadableRows::new(clock.clone())),
            clock: clock.clone(),
            ids: Arc::new(CountingIds(AtomicI64::new(1_000))),
            meter: meter.clone(),
            gateways: vec![Arc::new(guarded)],
            sessions_ended: Arc::new(broadcast(Arc::clone(&journal))),
            revocations: Revocations::default(),
            policy: Policy::default(),
        };
        Self { app, record, gateway, clock, meter, gateway_meter, journal }
    }

    /// The record holds this too.
    pub(crate) fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.record.state());
        self
    }

    /// Orders can be shown, and cannot be decided on.
    pub(crate) fn showing(mut self) -> Self {
        self.app.shown_orders = std::mem::replace(&mut self.app.orders, Arc::new(MockOrderRepository::new()));
        self
    }

    /// Locks cannot be had.
    pub(crate) fn without_locks(mut self) -> Self {
        self.app.locks = Arc::new(locks(|| Err(away())));
        self
    }

    /// Somebody else holds every lock.
    pub(crate) fn with_locks_held(mut self) -> Self {
        self.app.locks = Arc::new(locks(|| Ok(None)));
        self
    }

    /// What happened, oldest first: commits with the kinds of their writes, and what the gateway was asked.
    pub(crate) fn journal(&self) -> Vec<String> {
        self.journal.read().clone()
    }
}

/// Publishes into the journal.
fn broadcast(journal: Arc<Journal>) -> MockBroadcast {
    let mut broadcast = MockBroadcast::new();
    broadcast.expect_publish().returning(move || {
        journal.note("publish".to_owned());
        Ok(())
    });
    broadcast
}

fn locks(answer: fn() -> Result<Option<Held>, PortError>) -> MockLocks {
    let mut locks = MockLocks::new();
    locks.expect_acquire().returning(move |_, _, _| answer());
    locks
}

/// Counts as they are told; `count` and `hit` give the same for every name.
pub(crate) fn throttle(
    count: impl Fn() -> Result<u32, PortError> + Send + 'static,
    hit: impl Fn() -> Result<u32, PortError> + Send + 'static,
) -> MockThrottle {
    let attempts = |count| Attempts { count, resets_in: Duration::from_secs(60) };
    let mut throttle = MockThrottle::new();
    throttle.expect_count().returning(move |_| count().map(attempts));
    throttle.expect_hit().returning(move |_, _| hit().map(attempts));
    throttle.expect_clear().returning(|_| Ok(()));
    throttle
}

/// Digests that are as long as the text, and do not hold it.
struct Reversed;

impl KeyedDigests for Reversed {
    fn digests(&self, purpose: &str, content: &str) -> Vec<String> {
        vec![format!("{purpose}|{content}").chars().rev().collect()]
    }
}

/// Hashes as [`hash_of`] does.
fn hasher() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().returning(|password, _| Ok(hash_of(password.expose())));
    hasher.expect_verify().returning(|hash, attempt, _| Ok(hash == Some(hash_of(&attempt))));
    hasher.expect_cost().return_const(hash_of("").cost());
    hasher
}

/// Tokens that anybody can read: `session/generation` to refresh, `user/session/generation/issued/expires` for access.
fn tokens() -> MockTokens {
    let mut tokens = MockTokens::new();
    tokens.expect_access().returning(|it| {
        let (issued, expires) = (it.issued_at.millis(), it.expires_at.millis());
        format!("{}/{}/{}/{issued}/{expires}", it.user, it.session, it.generation)
    });
    tokens.expect_read_access().returning(|token, now| {
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
    tokens.expect_refresh().returning(|session, generation| format!("{session}/{generation}"));
    tokens.expect_read_refresh().returning(|token| {
        let (session, generation) = token.split_once('/')?;
        Some((SessionId::new(session.to_owned()), generation.parse().ok()?))
    });
    tokens
}

/// The failure that all ports share.
pub(crate) fn away() -> PortError {
    PortError::away("switched off")
}

/// What happened, oldest first.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Vec<String>>);

impl Journal {
    pub(crate) fn note(&self, line: String) {
        self.read().push(line);
    }

    fn read(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap()
    }
}

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct SetClock {
    /// How long it has gone, in milliseconds.
    gone: AtomicI64,
    /// How far it was put forward, in milliseconds.
    put: AtomicI64,
}

impl SetClock {
    /// Time passes.
    pub(crate) fn advance(&self, by: Duration) {
        self.gone.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Somebody puts it forward.
    pub(crate) fn put_forward(&self, by: Duration) {
        self.put.fetch_add(millis(by), Ordering::SeqCst);
    }

    /// Somebody puts it back.
    pub(crate) fn put_back(&self, by: Duration) {
        self.put.fetch_sub(millis(by), Ordering::SeqCst);
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        let since = self.gone.load(Ordering::SeqCst) + self.put.load(Ordering::SeqCst);
        Timestamp::from_millis(NOW.millis() + since)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.gone.load(Ordering::SeqCst).try_into().unwrap())
    }
}

/// Keys and ids that count.
struct CountingIds(AtomicI64);

impl Ids for CountingIds {
    fn key(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn id(&self) -> String {
        format!("id-{}", self.key())
    }
}

/// Keeps what was counted.
#[derive(Default)]
pub(crate) struct RecordingMeter(Mutex<Vec<Happening>>);

impl RecordingMeter {
    pub(crate) fn all(&self) -> Vec<Happening> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, of: Happening) -> usize {
        self.all().iter().filter(|it| **it == of).count()
    }
}

impl Meter for RecordingMeter {
    fn record(&self, happening: Happening) {
        self.0.lock().unwrap().push(happening);
    }
}
