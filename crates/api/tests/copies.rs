//! Copies in real caches, before a real record.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::{sync::Arc, time::Duration};

use adapters_local::LocalCache;
use adapters_memcached::{Memcached, MemcachedCache};
use adapters_redis::{Redis, RedisCache};
use adapters_sqlite::Sqlite;
use application::caching::{CachedOrders, TieredCache, WriteThroughStore};
use domain::{ChangedBy, Order, OrderChange, order::OrderStatus};
use port_contracts::sample;
use ports::{Cache, OrderRepository, Store, UnitOfWork, Write};

/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);

fn tiered(near: impl Cache + 'static, far: impl Cache + 'static) -> Arc<dyn Cache> {
    Arc::new(TieredCache::new(Arc::new(near), Arc::new(far)))
}

fn local() -> LocalCache {
    LocalCache::new(1 << 20)
}

/// memcached before Redis, both empty. The servers live until this process ends.
fn far() -> TieredCache {
    let memcached = Box::leak(Box::new(test_servers::Memcached::start().unwrap()));
    let memcached = Memcached::with_timeout(&memcached.url(), TIMEOUT).unwrap();
    let redis = test_servers::Redis::shared().unwrap();
    let redis = Redis::with_timeout(&redis.empty_url(), TIMEOUT).unwrap();
    TieredCache::new(Arc::new(MemcachedCache::new(memcached)), Arc::new(RedisCache::new(redis)))
}

mod in_the_process {
    async fn a_cache() -> std::sync::Arc<dyn ports::Cache> {
        super::tiered(super::local(), super::local())
    }

    port_contracts::cache!(a_cache);
}

mod in_three_tiers {
    async fn a_cache() -> std::sync::Arc<dyn ports::Cache> {
        super::tiered(super::local(), super::far())
    }

    port_contracts::cache!(a_cache);
}

async fn placed(record: &Sqlite) -> Order {
    let (user, product) = (sample::user(), sample::product(None));
    let order = sample::order(&user, &[(&product, 2)]);
    let work = UnitOfWork::new()
        .with_write(Write::InsertUser(user, sample::hash("x")))
        .with_write(sample::insert_product(&product))
        .with_write(sample::insert_order(&order));
    record.commit(work).await.unwrap();
    order
}

async fn shown(instance: &CachedOrders, order: &Order) -> Order {
    instance.find_order(&order.number).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_as_it_stands_on_every_instance_whatever_the_caches_hold() {
    let folder = tempfile::tempdir().unwrap();
    let record = Arc::new(Sqlite::open(&folder.path().join("record.db")).await.unwrap());
    let shared: Arc<dyn Cache> = Arc::new(far());
    let near: [Arc<dyn Cache>; 2] = [Arc::new(local()), Arc::new(local())];
    let caches = near.map(|it| -> Arc<dyn Cache> { Arc::new(TieredCache::new(it, shared.clone())) });
    let instances = [0, 1].map(|at: usize| CachedOrders::new(record.clone(), caches[at].clone()));
    let publishing = WriteThroughStore::new(record.clone(), caches[0].clone());
    let mut order = placed(&record).await;
    let name = format!("order:{}", order.number);
    for (to, is_lost) in
        [(OrderStatus::Paid, false), (OrderStatus::RefundPending, true), (OrderStatus::Refunded, false)]
    {
        for instance in &instances {
            assert_eq!(shown(instance, &order).await, order);
        }
        let before = shared.get_entry(&name).await.unwrap().unwrap();
        let mut progress = OrderChange::from_order(order);
        progress.transition(to, ChangedBy::GATEWAY, None, sample::at(5)).unwrap();
        order = progress.order().clone();
        let work = UnitOfWork::new().with_order_change(progress);
        let store: &dyn Store = if is_lost { record.as_ref() } else { &publishing };
        store.commit(work).await.unwrap();
        let kept = shared.get_entry(&name).await.unwrap().unwrap();
        assert_eq!(kept.version == order.revision.get(), !is_lost, "the copy is new, or its news was lost");
        for instance in &instances {
            assert_eq!(shown(instance, &order).await, order);
        }
        // The servers come back with what they had.
        shared.remove_entry(&name).await.unwrap();
        shared.put_entry(&name, before, TIMEOUT).await.unwrap();
        for instance in &instances {
            assert_eq!(shown(instance, &order).await, order);
        }
    }
}
