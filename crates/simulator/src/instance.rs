//! An instance of the service: the real use cases on simulated ports.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use application::{
    App, Policy,
    api_keys::{KeyUses, RecentKeys},
    auth::Revocations,
    caching::{CachedOrders, KnownEvents, KnownReplies, RecentBacklog, RenderedOrders, WriteThroughStore},
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
    Cache, ClaimRepository, Clock, EventRepository, IdGenerator, OrderRepository, PaymentRepository,
    ProductRepository, Store,
};

use crate::{
    gateway::SimGateway,
    lock::lock,
    ports::{
        cache::{PrivateCache, SharedCache},
        locks::SimLocks,
        reads::SimReads,
        store::SimStore,
        surroundings::{Inert, SimClock, SimIds},
    },
    world::{Slot, World},
};

/// How many batches of one kind run at once.
const LANES: usize = 2;

/// Adds a slot for an instance that is down.
pub(crate) fn add_slot(world: &World) {
    let alive = Arc::new(AtomicBool::new(false));
    lock(&world.slots).push(Slot { app: None, alive, skew_ms: Arc::default() });
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
    }
    world.trace(|| format!("instance {number} starts"));
}

/// Sets the clock of an instance.
pub(crate) fn set_clock(world: &World, number: usize, skew_ms: i64) {
    if let Some(slot) = lock(&world.slots).get(number) {
        slot.skew_ms.store(skew_ms, Ordering::Relaxed);
    }
}

/// The store as instances have it: events are added, committed orders are cached, units are grouped, and the record is reached last.
fn build_store(
    world: &Arc<World>,
    cache: &Arc<dyn Cache>,
    clock: &Arc<dyn Clock>,
    signal: &Arc<FeedSignal>,
    is_grouped: bool,
) -> Arc<dyn Store> {
    let record: Arc<dyn Store> = Arc::new(SimStore(Arc::clone(world)));
    let record = if is_grouped { Arc::new(GroupCommit::new(record, Arc::new(()), LANES)) } else { record };
    let written = WriteThroughStore::new(record, Arc::clone(cache));
    let ids: Arc<dyn IdGenerator> = Arc::new(SimIds(Arc::clone(world)));
    let parts = FeedParts {
        users: world.record.clone(),
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
                events: reads.clone(),
                claims: reads,
            };
        }
        Self {
            products: Arc::new(GroupedProducts::new(reads.clone(), LANES)),
            orders: Arc::new(GroupedOrders::new(reads.clone(), LANES)),
            payments: Arc::new(GroupedPayments::new(reads.clone(), LANES)),
            events: Arc::new(GroupedEvents::new(reads.clone(), LANES)),
            claims: Arc::new(GroupedClaims::new(reads, LANES)),
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
    App {
        store: build_store(world, &cache, &clock, &feed_signal, is_grouped),
        users: record.clone(),
        cached_users: record.clone(),
        sessions: record.clone(),
        cached_sessions: record.clone(),
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
        feed: record.clone(),
        overview: record.clone(),
        recent_backlog: RecentBacklog::default(),
        feed_signal,
        findings: record.clone(),
        webhooks: record.clone(),
        webhook_sender: Arc::new(Inert),
        webhook_renderer: Arc::new(Inert),
        webhook_signal: WebhookSignal::default(),
        secret_cipher: Arc::new(Inert),
        claims: reads.claims,
        locks: Arc::new(SimLocks { world: Arc::clone(world), alive: Arc::clone(alive) }),
        throttle: Arc::new(Inert),
        digests: Arc::new(Inert),
        hasher: Arc::new(Inert),
        tokens: Arc::new(Inert),
        unreadable_rows: Arc::new(UnreadableRows::new(clock.clone())),
        ids: Arc::new(SimIds(Arc::clone(world))),
        metrics: Arc::new(()),
        gateways: vec![Arc::new(guarded)],
        revocation_broadcast: Arc::new(Inert),
        revocations: Revocations::default(),
        policy: Policy::default(),
        account_tasks: record,
        mailing: None,
        clock,
    }
}
