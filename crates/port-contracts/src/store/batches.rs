//! Several units at once: each has the outcome that it would have alone.

mod changes;
mod pairs;

pub use changes::*;
pub use pairs::*;

use std::{collections::HashMap, sync::Arc};

use domain::{
    ChangedBy, Order, OrderChange, Product, User, UserKey,
    order::OrderStatus,
    payment::{NextAction, PaymentRequest, PaymentRequestKind, ReferenceOwner},
    product::StockUpdate,
};
use ports::{Claim, CommitError, OpenLimit, PortError, UnitOfWork, Write};
use tokio::task::JoinSet;

use crate::{
    Backend,
    backend::is_stale,
    sample::{self, at},
};

/// The units of one batch in most tests: more than a power of two.
const UNITS: usize = 13;
/// What no unit here reaches.
const MANY: u32 = 1_000_000;

/// A user's order with everything that placing it writes, and the claim of its key.
fn place_unit(order: &Order, lines: &[(&Product, u32)], claim: &Claim, limit: u32) -> UnitOfWork {
    UnitOfWork::new()
        .with_write(Write::Claim(Claim { reply: Some(sample::reply()), ..claim.clone() }))
        .with_write(sample::counted(order, limit, MANY))
        .with_write(sample::insert_order(order))
        .with_writes(lines.iter().map(|(product, quantity)| sample::sell_product(product, *quantity)))
}

/// One piece of that product, for a user of its own.
async fn one_piece(backend: &Backend, product: &Product) -> UnitOfWork {
    let user = backend.user().await;
    let lines = [(product, 1)];
    place_unit(&sample::order(&user, &lines), &lines, &sample::claim(&user), MANY)
}

fn is_short(error: &CommitError) -> bool {
    matches!(error, CommitError::OutOfStock(_))
}

fn is_full(error: &CommitError) -> bool {
    matches!(error, CommitError::LimitReached(OpenLimit::Orders))
}

/// Asserts how many of the units were committed, and that the others were refused for that reason.
#[track_caller]
fn assert_committed(outcomes: &[Result<(), CommitError>], count: usize, reason: fn(&CommitError) -> bool) {
    let refused: Vec<_> = outcomes.iter().filter_map(|it| it.as_ref().err()).collect();
    assert!(refused.iter().all(|it| reason(it)), "{refused:?}");
    assert_eq!(outcomes.len() - refused.len(), count);
}

/// Everything is read back, and stock and counts are those of all units together.
pub async fn a_batch_of_units_is_the_same_as_each_of_them(backend: &Backend) {
    let [tracked, scarce, untracked] =
        [backend.product(Some(1_000)).await, backend.product(Some(26)).await, backend.product(None).await];
    let (mut units, mut expected) = (Vec::new(), Vec::new());
    for number in 0..UNITS {
        let user = backend.user().await;
        let quantity = u32::try_from(number).expect("a small number") + 1;
        let lines = [(&tracked, quantity), (&scarce, 2), (&untracked, 1)];
        let (order, claim, finding) = (sample::order(&user, &lines), sample::claim(&user), sample::finding());
        let mut transaction = sample::transaction(&order);
        let request = PaymentRequest {
            transaction: transaction.key,
            kind: PaymentRequestKind::Payment,
            amount: order.amount,
            requested_by: ChangedBy::customer(user.key),
            requested_at: at(1),
        };
        let event = sample::event("sandbox", Some(&transaction.id));
        let text = format!("pi_{number}");
        let attempts: Vec<_> =
            (0..=i64::from(quantity) % 3).map(|it| sample::attempt(&transaction, it)).collect();
        let unit = place_unit(&order, &lines, &claim, MANY)
            .with_write(Write::InsertFinding(finding.clone()))
            .with_write(Write::InsertTransaction(Box::new(transaction.clone())))
            .with_write(Write::InsertRequest(request))
            .with_write(sample::learn_reference(&transaction, ReferenceOwner::Payment, &text))
            .with_write(Write::InsertAttempts(attempts.clone()))
            .with_write(sample::set_next_action(&transaction, &text))
            .with_write(Write::InsertEvent(event.clone()));
        units.push(unit);
        transaction.next_action = Some(NextAction::Redirect { url: text.clone() });
        transaction.references.push(sample::known_reference(ReferenceOwner::Payment, &text));
        expected.push((order, claim, finding, transaction, request, event, attempts));
    }
    let outcomes = backend.store.commit_all(units).await;
    assert_committed(&outcomes, UNITS, |_| false);
    for (order, claim, finding, transaction, request, event, attempts) in expected {
        let page = backend.payments.list_attempts(&transaction.id, None, 9).await.expect("read");
        assert_eq!(page.map(|it| it.data), Some(attempts));
        assert_eq!(backend.orders.find_order(&order.number).await.expect("read").as_ref(), Some(&order));
        assert_eq!(backend.orders.list_history_entries(order.key).await.expect("read").len(), 1);
        let claim = Claim { reply: Some(sample::reply()), ..claim };
        assert_eq!(backend.claims.find_claim(&claim.key).await.expect("read"), Some(claim));
        assert_eq!(backend.findings.find_finding(&finding.id).await.expect("read"), Some(finding));
        let read = backend.payments.find_transaction(&transaction.id).await.expect("read");
        assert_eq!(read, Some(transaction));
        let requests = backend.payments.list_payment_requests(order.key).await.expect("read");
        assert_eq!(requests.into_iter().map(|it| it.request).collect::<Vec<_>>(), [request]);
        let read = backend.events.find_event(&event.gateway, &event.id).await.expect("read");
        assert_eq!(read, Some(event));
    }
    let total: usize = (1..=UNITS).sum();
    let left = [backend.stock(&tracked).await, backend.stock(&scarce).await, backend.stock(&untracked).await];
    assert_eq!(left, [Some(1_000 - i64::try_from(total).expect("a small number")), Some(0), None]);
}

/// In the order of the units, whatever is refused among them.
pub async fn of_a_batch_each_unit_has_its_own_outcome(backend: &Backend) {
    let [plenty, scarce] = [backend.product(Some(100)).await, backend.product(Some(1)).await];
    let changed = backend.product(Some(100)).await;
    let retired = Product { active: false, version: changed.version.next(), ..changed.clone() };
    backend.commit([sample::replace_product(&retired, changed.version, StockUpdate::Keep)]).await;
    let (user, limited) = (backend.user().await, backend.user().await);
    let (used, event) = (sample::claim(&user), sample::event("sandbox", None));
    backend.commit([Write::Claim(used.clone()), Write::InsertEvent(event.clone())]).await;
    let lines = [(&scarce, 2)];
    let short = place_unit(&sample::order(&user, &lines), &lines, &sample::claim(&user), MANY);
    let lines = [(&plenty, 1)];
    let claimed = place_unit(&sample::order(&user, &lines), &lines, &used, MANY);
    let full = place_unit(&sample::order(&limited, &lines), &lines, &sample::claim(&limited), 0);
    let duplicate = UnitOfWork::new().with_write(Write::InsertEvent(event));
    let stranger = sample::user();
    let fault = UnitOfWork::new().with_write(sample::insert_order(&sample::order(&stranger, &lines)));
    let units = vec![
        one_piece(backend, &plenty).await,
        one_piece(backend, &changed).await,
        short,
        claimed,
        one_piece(backend, &plenty).await,
        full,
        duplicate,
        fault,
        one_piece(backend, &plenty).await,
    ];
    let outcomes = backend.store.commit_all(units).await;
    let [good, stale, short, claimed, good_too, full, duplicate, fault, last] = outcomes.as_slice() else {
        panic!("there is one outcome for each unit: {outcomes:?}")
    };
    assert!(good.is_ok() && good_too.is_ok() && last.is_ok(), "{outcomes:?}");
    assert!(matches!(stale, Err(CommitError::Stale)), "{stale:?}");
    assert!(matches!(short, Err(CommitError::OutOfStock(it)) if it[..] == [scarce.id]), "{short:?}");
    assert!(matches!(claimed, Err(CommitError::Claimed(it)) if **it == used), "{claimed:?}");
    assert!(matches!(full, Err(CommitError::LimitReached(OpenLimit::Orders))), "{full:?}");
    assert!(matches!(duplicate, Err(CommitError::DuplicateEvent)), "{duplicate:?}");
    assert!(matches!(fault, Err(CommitError::Failed(PortError::Bug(_)))), "{fault:?}");
    assert_eq!(backend.stock(&plenty).await, Some(97), "three were sold");
}

/// Each guard of a sale holds in a batch as in a unit of its own.
pub async fn a_batch_sells_nothing_that_an_operator_changed_meanwhile(backend: &Backend) {
    let change: [fn(&mut Product); 4] = [
        |it| it.price = sample::money("77.70"),
        |it| it.price = domain::Money::parse("9.99", "USD").expect("an amount"),
        |it| it.active = false,
        |it| it.stock = None,
    ];
    for change in change {
        let (kept, read) = (backend.product(Some(9)).await, backend.product(Some(9)).await);
        let mut next = read.next_version(at(9));
        change(&mut next);
        let stock = if next.stock.is_none() { StockUpdate::Set(None) } else { StockUpdate::Keep };
        backend.commit([sample::replace_product(&next, read.version, stock)]).await;
        let units = vec![
            one_piece(backend, &kept).await,
            one_piece(backend, &read).await,
            one_piece(backend, &kept).await,
        ];
        let outcomes = backend.store.commit_all(units).await;
        assert_committed(&outcomes, 2, is_stale);
        assert_eq!(backend.stock(&kept).await, Some(7));
        assert_eq!(backend.stock(&read).await, if next.stock.is_none() { None } else { Some(9) });
    }
}

/// One key, one event, and one answer to a key, each asked for by two units of a batch.
pub async fn what_two_units_of_a_batch_claim_is_given_to_one(backend: &Backend) {
    let user = backend.user().await;
    let (claim, event) = (sample::claim(&user), sample::event("sandbox", None));
    let open = sample::claim(&user);
    backend.commit([Write::Claim(open.clone())]).await;
    let reply = |body: &str| {
        let reply = ports::StoredReply { body: body.to_owned(), ..sample::reply() };
        Write::StoreReply { key: open.key.clone(), reply }
    };
    let units = [
        Write::Claim(claim.clone()),
        Write::InsertEvent(event.clone()),
        reply("first"),
        Write::Claim(claim),
        Write::InsertEvent(event),
        reply("second"),
    ];
    let units = units.map(|it| UnitOfWork::new().with_write(it)).into();
    let outcomes = backend.store.commit_all(units).await;
    let [one, event, reply, claimed, duplicate, answered] = outcomes.as_slice() else {
        panic!("{outcomes:?}")
    };
    assert!(one.is_ok() && event.is_ok() && reply.is_ok(), "{outcomes:?}");
    assert!(matches!(claimed, Err(CommitError::Claimed(_))), "{claimed:?}");
    assert!(matches!(duplicate, Err(CommitError::DuplicateEvent)), "{duplicate:?}");
    assert!(matches!(answered, Err(CommitError::Claimed(_))), "{answered:?}");
    let kept = backend.claims.find_claim(&open.key).await.expect("read").and_then(|it| it.reply);
    assert_eq!(kept.map(|it| it.body).as_deref(), Some("first"));
}

/// One order is changed once, by the first unit of the batch.
pub async fn units_of_a_batch_that_change_one_order_are_decided_one_after_the_other(backend: &Backend) {
    let order = backend.order().await;
    let unit = || {
        let mut change = OrderChange::from_order(order.clone());
        let by = ChangedBy::customer(order.owner);
        change.transition(OrderStatus::Cancelled, by, None, at(9)).expect("a customer may cancel");
        UnitOfWork::new().with_order_change(change)
    };
    let outcomes = backend.store.commit_all((0..UNITS).map(|_| unit()).collect()).await;
    assert!(outcomes.first().is_some_and(Result::is_ok), "the first one wins: {outcomes:?}");
    assert_committed(&outcomes, 1, is_stale);
    assert_eq!(backend.orders.list_history_entries(order.key).await.expect("read").len(), 2);
}

/// A limit of a user counts all units of the batch.
pub async fn a_batch_keeps_the_limits_of_a_user(backend: &Backend) {
    let (user, product) = (backend.user().await, backend.product(Some(100)).await);
    let lines = [(&product, 1)];
    let unit = || place_unit(&sample::order(&user, &lines), &lines, &sample::claim(&user), 3);
    let outcomes = backend.store.commit_all((0..UNITS).map(|_| unit()).collect()).await;
    assert_committed(&outcomes, 3, is_full);
    assert_eq!(backend.stock(&product).await, Some(97));
}

/// Commits batches at the same time, and gives all outcomes; without those that a busy machine leaves unknown.
async fn commit_at_once(backend: &Backend, batches: Vec<Vec<UnitOfWork>>) -> Vec<Result<(), CommitError>> {
    let mut running = JoinSet::new();
    for units in batches {
        let store = Arc::clone(&backend.store);
        running.spawn(async move {
            let mut outcomes = Vec::new();
            for (unit, outcome) in units.clone().into_iter().zip(store.commit_all(units).await) {
                outcomes.push(match outcome {
                    Err(CommitError::Failed(PortError::Unavailable(_))) => {
                        crate::backend::commit_until_known(&*store, unit).await
                    }
                    known => known,
                });
            }
            outcomes
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}

/// Of one product, by batches of several instances.
pub async fn batches_never_sell_more_than_there_is(backend: &Backend) {
    let product = backend.product(Some(20)).await;
    let mut batches = Vec::new();
    for _ in 0..4 {
        let mut units = Vec::new();
        for _ in 0..UNITS {
            units.push(one_piece(backend, &product).await);
        }
        batches.push(units);
    }
    let outcomes = commit_at_once(backend, batches).await;
    assert_committed(&outcomes, 20, is_short);
    assert_eq!(backend.stock(&product).await, Some(0));
}

/// The rows of a batch are locked in one order, whatever order its units name them in.
pub async fn batches_that_share_rows_do_not_stop_each_other(backend: &Backend) {
    let mut products = Vec::new();
    for _ in 0..8 {
        products.push(backend.product(Some(10_000)).await);
    }
    let mut users: HashMap<UserKey, _> = HashMap::new();
    for _ in 0..3 {
        let user = backend.user().await;
        users.insert(user.key, user);
    }
    let mut batches = Vec::new();
    for batch in 0..6_usize {
        let mut units = Vec::new();
        for (number, user) in (0..UNITS).zip(users.values().cycle()) {
            let [one, other] = [batch * 3 + number, batch + number * 5 + 1].map(|it| it % products.len());
            let all: Vec<_> = [one, other].into_iter().filter_map(|it| products.get(it)).collect();
            let mut lines: Vec<_> = all.into_iter().map(|it| (it, 1)).collect();
            lines.dedup_by_key(|(product, _)| product.key);
            units.push(place_unit(&sample::order(user, &lines), &lines, &sample::claim(user), MANY));
        }
        batches.push(units);
    }
    let outcomes = commit_at_once(backend, batches).await;
    assert_committed(&outcomes, 6 * UNITS, |_| false);
}

/// Orders of several customers for one product, each with an idempotency key. One used key refuses all.
pub async fn units_put_together_are_one_commit(backend: &Backend) {
    let product = backend.product(Some(10)).await;
    let users = [backend.user().await, backend.user().await, backend.user().await];
    let (orders, units): (Vec<_>, Vec<_>) = users.iter().map(|user| sale(user, &product)).unzip();
    let together = units.iter().cloned().fold(UnitOfWork::new(), UnitOfWork::merge);
    backend.store.commit(together).await.expect("every guard holds");
    for order in &orders {
        assert_eq!(backend.orders.find_order(&order.number).await.expect("read").as_ref(), Some(order));
    }
    assert_eq!(backend.stock(&product).await, Some(7), "one piece for each");

    let (late, unit) = sale(&backend.user().await, &product);
    let together = units.into_iter().fold(unit, UnitOfWork::merge);
    let refusal = backend.store.commit(together).await.expect_err("the keys are used");
    assert!(matches!(refusal, CommitError::Claimed(_)), "{refusal:?}");
    assert_eq!(
        backend.orders.find_order(&late.number).await.expect("read"),
        None,
        "though its own guards hold"
    );
    assert_eq!(backend.stock(&product).await, Some(7));
}

fn sale(user: &User, product: &Product) -> (Order, UnitOfWork) {
    let order = sample::order(user, &[(product, 1)]);
    let unit = UnitOfWork::new()
        .with_write(sample::sell_product(product, 1))
        .with_write(sample::insert_order(&order))
        .with_write(Write::Claim(sample::claim(user)));
    (order, unit)
}
