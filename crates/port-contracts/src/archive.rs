//! The suite for orders that are moved to the archive, and that come back.

mod scene;

use domain::{
    Order, OrderChange, OrderKey,
    order::{OrderDetails, OrderReference},
    payment::{EventDisposition, ReferenceOwner, StoredEvent},
};
use ports::{
    CommitError, ErasureProgress, OldOrder, OrderCursor, OrderFilter, PaymentFilter, PaymentMoment,
    PaymentPeriod, RefundFilter, UnitOfWork, Write,
};

use self::scene::{Scene, close_order, read_all, scene};
use crate::{
    Backend,
    sample::{self, at},
};

/// Generates the tests of this suite for an adapter; the fixture returns a [`Backend`].
#[macro_export]
macro_rules! archive {
    ($($fixture:tt)+) => { $crate::stamp! { archive:
        an_archived_order_is_read_as_it_was
        an_archived_order_is_in_no_list
        an_order_is_archived_only_as_it_was_read
        an_order_with_an_open_event_stays
        a_change_brings_an_archived_order_back_whole
        a_stale_change_leaves_an_archived_order_where_it_is
        one_of_many_changes_of_an_archived_order_wins
        a_change_in_a_batch_brings_an_archived_order_back
        an_order_can_go_and_come_again
        what_an_archived_order_took_stays_taken
        a_list_goes_on_behind_an_order_that_was_archived
        payments_of_a_period_are_listed_wherever_they_are
        old_orders_are_closed_ones_of_accounts_that_are_not_being_erased
        archived_orders_are_listed_by_row
        ; $($fixture)+
    } };
}

/// Moves an order to the archive.
pub(crate) fn archival(order: &Order) -> Write {
    Write::ArchiveOrders(vec![(order.key, order.revision)])
}

async fn is_listed(backend: &Backend) -> bool {
    let orders = backend.orders.list_orders(OrderFilter { limit: 9, ..OrderFilter::default() }).await;
    !orders.expect("read").data.is_empty()
}

async fn is_archived(backend: &Backend, order: &Order) -> bool {
    let archived = backend.orders.list_archived_orders(None, None, 100).await.expect("read");
    archived.contains(&(order.key, order.number.clone()))
}

/// By number and by the ids of its payments: the order, and everything that belongs to it.
pub async fn an_archived_order_is_read_as_it_was(backend: &Backend) {
    let scene = scene(backend).await;
    let before = read_all(backend, &scene).await;
    assert!(before.contains("pi_1") && before.contains("Won"), "{before}");
    backend.commit([archival(&scene.order)]).await;
    assert!(is_archived(backend, &scene.order).await);
    assert_eq!(read_all(backend, &scene).await, before);
    let order = backend.orders.find_order(&scene.order.number).await.expect("read").expect("there");
    assert_eq!(order.details, scene.order.details);
    assert_eq!(order.revision, scene.order.revision.next(), "a copy in a cache is outdated");
}

/// Of orders, payments or refunds.
pub async fn an_archived_order_is_in_no_list(backend: &Backend) {
    let scene = scene(backend).await;
    let counts = async || {
        let orders = OrderFilter { limit: 9, ..OrderFilter::default() };
        let payments = PaymentFilter { limit: 9, ..PaymentFilter::default() };
        let refunds = RefundFilter { limit: 9, ..RefundFilter::default() };
        (
            backend.orders.list_orders(orders).await.expect("read").data.len(),
            backend.payments.list_payments(payments).await.expect("read").data.len(),
            backend.payments.list_all_refunds(refunds).await.expect("read").data.len(),
        )
    };
    assert_eq!(counts().await, (1, 1, 1));
    backend.commit([archival(&scene.order)]).await;
    assert_eq!(counts().await, (0, 0, 0));
}

/// At another revision, or when it is archived already, nothing moves: no order of the same commit does.
pub async fn an_order_is_archived_only_as_it_was_read(backend: &Backend) {
    let (first, second) = (scene(backend).await.order, backend.order().await);
    let both = |revision| Write::ArchiveOrders(vec![(first.key, first.revision), (second.key, revision)]);
    backend.expect_stale([both(second.revision.next())]).await;
    assert!(!is_archived(backend, &first).await);
    backend.commit([both(second.revision)]).await;
    assert!(is_archived(backend, &first).await && is_archived(backend, &second).await);
    backend.expect_stale([both(second.revision)]).await;
    backend.expect_stale([Write::ArchiveOrders(vec![(second.key, second.revision.next())])]).await;
}

/// A notice that could not be applied when it came is stored without a change of the order.
pub async fn an_order_with_an_open_event_stays(backend: &Backend) {
    let Scene { order, transaction, .. } = scene(backend).await;
    for disposition in [EventDisposition::Waiting, EventDisposition::Parked, EventDisposition::Overdue] {
        let event = StoredEvent { disposition, ..sample::event("sandbox", Some(&transaction.id)) };
        backend.commit([Write::InsertEvent(event.clone())]).await;
        backend.expect_stale([archival(&order)]).await;
        backend
            .commit([Write::MoveEvent { key: event.key, from: disposition, to: EventDisposition::Flagged }])
            .await;
    }
    backend.commit([archival(&order)]).await;
    assert!(is_archived(backend, &order).await);
}

/// A change of the order as it is now.
async fn edit(backend: &Backend, order: &Order, reference: &str) -> OrderChange {
    let present = backend.orders.find_order(&order.number).await.expect("read").expect("there");
    let mut change = OrderChange::from_order(present);
    let reference = Some(OrderReference::new(reference.to_owned()));
    change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, at(20));
    change
}

/// Whatever the change: it is listed again, with everything that belongs to it and the change, and a refund that is new in
/// the same commit.
pub async fn a_change_brings_an_archived_order_back_whole(backend: &Backend) {
    let scene = scene(backend).await;
    let before = read_all(backend, &scene).await;
    backend.commit([archival(&scene.order)]).await;
    let change = edit(backend, &scene.order, "PO-2").await;
    let mut next = scene.transaction.clone();
    next.references = vec![sample::known_reference(ReferenceOwner::Payment, "pi_1")];
    next.refunds.push(sample::refund(&next, "2"));
    let work = UnitOfWork::new().with_order_change(change).with_write(sample::update_transaction(next));
    backend.store.commit(work).await.expect("it comes back");
    assert!(is_listed(backend).await);
    assert!(!is_archived(backend, &scene.order).await);
    let after = read_all(backend, &scene).await;
    let order = backend.orders.find_order(&scene.order.number).await.expect("read").expect("there");
    assert_eq!(order.details.reference, Some(OrderReference::new("PO-2".to_owned())));
    let refunds = backend.payments.list_refunds(&scene.transaction.id).await.expect("read").expect("there");
    assert_eq!(refunds.len(), 2);
    for word in ["StoredHistoryEntry", "DisputeEvent", "StoredPaymentRequest", "StoredAttempt"] {
        assert_eq!(after.matches(word).count(), before.matches(word).count(), "{word}");
    }
}

/// One that was decided on before the order was archived, for example.
pub async fn a_stale_change_leaves_an_archived_order_where_it_is(backend: &Backend) {
    let scene = scene(backend).await;
    let stale = edit(backend, &scene.order, "PO-2").await;
    backend.commit([archival(&scene.order)]).await;
    backend.expect_stale([Write::UpdateOrder(Box::new(stale))]).await;
    assert!(is_archived(backend, &scene.order).await);
    assert!(!is_listed(backend).await);
}

/// The order comes back once, and the others decide again.
pub async fn one_of_many_changes_of_an_archived_order_wins(backend: &Backend) {
    let scene = scene(backend).await;
    backend.commit([archival(&scene.order)]).await;
    let change = edit(backend, &scene.order, "PO-2").await;
    let race = backend.race(|| UnitOfWork::new().with_order_change(change.clone()));
    race.await.assert_outcome(1, crate::backend::is_stale);
    assert!(is_listed(backend).await && !is_archived(backend, &scene.order).await);
}

/// Beside units about other orders, one of which is stale.
pub async fn a_change_in_a_batch_brings_an_archived_order_back(backend: &Backend) {
    let (scene, other, third) = (scene(backend).await, backend.order().await, backend.order().await);
    backend.commit([archival(&scene.order)]).await;
    let archived = edit(backend, &scene.order, "PO-2").await;
    let (good, stale) = (close_order(other.clone(), 9), close_order(third.clone(), 9));
    backend.commit_change(close_order(third, 8)).await;
    let units = [good, archived, stale].map(|it| UnitOfWork::new().with_order_change(it));
    let outcomes = backend.store.commit_all(units.into()).await;
    let committed: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(committed, [true, true, false], "{outcomes:?}");
    assert!(!is_archived(backend, &scene.order).await);
}

/// Also after it came back, and with rows that were inserted meanwhile.
pub async fn an_order_can_go_and_come_again(backend: &Backend) {
    let scene = scene(backend).await;
    for round in 0..3 {
        let present = backend.orders.find_order(&scene.order.number).await.expect("read").expect("there");
        backend.commit([archival(&present)]).await;
        // Rows of another order take keys while those of this one are archived.
        backend.order().await;
        backend.commit_change(edit(backend, &scene.order, &format!("round {round}")).await).await;
    }
    assert!(!is_archived(backend, &scene.order).await);
    assert_eq!(backend.orders.list_history_entries(scene.order.key).await.expect("read").len(), 2);
}

/// A gateway's reference, and the id of a notice.
pub async fn what_an_archived_order_took_stays_taken(backend: &Backend) {
    let scene = scene(backend).await;
    backend.commit([archival(&scene.order)]).await;
    let other = backend.transaction(&backend.order().await, |_| ()).await;
    backend.expect_stale([sample::learn_reference(&other, ReferenceOwner::Payment, "pi_1")]).await;
    let ids = [scene.event.id.clone()];
    assert_eq!(backend.events.list_stored_ids(&scene.event.gateway, &ids).await.expect("read"), ids);
    // One that was looked up before its first copy was stored and archived, alone and among others.
    let again = || {
        let key = sample::event("sandbox", None).key;
        UnitOfWork::new().with_write(Write::InsertEvent(StoredEvent { key, ..scene.event.clone() }))
    };
    let is_duplicate = |it: &Result<(), CommitError>| matches!(it, Err(CommitError::DuplicateEvent));
    let alone = backend.store.commit(again()).await;
    assert!(is_duplicate(&alone), "{alone:?}");
    let new = [sample::event("sandbox", None), sample::event("sandbox", None)];
    let [first, last] = new.map(|it| UnitOfWork::new().with_write(Write::InsertEvent(it)));
    let together = backend.store.commit_all(vec![first, again(), last]).await;
    let refused: Vec<_> = together.iter().map(is_duplicate).collect();
    assert_eq!(refused, [false, true, false], "{together:?}");
    assert_eq!(together.iter().filter(|it| it.is_ok()).count(), 2, "{together:?}");
    backend.commit_change(edit(backend, &scene.order, "it comes back").await).await;
}

/// The cursor of a page names an order, which need not be in the list any more.
pub async fn a_list_goes_on_behind_an_order_that_was_archived(backend: &Backend) {
    let orders = [backend.order().await, backend.order().await, backend.order().await];
    let filter = OrderFilter { limit: 1, ..OrderFilter::default() };
    let page = backend.orders.list_orders(filter.clone()).await.expect("read");
    let [first] = page.data.try_into().expect("one order");
    backend.commit([archival(&first)]).await;
    let after = page.next.as_deref().and_then(OrderCursor::parse);
    let page = backend.orders.list_orders(OrderFilter { after, limit: 9, ..filter }).await.expect("read");
    let rest: Vec<_> = page.data.iter().map(|it| it.key).collect();
    assert_eq!(rest.len(), 2);
    assert!(orders.iter().all(|it| it.key == first.key || rest.contains(&it.key)));
}

/// Both ledgers are compared over a period, and a payment that was archived is not missing in one of them.
pub async fn payments_of_a_period_are_listed_wherever_they_are(backend: &Backend) {
    let (archived, present) = (scene(backend).await, backend.order().await);
    let present = backend.transaction(&present, |it| it.created_at = at(0)).await;
    backend.commit([archival(&archived.order)]).await;
    let period = |moment, after| PaymentPeriod {
        gateway: sample::gateway("sandbox"),
        moment,
        from: at(0),
        until: at(20),
        after,
        limit: 1,
    };
    let mut listed = Vec::new();
    let mut after = None;
    while let Some(it) = backend
        .payments
        .list_payments_within(period(PaymentMoment::Requested, after))
        .await
        .expect("read")
        .pop()
    {
        listed.push(it.id.clone());
        after = Some(it);
    }
    assert_eq!(listed, [archived.transaction.id.clone(), present.id]);
    for moment in [PaymentMoment::Captured, PaymentMoment::Refunded] {
        let found = backend.payments.list_payments_within(period(moment, None)).await.expect("read");
        let ids: Vec<_> = found.into_iter().map(|it| it.id).collect();
        assert_eq!(ids, std::slice::from_ref(&archived.transaction.id));
    }
}

/// Oldest change first, then by row, before the date; with a cursor and a limit.
pub async fn old_orders_are_closed_ones_of_accounts_that_are_not_being_erased(backend: &Backend) {
    let mut old = Vec::new();
    for seconds in [7, 5, 5, 9] {
        let change = close_order(backend.order().await, seconds);
        old.push(change.order().clone());
        backend.commit_change(change).await;
    }
    backend.order().await;
    let erased = close_order(backend.order().await, 3);
    let user = backend.users.find_user_by_key(erased.order().owner).await.expect("read").expect("there");
    backend.commit_change(erased.clone()).await;
    let listed = async |after: Option<OldOrder>, limit| {
        backend.orders.list_old_orders(at(9), after, limit).await.expect("read")
    };
    let place = |it: &Order| OldOrder { updated_at: it.updated_at, key: it.key, number: it.number.clone() };
    assert_eq!(listed(None, 1).await, [place(erased.order())]);
    backend.open_erasure(&user).await;
    let mut expected: Vec<_> = old.iter().filter(|it| it.updated_at < at(9)).map(place).collect();
    expected.sort_by_key(|it| (it.updated_at, it.key));
    assert_eq!(expected.len(), 3);
    assert_eq!(listed(None, 9).await, expected);
    let [first, rest @ ..] = expected.as_slice() else { unreachable!("three") };
    assert_eq!(listed(Some(first.clone()), 9).await, rest);
    assert_eq!(listed(None, 1).await, std::slice::from_ref(first));
    let archived = old.iter().find(|it| it.key == first.key).expect("one of them");
    backend.commit([archival(archived)]).await;
    assert_eq!(listed(None, 9).await, rest);
    let done = Write::AdvanceErasure {
        user: user.key,
        from: ErasureProgress::Archive(None),
        to: ErasureProgress::Finished,
    };
    backend.commit([done]).await;
    assert_eq!(listed(None, 1).await, [place(erased.order())]);
}

/// Of one account or of all, with a cursor and a limit.
pub async fn archived_orders_are_listed_by_row(backend: &Backend) {
    let mut orders = vec![backend.order().await, backend.order().await, backend.order().await];
    backend.order().await;
    for order in &orders {
        backend.commit([archival(order)]).await;
    }
    orders.sort_by_key(|it| it.key);
    let all: Vec<_> = orders.iter().map(|it| (it.key, it.number.clone())).collect();
    let listed = async |owner, after: Option<OrderKey>, limit| {
        backend.orders.list_archived_orders(owner, after, limit).await.expect("read")
    };
    assert_eq!(listed(None, None, 9).await, all);
    let first = all.first().map(|it| it.0);
    assert_eq!(listed(None, first, 9).await.as_slice(), all.get(1..).unwrap_or_default());
    assert_eq!(listed(None, None, 1).await.as_slice(), all.get(..1).unwrap_or_default());
    let owner = orders.first().map(|it| it.owner);
    let own: Vec<_> = orders.iter().filter(|it| Some(it.owner) == owner).collect();
    assert_eq!(listed(owner, None, 9).await.len(), own.len());
    assert_eq!(listed(Some(domain::UserKey::new(1)), None, 9).await, []);
}
