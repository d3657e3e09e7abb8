use domain::{
    ChangedBy, OrderChange,
    order::{HistoryEntry, OrderStatus},
    payment::EventDisposition,
};
use ports::OrderRepository;

use super::*;
use crate::{caching::CachedOrders, testing::*};

const ORDER: &str = "order:n1";

struct Published {
    it: TestApp,
    cache: Arc<FakeCache>,
    store: WriteThroughStore,
}

/// A record with [`sample_order`] and [`sample_session`], and a cache with copies of them.
async fn bench() -> Published {
    let it = TestApp::new().with_state(|it| {
        it.users.push(account_of(ada(), "tea"));
        it.orders.push(order());
        it.sessions.push(kept_session(session()));
    });
    let cache = Arc::<FakeCache>::default();
    let store = WriteThroughStore::new(it.record.clone(), cache.clone());
    store.orders.put_order(&order()).await;
    store.sessions.put_session(&session()).await;
    Published { it, cache, store }
}

fn paying() -> UnitOfWork {
    let mut progress = OrderChange::from_order(order());
    progress.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, NOW).unwrap();
    UnitOfWork::new().with_order_change(progress)
}

impl Published {
    fn versions(&self) -> [Option<i64>; 2] {
        [self.cache.version(ORDER), self.cache.version("session:session")]
    }

    async fn shown(&self) -> Order {
        let orders = CachedOrders::new(self.it.app.orders.clone(), self.cache.clone());
        orders.find_order(&order().number).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn what_a_notice_changes_is_left_to_the_next_reader() {
    let of = bench().await;
    let event = stored_event("e1", EventDisposition::Applied);
    of.store.commit(paying().with_write(Write::InsertEvent(event))).await.unwrap();
    assert_eq!(of.versions()[0], Some(1), "the old copy");
    assert_eq!(of.shown().await.status, OrderStatus::Paid, "is not used");
    assert_eq!(of.versions()[0], Some(2));
}

#[tokio::test]
async fn what_a_commit_made_true_takes_the_place_of_old_copies() {
    let of = bench().await;
    let (read, next) = (Box::new(session()), Box::new(Session { generation: 2, ..session() }));
    of.store.commit(paying().with_write(Write::RotateSession { read, next })).await.unwrap();
    assert_eq!(of.versions(), [Some(2), Some(2)]);
    let copy: Order = serde_json::from_slice(&of.cache.lock_entries()[ORDER].0.bytes).unwrap();
    assert_eq!(copy, of.it.record.state().orders[0], "the copy is what the record has");
    let (key, id) = (domain::SessionKey::new(6), domain::SessionId::new("new".to_owned()));
    let login = Session { key, id, ..session() };
    of.store.commit(UnitOfWork::new().with_write(Write::InsertSession(login, origin()))).await.unwrap();
    assert_eq!(of.cache.version("session:new"), Some(1));
}

#[tokio::test]
async fn a_new_order_is_not_copied() {
    let of = bench().await;
    let (key, number) = (domain::OrderKey::new(11), domain::OrderNumber::new("n2".to_owned()));
    let new = Order { key, number, ..order() };
    let entry = HistoryEntry::for_new_order(&new, ChangedBy::customer(ada().key));
    let work = UnitOfWork::new().with_write(Write::InsertOrder { order: Box::new(new), entry });
    of.store.commit(work).await.unwrap();
    assert_eq!(of.cache.lock_entries().len(), 2);
}

#[tokio::test]
async fn a_commit_that_failed_changes_no_copy() {
    for error in [CommitError::Stale, CommitError::Failed(unavailable_error())] {
        let of = bench().await;
        of.it.record.refuse_next_commit(error);
        of.store.commit(paying()).await.unwrap_err();
        assert_eq!(of.versions(), [Some(1), Some(1)]);
        assert_eq!(of.shown().await, order());
    }
}

#[tokio::test]
async fn a_commit_with_an_unknown_outcome_is_shown_if_it_happened() {
    let of = bench().await;
    of.it.record.lose_next_answer();
    of.store.commit(paying()).await.unwrap_err();
    assert_eq!(of.versions(), [Some(1), Some(1)], "the old copy is still there");
    assert_eq!(of.shown().await.status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_cache_that_is_away_fails_no_commit() {
    let of = bench().await;
    of.cache.set_unavailable(true);
    of.store.commit(paying()).await.unwrap();
    of.cache.set_unavailable(false);
    assert_eq!(of.versions()[0], Some(1), "it comes back with what it had");
    assert_eq!(of.shown().await.status, OrderStatus::Paid);
}

#[tokio::test]
async fn an_order_whose_status_stays_is_not_copied() {
    let of = bench().await;
    of.store.commit(UnitOfWork::new().with_order_change(OrderChange::from_order(order()))).await.unwrap();
    assert_eq!(of.versions()[0], Some(1), "the old copy, which is not shown any more");
    assert_eq!(of.shown().await, of.it.record.state().orders[0]);
}
