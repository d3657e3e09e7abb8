use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{OrderChange, Revision, Timestamp, UserKey};
use ports::MockOrderRepository;
use tokio::{sync::Semaphore, task::JoinSet};

use super::*;
use crate::testing::*;

/// A record of one order whose loads are counted, and can be held up after they have read.
struct OneOrder {
    order: Mutex<Option<Order>>,
    loads: AtomicUsize,
    is_unavailable: AtomicBool,
    /// A load ends when it gets one of these.
    passes: Semaphore,
}

impl OneOrder {
    fn new(order: Option<Order>, passes: usize) -> Arc<Self> {
        let (loads, is_unavailable) = (AtomicUsize::new(0), AtomicBool::new(false));
        Arc::new(Self { order: Mutex::new(order), loads, is_unavailable, passes: Semaphore::new(passes) })
    }

    fn read(&self) -> Result<Option<Order>, PortError> {
        if self.is_unavailable.load(Ordering::SeqCst) {
            Err(unavailable_error())
        } else {
            Ok(self.order.lock().unwrap().clone())
        }
    }

    /// Commits the next revision, and gives the order of it.
    fn moves_on(&self) -> Order {
        let mut order = self.order.lock().unwrap();
        let next = OrderChange::from_order(order.take().unwrap()).order().clone();
        order.insert(next).clone()
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl OrderRepository for OneOrder {
    async fn find_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        let found = self.read()?.filter(|it| it.number == *number);
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.passes.acquire().await.unwrap().forget();
        tokio::task::yield_now().await;
        Ok(found)
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        tokio::task::yield_now().await;
        let head = |it: Order| OrderHead { key: it.key, owner: it.owner, revision: it.revision };
        Ok(self.read()?.filter(|it| it.number == *number).map(head))
    }

    async fn find_order_heads(&self, _: &[OrderNumber]) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
        unreachable!("one head at a time")
    }

    async fn list_orders(&self, _: OrderFilter) -> Result<Page<Order>, PortError> {
        unreachable!("not listed here")
    }

    async fn has_order_in(&self, _: UserKey, _: &[OrderStatus]) -> Result<bool, PortError> {
        unreachable!("nor asked for by status")
    }

    async fn list_history_entries(&self, _: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        unreachable!("nor its history")
    }

    async fn list_due_orders(&self, _: DueOrders, _: ports::Batch) -> Result<Vec<OrderNumber>, PortError> {
        unreachable!("nor what is due")
    }

    async fn list_old_orders(
        &self,
        _: Timestamp,
        _: Option<ports::OldOrder>,
        _: u32,
    ) -> Result<Vec<ports::OldOrder>, PortError> {
        unreachable!("nor what is old")
    }

    async fn list_archived_orders(
        &self,
        _: Option<UserKey>,
        _: Option<OrderKey>,
        _: u32,
    ) -> Result<Vec<(OrderKey, OrderNumber)>, PortError> {
        unreachable!("nor the archive")
    }
}

const ALWAYS: usize = 1_000_000;
const NAME: &str = "order:n1";

/// An instance of the service, before a record and a cache that others may use too.
fn before(record: &Arc<OneOrder>, cache: &Arc<FakeCache>) -> CachedOrders {
    CachedOrders::new(record.clone(), cache.clone())
}

fn bench(order: Option<Order>) -> (Arc<OneOrder>, Arc<FakeCache>, CachedOrders) {
    let (record, cache) = (OneOrder::new(order, ALWAYS), Arc::<FakeCache>::default());
    let orders = before(&record, &cache);
    (record, cache, orders)
}

fn bytes(order: &Order) -> Vec<u8> {
    serde_json::to_vec(order).unwrap()
}

async fn shown(orders: &CachedOrders) -> Order {
    orders.find_order(&order().number).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_is_loaded_once_and_shown_on_every_instance() {
    let (record, cache, orders) = bench(Some(order()));
    let elsewhere = before(&record, &cache);
    for orders in [&orders, &elsewhere, &orders] {
        assert_eq!(shown(orders).await, order());
    }
    assert_eq!((record.loads(), cache.version(NAME)), (1, Some(order().revision.get())));
    let life = cache.lock_entries()[NAME].1;
    assert!(TTL.mul_f32(0.8) < life && life < TTL.mul_f32(1.2), "{life:?}");
}

#[tokio::test]
async fn a_copy_of_another_revision_is_not_shown() {
    let (record, cache, orders) = bench(Some(order()));
    let old = shown(&orders).await;
    let new = record.moves_on();
    assert_eq!(shown(&orders).await, new, "the invalidation was lost");
    assert_eq!(cache.version(NAME), Some(new.revision.get()), "and is made up for");
    cache.set_entry(NAME, 1, bytes(&old));
    assert_eq!(shown(&orders).await, new, "the cache came back with what it had long ago");
    cache.set_entry(NAME, new.revision.get(), bytes(&old));
    assert_eq!(shown(&orders).await, new, "what a copy is labelled with proves nothing");
    let ahead = Order { revision: new.revision.next(), ..new.clone() };
    cache.set_entry(NAME, 3, bytes(&ahead));
    assert_eq!(shown(&orders).await, new, "the record came back from a backup");
}

#[tokio::test]
async fn a_copy_gives_no_other_user_an_order() {
    let (_, cache, orders) = bench(Some(order()));
    let other = domain::UserKey::new(order().owner.get() + 1);
    let elsewhere = OrderKey::new(order().key.get() + 1);
    for forged in [Order { owner: other, ..order() }, Order { key: elsewhere, ..order() }] {
        cache.set_entry(NAME, order().revision.get(), bytes(&forged));
        assert_eq!(shown(&orders).await, order());
    }
}

#[tokio::test]
async fn a_slow_reader_does_no_harm() {
    let record = OneOrder::new(Some(order()), 0);
    let cache = Arc::<FakeCache>::default();
    let (slow, quick) = (before(&record, &cache), before(&record, &cache));
    for forgets in [false, true] {
        let mut reading = JoinSet::new();
        let reader = before(&record, &cache);
        reading.spawn(async move { shown(&reader).await });
        let loads = record.loads();
        while record.loads() == loads {
            tokio::task::yield_now().await;
        }
        let new = record.moves_on();
        OrderCache::new(cache.clone()).put_order(&new).await;
        if forgets {
            cache.lock_entries().clear();
        }
        record.passes.add_permits(1);
        let old = reading.join_next().await.unwrap().unwrap();
        assert!(old.revision < new.revision, "it was the present one when the reader began");
        let expected = if forgets { &old } else { &new };
        assert_eq!(cache.version(NAME), Some(expected.revision.get()));
        record.passes.add_permits(usize::from(forgets));
        assert_eq!(shown(&quick).await, new);
        assert_eq!(shown(&slow).await, new);
        cache.lock_entries().clear();
    }
}

#[tokio::test]
async fn what_is_no_copy_of_the_order_does_not_count() {
    let (record, cache, orders) = bench(Some(order()));
    let other = Order { number: OrderNumber::new("n2".to_owned()), ..order() };
    for (loads, bad) in
        (1..).zip([Vec::new(), b"nonsense".to_vec(), bytes(&other), bytes(&order())[1..].to_vec()])
    {
        cache.set_entry(NAME, i64::MAX, bad);
        assert_eq!(shown(&orders).await, order());
        assert_eq!(record.loads(), loads);
        cache.lock_entries().clear();
    }
}

#[tokio::test]
async fn an_order_that_there_is_not_is_asked_for_each_time() {
    let (record, cache, orders) = bench(None);
    cache.set_entry(NAME, 1, bytes(&order()));
    assert_eq!(orders.find_order(&order().number).await.unwrap(), None, "whatever copies there are");
    cache.lock_entries().clear();
    assert_eq!(orders.find_order(&order().number).await.unwrap(), None);
    assert!(cache.lock_entries().is_empty(), "absence is not remembered");
    *record.order.lock().unwrap() = Some(order());
    assert_eq!(shown(&orders).await, order());
}

#[tokio::test]
async fn a_copy_is_not_shown_when_the_record_cannot_vouch_for_it() {
    let (record, _, orders) = bench(Some(order()));
    shown(&orders).await;
    record.is_unavailable.store(true, Ordering::SeqCst);
    assert!(orders.find_order(&order().number).await.is_err());
    record.is_unavailable.store(false, Ordering::SeqCst);
    assert_eq!(shown(&orders).await, order());
}

#[tokio::test]
async fn a_cache_that_is_away_is_done_without() {
    let (record, cache, orders) = bench(Some(order()));
    cache.set_unavailable(true);
    assert_eq!(shown(&orders).await, order());
    let new = record.moves_on();
    assert_eq!(shown(&orders).await, new);
}

/// So many ask at the same moment, and wait for a load that has read already.
async fn asking(orders: &Arc<CachedOrders>, record: &OneOrder, many: usize) -> JoinSet<Order> {
    let mut tasks = JoinSet::new();
    for _ in 0..many {
        let orders = orders.clone();
        tasks.spawn(async move { shown(&orders).await });
    }
    // Each runs until it waits, here in one thread: for the record's word, the cache's, and then for the load.
    for _ in 0..10 * many {
        tokio::task::yield_now().await;
    }
    assert_eq!(record.loads(), 1, "one load for all");
    tasks
}

#[tokio::test]
async fn many_who_ask_at_once_are_one_load() {
    let record = OneOrder::new(Some(order()), 0);
    let orders = Arc::new(before(&record, &Arc::default()));
    let asking = asking(&orders, &record, 64).await;
    record.passes.add_permits(ALWAYS);
    assert!(asking.join_all().await.iter().all(|it| *it == order()));
    assert_eq!(record.loads(), 1);
}

#[tokio::test]
async fn no_caller_gets_a_load_that_began_before_a_revision_it_knows() {
    let record = OneOrder::new(Some(order()), 0);
    let orders = Arc::new(before(&record, &Arc::default()));
    let early = asking(&orders, &record, 1).await;
    let new = record.moves_on();
    let late = asking(&orders, &record, 64).await;
    record.passes.add_permits(ALWAYS);
    assert_eq!(early.join_all().await, [order()], "that was the present one when it began");
    assert!(late.join_all().await.iter().all(|it| *it == new));
    assert_eq!(record.loads(), 2, "and those who could not take the first shared the second");
}

#[tokio::test]
async fn when_the_loading_caller_gives_up_the_next_one_loads() {
    let record = OneOrder::new(Some(order()), 0);
    let orders = Arc::new(before(&record, &Arc::default()));
    let mut leader = asking(&orders, &record, 1).await;
    let others = asking(&orders, &record, 8).await;
    leader.shutdown().await;
    record.passes.add_permits(1);
    assert!(others.join_all().await.iter().all(|it| *it == order()));
    assert_eq!(record.loads(), 2);
}

#[tokio::test]
async fn a_load_that_fails_is_tried_again() {
    let mut record = MockOrderRepository::new();
    let head = |it: Order| OrderHead { key: it.key, owner: it.owner, revision: Revision::FIRST };
    record.expect_find_order_head().returning(move |_| Ok(Some(head(order()))));
    record.expect_find_order().times(1).returning(|_| Err(unavailable_error()));
    record.expect_find_order().times(1).returning(|_| Ok(Some(order())));
    let cache = Arc::<FakeCache>::default();
    let orders = CachedOrders::new(Arc::new(record), cache.clone());
    assert!(orders.find_order(&order().number).await.is_err());
    assert!(cache.lock_entries().is_empty());
    assert_eq!(shown(&orders).await, order());
}

async fn reached(highest: &Mutex<Revision>, revision: Revision) {
    for _ in 0..1_000_000 {
        if *highest.lock().unwrap() >= revision {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Two instances, a cache that forgets and brings back what it likes, and a writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_gets_an_older_revision_than_another_reader_got() {
    const CHANGES: usize = 400;
    let (record, cache) = (OneOrder::new(Some(order()), ALWAYS), Arc::<FakeCache>::default());
    let instances = [Arc::new(before(&record, &cache)), Arc::new(before(&record, &cache))];
    let (highest, over) = (Arc::new(Mutex::new(order().revision)), Arc::<AtomicBool>::default());
    let mut readers = JoinSet::new();
    for reader in 0..8 {
        let (orders, highest, over) = (instances[reader % 2].clone(), highest.clone(), over.clone());
        readers.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let known = *highest.lock().unwrap();
                let seen = shown(&orders).await.revision;
                assert!(seen >= known, "{seen:?} after {known:?}");
                let mut highest = highest.lock().unwrap();
                *highest = seen.max(*highest);
            }
        });
    }
    let mut past = vec![order()];
    for change in 0..CHANGES {
        past.push(record.moves_on());
        let any = &past[change * 7 % past.len()];
        match change % 4 {
            0 => OrderCache::new(cache.clone()).put_order(&past[change + 1]).await,
            1 => cache.set_entry(NAME, any.revision.get(), bytes(any)),
            2 => cache.lock_entries().clear(),
            // Now and then the readers catch up.
            _ => reached(&highest, past[change + 1].revision).await,
        }
    }
    over.store(true, Ordering::SeqCst);
    readers.join_all().await;
    assert_eq!(*highest.lock().unwrap(), past[CHANGES].revision, "all was seen");
}

#[tokio::test]
async fn everything_else_is_the_records() {
    let mut record = MockOrderRepository::new();
    record.expect_find_order_head().times(1).returning(|_| Ok(None));
    record.expect_list_orders().times(1).returning(|_| Ok(Page::single_page(vec![order()])));
    record.expect_list_history_entries().times(1).returning(|_| Ok(Vec::new()));
    record.expect_list_due_orders().times(1).returning(|_, _| Ok(Vec::new()));
    let orders = CachedOrders::new(Arc::new(record), Arc::new(ports::MockCache::new()));
    orders.find_order_head(&order().number).await.unwrap();
    orders.list_orders(OrderFilter::default()).await.unwrap();
    orders.list_history_entries(order().key).await.unwrap();
    orders.list_due_orders(DueOrders::Expired(NOW), ports::Batch { skip: 0, limit: 1 }).await.unwrap();
}
