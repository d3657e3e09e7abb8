//! The suite for commits in general. The guard of each write is tested in the suite of its repository.

mod batches;

pub use batches::*;

use std::{sync::Arc, time::Duration};

use domain::{
    ChangedBy, Finding, Order, OrderChange, Product, Refund, Session, Text, Transaction, User,
    order::{OrderStatus, StockLine},
    payment::{EventDisposition, PaymentRequest, PaymentRequestKind, RawFacts, StoredEvent},
    product::{ProductChange, StockUpdate},
};
use ports::{ChangeFilter, Claim, CommitError, PortError, Store, UnitOfWork, Write};
use tokio::time::timeout;

use crate::{
    Backend,
    backend::{RIVALS, is_stale},
    sample,
};

/// How long a commit may continue after its future was dropped.
const SETTLING_MAX: Duration = Duration::from_secs(10);
/// How often units that touch the same rows compete.
const ROUNDS: i64 = 20;
/// The pause between two checks whether a dropped commit has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! store {
    ($($fixture:tt)+) => { $crate::stamp! { store:
        a_commit_of_everything_makes_all_of_it_true
        a_commit_of_nothing_succeeds
        a_late_guard_undoes_every_kind_of_write_before_it
        a_key_or_id_that_was_given_out_twice_is_stale
        a_row_that_belongs_to_nothing_is_a_fault
        a_read_sees_every_commit_before_it
        one_order_moves_once_among_many_rivals
        units_that_name_the_same_rows_in_another_order_do_not_stop_each_other
        units_that_touch_the_same_orders_the_other_way_round_do_not_stop_each_other
        units_put_together_are_one_commit
        a_dropped_commit_runs_to_its_end
        a_commit_dropped_at_any_moment_is_whole_or_absent
        a_batch_of_units_is_the_same_as_each_of_them
        of_a_batch_of_changes_only_the_stale_ones_are_refused
        of_a_batch_each_unit_has_its_own_outcome
        a_batch_sells_nothing_that_an_operator_changed_meanwhile
        what_two_units_of_a_batch_claim_is_given_to_one
        units_of_a_batch_that_change_one_order_are_decided_one_after_the_other
        a_batch_keeps_the_limits_of_a_user
        batches_never_sell_more_than_there_is
        batches_that_share_rows_do_not_stop_each_other
        two_changes_of_an_account_in_one_batch_end_as_one_after_the_other
        two_changes_of_a_shop_in_one_batch_end_as_one_after_the_other
        ; $($fixture)+
    } };
}

/// Rows that refer to each other, for a shop's first sale, in one unit.
pub async fn a_commit_of_everything_makes_all_of_it_true(backend: &Backend) {
    let (user, product) = (sample::user(), sample::product(Some(5)));
    let order = sample::order(&user, &[(&product, 2)]);
    let (claim, session) = (sample::claim(&user), sample::session(&user));
    let (transaction, finding) = (sample::transaction(&order), sample::finding());
    let event = sample::event("sandbox", Some(&transaction.id));
    backend
        .commit([Write::InsertUser(user.clone(), sample::hash("x")), sample::insert_product(&product)])
        .await;
    let all = [
        Write::InsertFinding(finding.clone()),
        Write::InsertTransaction(Box::new(transaction.clone())),
        sample::sell_product(&product, 2),
        sample::insert_order(&order),
        Write::InsertSession(session.clone(), sample::origin()),
        Write::InsertEvent(event.clone()),
        Write::StoreReply { key: claim.key.clone(), reply: sample::reply() },
        Write::Claim(claim.clone()),
    ];
    backend.commit(all).await;
    let answered = Claim { reply: Some(sample::reply()), ..claim.clone() };
    assert_eq!(
        backend.claims.find_claim(&claim.key).await.expect("read"),
        Some(answered),
        "the claim and its answer"
    );
    assert_eq!(backend.sessions.find_session(&session.id).await.expect("read"), Some(session), "the session");
    assert_eq!(backend.orders.find_order(&order.number).await.expect("read"), Some(order), "the order");
    assert_eq!(
        backend.payments.find_transaction(&transaction.id).await.expect("read"),
        Some(transaction),
        "the transaction"
    );
    assert_eq!(
        backend.events.find_event(&event.gateway, &event.id).await.expect("read"),
        Some(event),
        "the event"
    );
    assert_eq!(backend.findings.find_finding(&finding.id).await.expect("read"), Some(finding), "the finding");
    assert_eq!(backend.stock(&product).await, Some(3), "the stock that is left");
}

/// A unit without writes has no guard that could refuse it.
pub async fn a_commit_of_nothing_succeeds(backend: &Backend) {
    backend.commit([]).await;
}

/// The last write in lock order fails, after nearly every kind of write.
pub async fn a_late_guard_undoes_every_kind_of_write_before_it(backend: &Backend) {
    let (order, finding) = (backend.order().await, sample::finding());
    let owner = backend.order().await.owner;
    let (stayer, newcomer) = (backend.user().await, sample::user());
    let (session, fresh) = (sample::session(&stayer), sample::session(&stayer));
    let transaction = backend.transaction(&order, |_| ()).await;
    let event = sample::event("sandbox", None);
    let [product, adjusted, sold] =
        [backend.product(Some(7)).await, backend.product(Some(7)).await, backend.product(None).await];
    backend
        .commit([Write::InsertSession(session.clone(), sample::origin()), Write::InsertEvent(event.clone())])
        .await;

    let mut progress = OrderChange::from_order(order.clone());
    let cancelled =
        progress.transition(OrderStatus::Cancelled, ChangedBy::customer(order.owner), None, sample::at(9));
    cancelled.expect("a customer may cancel");
    let mut checked = transaction.clone();
    checked.checks = 4;
    let line = StockLine { product: product.id.clone(), quantity: 1 };
    let resolution = Write::ResolveFinding {
        id: finding.id.clone(),
        note: Text::new("done"),
        by: ChangedBy::SYSTEM,
        at: sample::at(9),
    };
    let renamed = Product { name: Text::new("Coffee"), version: product.version.next(), ..product.clone() };
    let writes = [
        Write::MoveEvent { key: event.key, from: event.disposition, to: EventDisposition::Applied },
        Write::InsertUser(newcomer.clone(), sample::hash("x")),
        Write::ChangePassword { user: stayer.key, from: sample::hash("first"), to: sample::hash("second") },
        Write::InsertSession(fresh.clone(), sample::origin()),
        Write::RevokeSession { user: session.user, session: session.key, at: sample::at(9) },
        Write::RevokeSessions { user: owner, except: None, at: sample::at(9) },
        Write::UpdateOrder(Box::new(progress)),
        sample::update_transaction(checked),
        sample::replace_product(&renamed, product.version, StockUpdate::Set(None)),
        sample::adjust_stock(&adjusted, 3, sample::change(&stayer)),
        sample::sell_product(&sold, 2),
        Write::ReturnStock(line),
        resolution,
    ];
    backend.expect_stale(writes).await;

    assert_eq!(
        backend.events.find_event(&event.gateway, &event.id).await.expect("read"),
        Some(event),
        "the event"
    );
    assert_eq!(backend.users.find_user(&newcomer.id).await.expect("read"), None, "the newcomer");
    let hash = backend.users.find_password_hash(stayer.key).await.expect("read");
    assert_eq!(hash.expect("a hash").expose_secret(), sample::hash("first").expose_secret(), "the password");
    assert_eq!(backend.sessions.find_session(&fresh.id).await.expect("read"), None, "the new session");
    assert_eq!(
        backend.sessions.find_session(&session.id).await.expect("read"),
        Some(session),
        "the old session"
    );
    assert_eq!(backend.orders.list_history_entries(order.key).await.expect("read").len(), 1, "the history");
    assert_eq!(backend.orders.find_order(&order.number).await.expect("read"), Some(order), "the order");
    assert_eq!(
        backend.payments.find_transaction(&transaction.id).await.expect("read"),
        Some(transaction),
        "the transaction"
    );
    for product in [product, adjusted, sold] {
        expect_unchanged_product(backend, &product).await;
    }
}

async fn expect_unchanged_product(backend: &Backend, product: &Product) {
    let found = backend.products.find_product(&product.id).await.expect("read");
    assert_eq!(found.as_ref(), Some(product), "the products");
    let changes = backend.products.list_product_changes(product.key, ChangeFilter::Any, None, 9).await;
    assert_eq!(changes.expect("read").data.len(), 1, "made, and not changed");
}

/// A retry generates new ones. In particular an event under another event's key is not a duplicate and must
/// not be lost.
pub async fn a_key_or_id_that_was_given_out_twice_is_stale(backend: &Backend) {
    let (order, user) = (backend.order().await, backend.user().await);
    let (product, change) = (backend.product(None).await, sample::change(&user));
    backend.commit([Write::InsertProduct(sample::product(None), change.clone())]).await;
    let paid = |it: &mut Transaction| {
        it.facts = sample::restore_facts(RawFacts { displaced: true, ..sample::captured_facts(it.amount) });
    };
    let (transaction, rival) =
        (backend.transaction(&order, paid).await, backend.transaction(&order, paid).await);
    let refund = sample::refund(&transaction, "1");
    let (session, event, finding) =
        (sample::session(&user), sample::event("sandbox", None), sample::finding());
    let insert_user = |user: User| Write::InsertUser(user, sample::hash("x"));
    let refunded = |transaction: &Transaction, refund: Refund| {
        sample::update_transaction(Transaction { refunds: vec![refund], ..transaction.clone() })
    };
    let insert_transaction = |it: Transaction| Write::InsertTransaction(Box::new(it));
    let kept = [
        Write::InsertSession(session.clone(), sample::origin()),
        Write::InsertEvent(event.clone()),
        Write::InsertFinding(finding.clone()),
        refunded(&transaction, refund.clone()),
    ];
    backend.commit(kept).await;
    let (other, fresh) = (backend.order().await, || sample::transaction(&order));
    for twice in [
        insert_user(User { key: user.key, ..sample::user() }),
        insert_user(User { id: user.id.clone(), ..sample::user() }),
        Write::InsertSession(Session { key: session.key, ..sample::session(&user) }, sample::origin()),
        Write::InsertSession(Session { id: session.id, ..sample::session(&user) }, sample::origin()),
        sample::insert_product(&Product { key: product.key, ..sample::product(None) }),
        Write::InsertProduct(
            sample::product(None),
            ProductChange { key: change.key, ..sample::change(&user) },
        ),
        Write::InsertProduct(
            sample::product(None),
            ProductChange { id: change.id.clone(), ..sample::change(&user) },
        ),
        sample::insert_order(&Order {
            key: order.key,
            number: sample::order(&user, &[(&product, 1)]).number,
            ..order.clone()
        }),
        sample::insert_order(&Order { key: sample::order(&user, &[(&product, 1)]).key, ..other }),
        insert_transaction(Transaction { key: transaction.key, ..fresh() }),
        insert_transaction(Transaction { id: transaction.id.clone(), ..fresh() }),
        insert_transaction(Transaction { sequence: transaction.sequence, ..fresh() }),
        refunded(&rival, Refund { key: refund.key, ..sample::refund(&rival, "1") }),
        refunded(&transaction, Refund { id: refund.id, ..sample::refund(&transaction, "1") }),
        Write::InsertEvent(StoredEvent { key: event.key, ..sample::event("sandbox", None) }),
        Write::InsertFinding(Finding { key: finding.key, ..sample::finding() }),
        Write::InsertFinding(Finding { id: finding.id, ..sample::finding() }),
    ] {
        backend.expect_stale([twice]).await;
    }
}

/// A session or an order of no account, a payment of no order, a request or a next action of no payment.
pub async fn a_row_that_belongs_to_nothing_is_a_fault(backend: &Backend) {
    let (stranger, order) = (sample::user(), backend.order().await);
    let unplaced = sample::order(&backend.user().await, &[(&backend.product(None).await, 1)]);
    let request = PaymentRequest {
        transaction: sample::transaction(&order).key,
        kind: PaymentRequestKind::Capture,
        amount: order.amount,
        requested_by: ChangedBy::SYSTEM,
        requested_at: sample::at(1),
    };
    for orphan in [
        Write::InsertSession(sample::session(&stranger), sample::origin()),
        sample::insert_order(&Order { owner: stranger.key, ..unplaced.clone() }),
        Write::InsertTransaction(Box::new(sample::transaction(&unplaced))),
        Write::InsertRequest(request),
        sample::set_next_action(&sample::transaction(&order), "https://pay.example/1"),
    ] {
        let error = backend.expect_refusal([orphan.clone()]).await;
        let is_fault = matches!(error, CommitError::Failed(PortError::Bug(_)));
        assert!(is_fault, "refused as a fault, not as {error:?}: {orphan:?}");
    }
}

/// Once a commit has been answered, every read sees it.
pub async fn a_read_sees_every_commit_before_it(backend: &Backend) {
    let mut product = backend.product(Some(0)).await;
    for stock in 1..=50 {
        backend.commit([sample::replace_with_next(&product, StockUpdate::Set(Some(stock)))]).await;
        product = Product { stock: Some(stock), ..product.next_version(sample::at(9)) };
        let found = backend.products.find_product(&product.id).await.expect("read");
        assert_eq!(found.as_ref(), Some(&product), "the read began after commit {stock}");
    }
}

/// Of many concurrent changes one is committed, with all of its writes.
pub async fn one_order_moves_once_among_many_rivals(backend: &Backend) {
    let order = backend.order().await;
    let race = backend.race(|| {
        let mut progress = OrderChange::from_order(order.clone());
        let step = progress.transition(
            OrderStatus::Cancelled,
            ChangedBy::customer(order.owner),
            None,
            sample::at(5),
        );
        step.expect("a customer may cancel");
        UnitOfWork::new().with_order_change(progress)
    });
    race.await.assert_outcome(1, is_stale);
    assert_eq!(
        backend.orders.list_history_entries(order.key).await.expect("read").len(),
        2,
        "placed and cancelled, once each"
    );
    let product = &order.items.first().expect("a line").product;
    let left = backend.products.find_product(product).await.expect("read").expect("the product").stock;
    assert_eq!(left, Some(10), "the stock came back once");
}

/// Two products: half of the units take them in one order, the others in the reverse order.
pub async fn units_that_name_the_same_rows_in_another_order_do_not_stop_each_other(backend: &Backend) {
    let (one, two) = (backend.product(Some(1_000)).await, backend.product(Some(1_000)).await);
    let mut turn = false;
    let race = backend.race(|| {
        turn = !turn;
        let pair = if turn { [&one, &two] } else { [&two, &one] };
        UnitOfWork::new().with_writes(pair.map(|product| sample::sell_product(product, 1)))
    });
    race.await.assert_outcome(RIVALS, |_| false);
    let left = (backend.stock(&one).await, backend.stock(&two).await);
    assert_eq!(left, (Some(936), Some(936)), "{RIVALS} pieces of each are gone");
}

/// Two orders and a session of each of their owners, touched in one order by half of the units and in the
/// reverse order by the others. In each round one succeeds, the others are stale, and there is no deadlock.
pub async fn units_that_touch_the_same_orders_the_other_way_round_do_not_stop_each_other(backend: &Backend) {
    let orders = [backend.order().await, backend.order().await];
    let sessions = orders.each_ref().map(|it| Session { user: it.owner, ..sample::session(&sample::user()) });
    backend.commit(sessions.clone().map(|it| Write::InsertSession(it, sample::origin()))).await;
    for round in 1..=ROUNDS {
        let mut touched = Vec::new();
        for (order, session) in orders.iter().zip(&sessions) {
            let read = backend.orders.find_order(&order.number).await.expect("read").expect("the order");
            touched.push((OrderChange::from_order(read), session));
        }
        let touch = |(progress, session): &(OrderChange, &Session)| {
            let at = sample::at(round);
            UnitOfWork::new()
                .with_write(Write::RevokeSession { user: session.user, session: session.key, at })
                .with_order_change(progress.clone())
        };
        let mut turn = false;
        let race = backend.race(|| {
            turn = !turn;
            let [one, two] = [touched.first(), touched.last()].map(|it| touch(it.expect("two of them")));
            if turn { one.merge(two) } else { two.merge(one) }
        });
        race.await.assert_outcome(1, is_stale);
    }
}

/// A client that disconnects does not cancel the order that is being committed.
pub async fn a_dropped_commit_runs_to_its_end(backend: &Backend) {
    let finding = sample::finding();
    let work = UnitOfWork::new().with_write(Write::InsertFinding(finding.clone()));
    // A time of zero polls the future once and drops it.
    let _ = timeout(Duration::ZERO, backend.store.commit(work)).await;
    let kept = timeout(SETTLING_MAX, async {
        while backend.findings.find_finding(&finding.id).await.expect("read").is_none() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    kept.await.expect("a commit that was begun ends, although its caller has gone");
}

/// Futures are dropped after longer and longer times. Each unit is stored as a whole or not at all, and the
/// next commit succeeds.
pub async fn a_commit_dropped_at_any_moment_is_whole_or_absent(backend: &Backend) {
    let user = backend.user().await;
    for round in 0..40 {
        let (claim, finding) = (sample::claim(&user), sample::finding());
        let work = UnitOfWork::new()
            .with_write(Write::Claim(claim.clone()))
            .with_write(Write::InsertFinding(finding.clone()));
        let store: Arc<dyn Store> = Arc::clone(&backend.store);
        let _ = timeout(Duration::from_micros(round * 50), store.commit(work)).await;
        backend.commit([Write::InsertFinding(sample::finding())]).await;
        // The commit may still be running, so only a unit that was seen once must be seen by later reads.
        let claimed = backend.claims.find_claim(&claim.key).await.expect("read").is_some();
        let found = backend.findings.find_finding(&finding.id).await.expect("read").is_some();
        assert!(found || !claimed, "round {round}: the claim is there and the finding is not");
        let claimed = backend.claims.find_claim(&claim.key).await.expect("read").is_some();
        assert!(claimed || !found, "round {round}: the finding is there and the claim is not");
    }
}
