//! Statements are prepared once a connection, and no more of them are sent than there is to say.
//!
//! The counters are the server's own, so no other test uses this server.

use super::shop;
use adapters_mysql::MySql;
use domain::{
    ChangedBy, EventId, Order, OrderChange, Transaction, User,
    payment::{PaymentRequest, PaymentRequestKind, ReferenceOwner},
};
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::sample;
use ports::{
    CaseKey, ClaimRepository, EventRepository, OrderFilter, OrderRepository, PaymentRepository,
    ProductRepository, Store, UnitOfWork, Write,
};
use test_servers::MariaDb;

use crate::shop::{placing, stocked};

/// A fresh record, and a connection that asks for counters.
struct Bench {
    record: MySql,
    asker: Conn,
    _server: MariaDb,
}

impl Bench {
    async fn new() -> Self {
        let server = MariaDb::start().unwrap();
        let (record, url) = shop::record(&server).await;
        Self { record, asker: Conn::new(Opts::from_url(&url).unwrap()).await.unwrap(), _server: server }
    }

    /// What the server has counted so far; asking for it counts too.
    async fn count(&mut self, counter: &str) -> u64 {
        let query = format!("SHOW GLOBAL STATUS LIKE '{counter}'");
        let (_, count): (String, u64) = self.asker.query_first(query).await.unwrap().unwrap();
        count
    }

    /// How many statements a piece of work sends, each of them a round trip.
    async fn round_trips(&mut self, work: impl AsyncFnOnce(&MySql)) -> u64 {
        let before = self.count("Questions").await;
        work(&self.record).await;
        self.count("Questions").await - before - 1
    }
}

fn paying(order: &Order) -> (UnitOfWork, Transaction) {
    let transaction = sample::transaction(order);
    let work = UnitOfWork::new()
        .with_order_change(OrderChange::from_order(order.clone()))
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())));
    (work, transaction)
}

/// Everything that is done often, once.
async fn sell(record: &MySql) {
    let (user, products) = stocked(record).await;
    let ids: Vec<_> = products.iter().map(|it| it.id.clone()).collect();
    assert_eq!(record.find_products(&ids).await.unwrap().len(), ids.len());
    let (unit, order, _) = placing(&user, &products);
    record.commit(unit).await.unwrap();
    let batch = vec![placing(&user, &products).0, placing(&user, &products).0];
    assert!(record.commit_all(batch).await.iter().all(Result::is_ok));
    let numbers = [order.number.clone(), sample::order(&user, &[(&products[0], 1)]).number];
    assert_eq!(record.find_order_heads(&numbers).await.unwrap().len(), 1);
    let keys = [sample::claim(&user).key, sample::claim(&user).key];
    assert_eq!(record.find_claims(&keys).await.unwrap(), []);
    let (paying, mut transaction) = paying(&order);
    record.commit(paying).await.unwrap();
    transaction.facts = sample::restore_facts(sample::authorized_facts());
    record
        .commit(UnitOfWork::new().with_write(sample::update_transaction(transaction.clone())))
        .await
        .unwrap();
    assert!(OrderRepository::find_order(record, &order.number).await.unwrap().is_some());
    assert!(PaymentRepository::find_transaction(record, &transaction.id).await.unwrap().is_some());
    let keys = [CaseKey::Transaction(transaction.id.clone()), CaseKey::Order(order.number.clone())];
    for keys in [&keys[..1], &keys[1..], &keys] {
        let cases = record.find_cases(keys).await.unwrap();
        assert_eq!(cases.iter().map(|it| &it.transactions).collect::<Vec<_>>(), [&vec![transaction.clone()]]);
    }
    let stored = record.list_stored_ids(&transaction.gateway, &[EventId::new("no such event".into())]).await;
    assert_eq!(stored.unwrap(), []);
    let filter = OrderFilter { owner: Some(user.key), limit: 9, ..OrderFilter::default() };
    assert_eq!(OrderRepository::list_orders(record, filter).await.unwrap().data.len(), 3);
}

/// Also those with an `IN`: its keys are padded, so that one text serves many lengths.
#[tokio::test]
async fn the_second_sale_prepares_nothing() {
    let mut bench = Bench::new().await;
    sell(&bench.record).await;
    let before = [bench.count("Com_stmt_prepare").await, bench.count("Com_stmt_close").await];
    assert!(before[0] > 0, "the server counts them");
    sell(&bench.record).await;
    assert_eq!([bench.count("Com_stmt_prepare").await, bench.count("Com_stmt_close").await], before);
}

/// Begin; the claim with its answer, the order, its items, its history, the counts of the user's unpaid orders and of
/// two products in them, the stock of two products, its event; commit. A user's first order inserts the counts, one more
/// each.
#[tokio::test]
async fn a_further_order_of_two_lines_is_twelve_round_trips() {
    let mut bench = Bench::new().await;
    sell(&bench.record).await;
    let (user, products) = stocked(&bench.record).await;
    let with_event = || {
        let (work, order, _) = placing(&user, &products);
        let event = sample::feed_event(&order.number, 1);
        work.with_write(Write::InsertFeedEvents(vec![event.into()]))
    };
    let (first, further) = (with_event(), with_event());
    // Prepared the first time.
    let other = sample::feed_event(&sample::order(&user, &[(&products[0], 1)]).number, 1);
    let other = UnitOfWork::new().with_write(Write::InsertFeedEvents(vec![other.into()]));
    bench.record.commit(other).await.unwrap();
    assert_eq!(bench.round_trips(async |record| record.commit(first).await.unwrap()).await, 15);
    assert_eq!(bench.round_trips(async |record| record.commit(further).await.unwrap()).await, 12);
}

/// What a payment that is started alone sends, without the reads of its customer:
///
/// - the case of its order: the isolation and the beginning of the snapshot, order, lines, payments; the end
/// - begin; the claim, the order's revision, the payment, its request, its event; commit
/// - begin; the reply, the order's revision, the payment, its attempt, its reference, also in the archive, its event; commit
/// - a notice that says the same: begin; the notice, also in the archive; commit
/// - a case with an authorised payment reads its references and the notices that wait, too, by payment and by reference
#[tokio::test]
async fn a_payment_is_no_more_round_trips_than_it_has_parts() {
    let mut bench = Bench::new().await;
    let mut trips = Vec::new();
    // The second time, everything is prepared.
    for _ in 0..2 {
        let (user, products) = stocked(&bench.record).await;
        let (work, order, _) = placing(&user, &products);
        bench.record.commit(work).await.unwrap();
        trips.clear();
        let key = [CaseKey::Order(order.number.clone())];
        trips.push(bench.round_trips(async |it| drop(it.find_cases(&key).await.unwrap())).await);
        let (started, answered, transaction) = starting(&user, &order);
        trips.push(bench.round_trips(async |it| it.commit(started).await.unwrap()).await);
        trips.push(bench.round_trips(async |it| it.commit(answered).await.unwrap()).await);
        let notice = Write::InsertEvent(sample::event("sandbox", Some(&transaction.id)));
        let notice = UnitOfWork::new().with_write(notice);
        trips.push(bench.round_trips(async |it| it.commit(notice).await.unwrap()).await);
        let key = [CaseKey::Transaction(transaction.id.clone())];
        trips.push(bench.round_trips(async |it| drop(it.find_cases(&key).await.unwrap())).await);
    }
    assert_eq!(trips, [6, 7, 9, 4, 9]);
}

/// The two commits around the call that starts a payment, and the payment.
fn starting(user: &User, order: &Order) -> (UnitOfWork, UnitOfWork, Transaction) {
    let claim = sample::claim(user);
    let (paying, mut transaction) = paying(order);
    let event = |version| Write::InsertFeedEvents(vec![sample::feed_event(&order.number, version).into()]);
    let request = PaymentRequest {
        transaction: transaction.key,
        kind: PaymentRequestKind::Payment,
        amount: transaction.amount,
        requested_by: ChangedBy::customer(user.key),
        requested_at: transaction.created_at,
    };
    let started = paying
        .with_write(Write::Claim(claim.clone()))
        .with_write(Write::InsertRequest(request))
        .with_write(event(2));
    let claimed = OrderChange::from_order(order.clone()).order().clone();
    let attempt = Write::InsertAttempts(vec![sample::attempt(&transaction, 1)]);
    let reference = sample::learn_reference(&transaction, ReferenceOwner::Payment, transaction.id.as_str());
    transaction.facts = sample::restore_facts(sample::authorized_facts());
    let answered = UnitOfWork::new()
        .with_order_change(OrderChange::from_order(claimed))
        .with_write(sample::update_transaction(transaction.clone()))
        .with_write(attempt)
        .with_write(reference)
        .with_write(Write::StoreReply { key: claim.key, reply: sample::reply() })
        .with_write(event(3));
    (started, answered, transaction)
}

/// Begin; the row of the sequencer changed, it and the events read, the events numbered, the row changed; commit.
#[tokio::test]
async fn sixteen_events_are_numbered_in_six_round_trips() {
    let mut bench = Bench::new().await;
    let (user, products) = stocked(&bench.record).await;
    let number = sample::order(&user, &[(&products[0], 1)]).number;
    let numbering = || UnitOfWork::new().with_write(Write::NumberFeedEvents(256));
    for round in 0..2 {
        let events = (1..=16).map(|it| sample::feed_event(&number, it).into()).collect();
        let work = UnitOfWork::new().with_write(Write::InsertFeedEvents(events));
        bench.record.commit(work).await.unwrap();
        let trips = bench.round_trips(async |record| record.commit(numbering()).await.unwrap()).await;
        // The first time, the statements are prepared.
        assert!(round == 0 || trips == 6, "{trips}");
    }
}

/// One for a query, four for what is read in two queries at one moment: the first sets the isolation and begins.
#[tokio::test]
async fn reading_is_one_round_trip_a_query_and_two_a_snapshot() {
    let mut bench = Bench::new().await;
    sell(&bench.record).await;
    let (user, products) = stocked(&bench.record).await;
    let (work, order, _) = placing(&user, &products);
    bench.record.commit(work).await.unwrap();
    let (id, number) = (products[0].id.clone(), order.number.clone());
    let one =
        async |record: &MySql| drop(ProductRepository::find_product(record, &id).await.unwrap().unwrap());
    // The first time, it is prepared.
    bench.round_trips(one).await;
    let id = products[1].id.clone();
    let one =
        async |record: &MySql| drop(ProductRepository::find_product(record, &id).await.unwrap().unwrap());
    assert_eq!(bench.round_trips(one).await, 1);
    let two =
        async |record: &MySql| drop(OrderRepository::find_order(record, &number).await.unwrap().unwrap());
    assert_eq!(bench.round_trips(two).await, 5, "the server counts the two statements of the first one each");
}
