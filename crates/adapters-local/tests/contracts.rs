//! What the ports promise, of every adapter in this crate.

use std::sync::Arc;

use adapters_local::{LocalBroadcast, LocalCache, LocalLocks, LocalThrottle, MemoryRecord, SystemClock};
use port_contracts::{Backend, CorruptibleRecord, Corruption, RecordingObserver};
use ports::{Broadcast, Cache, Clock, LockManager, SharedCounters, Throttle};

async fn a_broadcast() -> Arc<dyn Broadcast> {
    Arc::new(LocalBroadcast::default())
}

async fn a_cache() -> Arc<dyn Cache> {
    Arc::new(LocalCache::new(1 << 20))
}

async fn a_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

async fn a_record() -> Backend {
    Backend::new(MemoryRecord::default(), ())
}

async fn a_corruptible_record() -> CorruptibleRecord {
    let observer = Arc::<RecordingObserver>::default();
    let record = Arc::new(MemoryRecord::default().watched_by(observer.clone()));
    let corruptible = Arc::clone(&record);
    CorruptibleRecord::new(Backend::shared(record, ()), observer, move |it: Corruption| {
        corruptible.corrupt_row(it.row);
        async {}
    })
}

async fn some_locks() -> Arc<dyn LockManager> {
    Arc::new(LocalLocks::default())
}

async fn a_throttle() -> Arc<dyn Throttle> {
    Arc::new(LocalThrottle::new(Arc::new(SystemClock)))
}

async fn some_counters() -> Arc<dyn SharedCounters> {
    Arc::new(LocalThrottle::new(Arc::new(SystemClock)))
}

port_contracts::broadcast!(a_broadcast);
port_contracts::cache!(a_cache);
port_contracts::clock!(a_clock);
port_contracts::counters!(some_counters);
port_contracts::locks!(some_locks);
port_contracts::record!(a_record);
port_contracts::unreadable!(a_corruptible_record);
port_contracts::throttle!(a_throttle);
