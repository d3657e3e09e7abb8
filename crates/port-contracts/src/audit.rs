//! The suite for reads of the whole record. That orphans and flaws are found is shown on each SQL adapter by
//! [`assert_each_orphan_is_found`](orphans::assert_each_orphan_is_found) and
//! [`assert_each_flaw_is_found`](flaws::assert_each_flaw_is_found): no commit makes one.

pub mod flaws;
pub mod orphans;

use std::collections::BTreeSet;

use domain::{
    FeedEvent, Order, OrderChange, OrderKey, Session, WebhookDelivery, payment::EventDisposition,
    payment::StoredEvent, webhook::DeliveryStatus,
};
use ports::{Claim, KeptOrder, NewFeedEvent, Orphan, OrphanCursor, Prunable, WebhookWrite, Write};

use crate::{
    Backend,
    archive::archival,
    sample::{self, at},
};

/// Generates the tests of this suite for an adapter; the fixture returns a [`Backend`].
#[macro_export]
macro_rules! audit {
    ($($fixture:tt)+) => { $crate::stamp! { audit:
        orders_are_listed_by_row_wherever_they_are
        an_order_that_moves_between_two_pages_is_on_one_of_them
        nothing_in_a_whole_record_is_an_orphan
        prunable_rows_are_known_until_they_are_deleted
        ; $($fixture)+
    } };
}

async fn list(backend: &Backend, after: Option<OrderKey>, limit: u32) -> Vec<KeptOrder> {
    backend.audit.list_kept_orders(after, limit).await.expect("read")
}

/// All orphans, in pages of `limit` rows, and the number of relations.
pub(crate) async fn walk_orphans(backend: &Backend, limit: u32) -> (Vec<Orphan>, usize) {
    let (mut found, mut relations) = (Vec::new(), BTreeSet::new());
    let mut cursor = Some(OrphanCursor::default());
    while let Some(at) = cursor {
        let page = backend.audit.list_orphans(at, limit).await.expect("read");
        relations.insert(at.relation);
        found.extend(page.orphans);
        cursor = page.next;
    }
    (found, relations.len())
}

fn kept(order: &Order) -> KeptOrder {
    KeptOrder { key: order.key, number: order.number.clone(), copies: 1 }
}

/// With a cursor and a limit.
pub async fn orders_are_listed_by_row_wherever_they_are(backend: &Backend) {
    assert_eq!(list(backend, None, 9).await, []);
    let mut orders = [backend.order().await, backend.order().await, backend.order().await];
    orders.sort_by_key(|it| it.key);
    let all: Vec<_> = orders.iter().map(kept).collect();
    for order in orders.iter().step_by(2) {
        backend.commit([archival(order)]).await;
        assert_eq!(list(backend, None, 9).await, all);
    }
    let mut after = None;
    for order in &all {
        assert_eq!(list(backend, after, 1).await.as_slice(), std::slice::from_ref(order));
        after = Some(order.key);
    }
    assert_eq!(list(backend, after, 9).await, []);
}

/// In both directions.
pub async fn an_order_that_moves_between_two_pages_is_on_one_of_them(backend: &Backend) {
    let mut orders = [backend.order().await, backend.order().await];
    orders.sort_by_key(|it| it.key);
    let [first, second] = &orders;
    backend.commit([archival(first)]).await;
    let page = list(backend, None, 1).await;
    assert_eq!(page, [kept(first)]);
    // A change brings the first one back, behind the reader, and the second one goes before it is read.
    let archived = backend.orders.find_order(&first.number).await.expect("read").expect("there");
    let mut change = OrderChange::from_order(archived);
    change.edit_details(Default::default(), at(9));
    backend.commit_change(change).await;
    backend.commit([archival(second)]).await;
    assert_eq!(list(backend, Some(first.key), 9).await, [kept(second)]);
}

/// Also when parts of it are in the archive, and name what is not.
pub async fn nothing_in_a_whole_record_is_an_orphan(backend: &Backend) {
    for is_archived in [false, true] {
        let order = backend.order().await;
        let transaction = backend.transaction(&order, |_| {}).await;
        let event = StoredEvent {
            disposition: EventDisposition::Applied,
            ..sample::event("sandbox", Some(&transaction.id))
        };
        let user = backend.users.find_user_by_key(order.owner).await.expect("read").expect("there");
        let claim = Claim { resource: order.number.to_string(), ..sample::claim(&user) };
        let writes = [
            Write::InsertEvent(event),
            Write::InsertAttempts(vec![sample::attempt(&transaction, 1)]),
            Write::Claim(claim),
            Write::InsertSession(sample::session(&user), sample::origin()),
            Write::InsertFeedEvents(vec![sample::feed_event(&order.number, 1).into()]),
        ];
        backend.commit(writes).await;
        if is_archived {
            let order = backend.orders.find_order(&order.number).await.expect("read").expect("there");
            backend.commit([archival(&order)]).await;
        }
    }
    for limit in [1, 2, 100] {
        assert_eq!(walk_orphans(backend, limit).await.0, []);
    }
}

/// Three rows of each kind whose time ends five seconds after the start.
async fn store_prunable_rows(backend: &Backend) {
    let (user, endpoint) = (backend.user().await, sample::endpoint());
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |_| ()).await;
    backend.commit([Write::Webhook(WebhookWrite::InsertEndpoint(Box::new(endpoint.clone())))]).await;
    let delivery = |(n, status)| {
        let made = sample::delivery(&endpoint, n, "order:1");
        WebhookDelivery { created_at: at(5), status, next_attempt_at: None, ..made }
    };
    let claim = || Claim { expires_at: Some(at(5)), ..sample::claim(&user) };
    let expired = || Session { expires_at: at(5), ..sample::session(&user) };
    let revoked = Session { revoked_at: Some(at(5)), ..sample::session(&user) };
    let event = |n| FeedEvent { created_at: at(5), ..sample::feed_event(&order.number, n) };
    let sessions = [expired(), revoked, expired()].map(|it| Write::InsertSession(it, sample::origin()));
    backend.commit(sessions).await;
    backend.commit([claim(), claim(), claim()].map(Write::Claim)).await;
    let attempts = (0..3).map(|_| sample::attempt(&transaction, 5)).collect();
    backend.commit([Write::InsertAttempts(attempts)]).await;
    let over = [DeliveryStatus::Delivered, DeliveryStatus::Failed, DeliveryStatus::Delivered];
    let deliveries = (1..=3).zip(over).map(delivery).collect();
    backend.commit([Write::Webhook(WebhookWrite::InsertDeliveries(deliveries))]).await;
    let events = (1..=3).map(|n| NewFeedEvent::from(event(n))).collect();
    backend.commit([Write::InsertFeedEvents(events)]).await;
    backend.commit([Write::NumberFeedEvents(9)]).await;
}

/// Of each kind, as long as a commit that prunes has something to delete.
pub async fn prunable_rows_are_known_until_they_are_deleted(backend: &Backend) {
    for what in Prunable::ALL {
        assert!(!backend.audit.has_prunable_rows(what, at(6)).await.expect("read"), "{what:?} of nothing");
    }
    store_prunable_rows(backend).await;
    for what in Prunable::ALL {
        let has = async |before| backend.audit.has_prunable_rows(what, at(before)).await.expect("read");
        let mut known = vec![has(4).await, has(6).await];
        for _ in 0..2 {
            backend.commit([Write::Prune(what, at(6), 2)]).await;
            known.push(has(6).await);
        }
        assert_eq!(known, [false, true, true, false], "{what:?}: early, in time, with one left, with none");
    }
}
