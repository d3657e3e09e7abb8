//! An instance of the service: the real use cases on simulated ports.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use application::{
    App, Policy,
    api_keys::{KeyUses, RecentKeys},
    auth::{Revocations, revocations::sync_full},
    batching::Lanes,
    caching::{
        CachedOrders, CachedSessions, CachedUsers, KnownEvents, KnownReplies, RecentBacklog, RenderedOrders,
        WriteThroughStore,
    },
    feed::{FeedParts, FeedSignal, FeedStore},
    gateways::{GatewayLimits, GuardedGateway},
    group_commit::GroupCommit,
    grouped_reads::{GroupedClaims, GroupedEvents, GroupedOrders, GroupedPayments, GroupedProducts},
    keys_in_flight::{KeysInFlight, NoticesInFlight},
    payments::RecentCases,
    sweeps::OverdueWalk,
    unreadable::UnreadableRows,
    webhooks::WebhookSignal,
};
use ports::{
    Cache, ClaimRepository, Clock, EventRepository, FeedRepository, IdGenerator, OrderRepository,
    PaymentRepository, ProductRepository, SessionRepository, Store, UserRepository, WebhookRepository,
};

use crate::{
    gateway::SimGateway,
    lock::lock,
    model::check_port_error,
    ports::{
        cache::{PrivateCache, SharedCache},
        identity::{SimBroadcast, SimHasher, SimTokens},
        locks::SimLocks,
        reads::SimReads,
        store::SimStore,
        surroundings::{Inert, SimClock, SimIds},
        webhooks::{SimMessages, SimSecrets, SimSender},
    },
    world::{Label, Slot, World},
};

/// How many batches of one kind run at once.
const LANES: Lanes = Lanes { max: 2, items: 2 };

/// How often in a row an instance looks for ended sessions.
const LOOKS: u32 = 8;
/// How long it waits between two looks, as its process does.
const LOOK_INTERVAL: Duration = Duration::from_millis(400);

/// Adds a slot for an instance that is down.
pub(crate) fn add_slot(world: &World) {
    let alive = Arc::new(AtomicBool::new(false));
    lock(&world.slots).push(Slot { app: None, alive, skew_ms: Arc::default(), is_looking: Arc::default() });
}

/// Starts the instance, unless it runs.
pub(crate) fn start_instance(world: &Arc<World>, number: usize) {
    let alive = Arc::new(AtomicBool::new(true));
    let Some(skew_ms) = lock(&world.slots).get(number).map(|it| Arc::clone(&it.skew_ms)) else { return };
    let app = Arc::new(build_app(world, number, &alive, skew_ms));
    if let Some(slot) = lock(&world.slots).get_mut(number)
        && slot.app.is_none()
    {
        slot.app = Some(app);
        slot.alive = alive;
        slot.is_looking = Arc::default();
    }
    world.trace(|| format!("instance {number} starts"));
}

/// Sets the clock of an instance.
pub(crate) fn set_clock(world: &World, number: usize, skew_ms: i64) {
    if let Some(slot) = lock(&world.slots).get(number) {
        slot.skew_ms.store(skew_ms, Ordering::Relaxed);
    }
    world.note_clock_skew();
}

/// Lets every instance look for ended sessions for some seconds, as its process always does. Those that look already go on.
pub(crate) fn start_revocation_loops(world: &Arc<World>) {
    let of_slot = |(number, it): (usize, &Slot)| Some((number, it.app.clone()?, Arc::clone(&it.is_looking)));
    let live: Vec<_> = lock(&world.slots).iter().enumerate().filter_map(of_slot).collect();
    for (number, app, is_looking) in live {
        if is_looking.swap(true, Ordering::Relaxed) {
            continue;
        }
        let observer = Arc::clone(world);
        world.spawn(Label { instance: Some(number), step: "revocations" }, async move {
            for _ in 0..LOOKS {
                if let Err(error) = sync_full(&app).await {
                    check_port_error(&observer, &error);
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            is_looking.store(false, Ordering::Relaxed);
        });
    }
}

/// The store as instances have it: events are added, committed orders are cached, units are grouped, and the record is reached last.
fn build_store(
    world: &Arc<World>,
    (cache, clock): (&Arc<dyn Cache>, &Arc<dyn Clock>),
    users: Arc<dyn UserRepository>,
    signal: &Arc<FeedSignal>,
    is_grouped: bool,
) -> Arc<dyn Store> {
    let record: Arc<dyn Store> = Arc::new(SimStore(Arc::clone(world)));
    let record = if is_grouped { Arc::new(GroupCommit::new(record, Arc::new(()), LANES)) } else { record };
    let written = WriteThroughStore::new(record, Arc::clone(cache));
    let ids: Arc<dyn IdGenerator> = Arc::new(SimIds(Arc::clone(world)));
    let parts = FeedParts {
        users,
        api_keys: world.record.clone(),
        renderer: Arc::new(Inert),
        clock: Arc::clone(clock),
        ids,
        signal: Arc::clone(signal),
    };
    Arc::new(FeedStore::new(Arc::new(written), parts))
}

/// The repositories of an instance.
struct Reads {
    products: Arc<dyn ProductRepository>,
    orders: Arc<dyn OrderRepository>,
    payments: Arc<dyn PaymentRepository>,
    users: Arc<dyn UserRepository>,
    sessions: Arc<dyn SessionRepository>,
    feed: Arc<dyn FeedRepository>,
    webhooks: Arc<dyn WebhookRepository>,
    events: Arc<dyn EventRepository>,
    claims: Arc<dyn ClaimRepository>,
}

impl Reads {
    /// Reads the record one by one, or what arrives together at once.
    fn new(world: &Arc<World>, is_grouped: bool) -> Self {
        let reads = Arc::new(SimReads(Arc::clone(world)));
        if !is_grouped {
            return Self {
                products: reads.clone(),
                orders: reads.clone(),
                payments: reads.clone(),
                users: reads.clone(),
                sessions: reads.clone(),
                feed: reads.clone(),
                webhooks: reads.clone(),
                events: reads.clone(),
                claims: reads,
            };
        }
        Self {
            products: Arc::new(GroupedProducts::new(reads.clone(), LANES)),
            orders: Arc::new(GroupedOrders::new(reads.clone(), LANES)),
            payments: Arc::new(GroupedPayments::new(reads.clone(), LANES)),
            events: Arc::new(GroupedEvents::new(reads.clone(), LANES)),
            claims: Arc::new(GroupedClaims::new(reads.clone(), LANES)),
            users: reads.clone(),
            sessions: reads.clone(),
            feed: reads.clone(),
            webhooks: reads,
        }
    }
}

fn build_app(world: &Arc<World>, number: usize, alive: &Arc<AtomicBool>, skew_ms: Arc<AtomicI64>) -> App {
    let clock: Arc<dyn Clock> = Arc::new(SimClock { world: Arc::clone(world), skew_ms });
    let cache: Arc<dyn Cache> = Arc::new(SharedCache(Arc::clone(world)));
    let private = || Arc::new(PrivateCache::new(Arc::clone(world)));
    // The first instance works without batches, the others with them.
    let is_grouped = number > 0;
    let reads = Reads::new(world, is_grouped);
    let record = world.record.clone();
    let gateway = Arc::new(SimGateway(Arc::clone(world)));
    let guarded = GuardedGateway::new(gateway, GatewayLimits::default(), clock.clone(), Arc::new(()));
    let feed_signal = Arc::<FeedSignal>::default();
    let users: Arc<dyn UserRepository> = Arc::new(CachedUsers::new(reads.users.clone(), private()));
    App {
        store: build_store(world, (&cache, &clock), users.clone(), &feed_signal, is_grouped),
        users: reads.users,
        cached_users: users,
        cached_sessions: Arc::new(CachedSessions::new(reads.sessions.clone(), cache.clone())),
        sessions: reads.sessions,
        second_factors: record.clone(),
        one_time_codes: Arc::new(Inert),
        api_keys: record.clone(),
        recent_keys: RecentKeys::default(),
        key_uses: KeyUses::default(),
        content_digests: Arc::new(Inert),
        products: reads.products,
        orders: reads.orders.clone(),
        orders_for_display: Arc::new(CachedOrders::new(reads.orders, cache)),
        known_replies: KnownReplies::new(private()),
        keys_in_flight: KeysInFlight::default(),
        overdue_walk: OverdueWalk::default(),
        known_events: KnownEvents::new(private()),
        notices_in_flight: NoticesInFlight::default(),
        recent_cases: RecentCases::default(),
        rendered_orders: RenderedOrders::new(private()),
        payments: reads.payments,
        events: reads.events,
        feed: reads.feed,
        overview: record.clone(),
        audit: record.clone(),
        recent_backlog: RecentBacklog::default(),
        feed_signal,
        findings: record.clone(),
        webhooks: reads.webhooks,
        webhook_sender: Arc::new(SimSender(Arc::clone(world))),
        webhook_renderer: Arc::new(SimMessages),
        webhook_signal: WebhookSignal::default(),
        secret_cipher: Arc::new(SimSecrets(Arc::clone(world))),
        claims: reads.claims,
        locks: Arc::new(SimLocks { world: Arc::clone(world), alive: Arc::clone(alive) }),
        throttle: Arc::new(Inert),
        digests: Arc::new(Inert),
        hasher: Arc::new(SimHasher(Arc::clone(world))),
        tokens: Arc::new(SimTokens(Arc::clone(world))),
        unreadable_rows: Arc::new(UnreadableRows::new(clock.clone())),
        ids: Arc::new(SimIds(Arc::clone(world))),
        metrics: Arc::new(()),
        gateways: vec![Arc::new(guarded)],
        revocation_broadcast: Arc::new(SimBroadcast(Arc::clone(world))),
        revocations: Revocations::default(),
        policy: Policy::default(),
        account_tasks: record,
        mailing: None,
        clock,
    }
}
