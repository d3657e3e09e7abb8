//! What a failure means: something is away, one row cannot be read, or the program has a fault.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use adapters_sqlite::Sqlite;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use domain::{
    Order, Product, User,
    payment::{EventTarget, ReferenceKind, ReferenceOwner, StoredEvent},
};
use port_contracts::sample;
use ports::{
    CommitError, EventRepository, FindingRepository, OrderFilter, OrderRepository, PaymentRepository,
    PortError, ProductRepository, RowOwner, SessionRepository, Store, UnitOfWork, UnreadableObserver,
    UnreadableRow, UserRepository, Write,
};
use tempfile::TempDir;

/// Keeps what it hears of.
#[derive(Default)]
struct Ear(Mutex<Vec<UnreadableRow>>);

impl UnreadableObserver for Ear {
    fn record_unreadable(&self, row: &UnreadableRow) {
        self.0.lock().unwrap().push(row.clone());
    }
}

impl Ear {
    fn heard(&self) -> Vec<UnreadableRow> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Shop {
    record: Sqlite,
    ear: Arc<Ear>,
    file: PathBuf,
    user: User,
    order: Order,
    _folder: TempDir,
}

async fn shop() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.db");
    let ear = Arc::<Ear>::default();
    let record = Sqlite::open(&file).await.unwrap().with_observer(ear.clone());
    let (user, products) = (sample::user(), [sample::product(Some(9)), sample::product(Some(9))]);
    let order = sample::order(&user, &[(&products[0], 1)]);
    let work = UnitOfWork::new()
        .with_write(Write::InsertUser(user.clone(), sample::hash("x")))
        .with_writes(products.iter().map(sample::insert_product))
        .with_write(sample::insert_order(&order));
    record.commit(work).await.unwrap();
    Shop { record, ear, file, user, order, _folder: folder }
}

impl Shop {
    fn connect(&self) -> SqliteConnection {
        SqliteConnection::establish(self.file.to_str().unwrap()).unwrap()
    }

    fn corrupt(&self, sql: &str) {
        let unchecked = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;";
        self.connect().batch_execute(&format!("{unchecked} {sql}")).unwrap();
    }
}

fn row(table: &'static str, column: &'static str, key: String, owner: Option<RowOwner>) -> UnreadableRow {
    UnreadableRow { table, column, key, owner: owner.map(Box::new) }
}

#[tokio::test]
async fn what_belongs_to_an_order_is_the_orders() {
    let it = shop().await;
    let owner = || Some(RowOwner::Order(it.order.number.clone()));
    it.corrupt("UPDATE order_items SET quantity = -1");
    let failed = OrderRepository::find_order(&it.record, &it.order.number).await.unwrap_err();
    let item = row("order_items", "quantity", format!("{}/0", it.order.key.get()), owner());
    assert!(matches!(&failed, PortError::Unreadable(it) if *it == item), "{failed:?}");
    it.corrupt("UPDATE orders SET cameFrom = 'X'");
    let page =
        OrderRepository::list_orders(&it.record, OrderFilter { limit: 9, ..OrderFilter::default() }).await;
    assert_eq!(page.unwrap().data, []);
    let order = row("orders", "cameFrom", it.order.key.get().to_string(), owner());
    assert_eq!(it.ear.heard(), [item, order]);
    it.corrupt("UPDATE order_status_history SET actor = 'X'");
    assert_eq!(it.record.list_history_entries(it.order.key).await.unwrap(), []);
    let entry = row("order_status_history", "actor", format!("{}/1", it.order.key.get()), owner());
    assert_eq!(it.ear.heard(), [entry]);
}

#[tokio::test]
async fn what_is_a_users_or_about_a_transaction_is_named_by_them() {
    let it = shop().await;
    let (session, event) = (sample::session(&it.user), sample::event("sandbox", None));
    let work = UnitOfWork::new()
        .with_write(Write::InsertSession(session.clone(), sample::origin()))
        .with_write(Write::InsertEvent(event.clone()));
    it.record.commit(work).await.unwrap();
    it.corrupt(
        "UPDATE user SET role = 'X'; UPDATE sessions SET spent = 'X'; UPDATE payment_events SET disposition = 'X'",
    );
    let key = it.user.key.get().to_string();
    let failed = UserRepository::find_user(&it.record, &it.user.id).await.unwrap_err();
    assert_eq!(failed.to_string(), format!("the row {key} of user cannot be read: role"));
    assert_eq!(it.ear.heard(), [row("user", "role", key, Some(RowOwner::User(it.user.id.clone())))]);
    assert!(SessionRepository::find_session(&it.record, &session.id).await.is_err());
    let owner = RowOwner::UserRow(it.user.key);
    assert_eq!(it.ear.heard(), [row("sessions", "spent", session.key.get().to_string(), Some(owner))]);
    assert!(EventRepository::find_event(&it.record, &event.gateway, &event.id).await.is_err());
    let owner = RowOwner::Event(event.gateway, event.id, None);
    let event = row("payment_events", "disposition", event.key.get().to_string(), Some(owner));
    assert_eq!(it.ear.heard(), [event]);
}

#[tokio::test]
async fn one_payment_or_refund_that_cannot_be_read_is_left_out_of_what_is_shown_and_of_nothing_that_is_decided()
 {
    let it = shop().await;
    let mut transaction = sample::transaction(&it.order);
    transaction.facts = sample::restore_facts(sample::captured_facts(transaction.amount));
    transaction.refunds = [(), ()].map(|()| sample::refund(&transaction, "0.01")).into();
    let work = UnitOfWork::new().with_write(Write::InsertTransaction(Box::new(transaction.clone())));
    it.record.commit(work).await.unwrap();
    let shown = async || it.record.list_readable(it.order.key).await.unwrap();
    let refunds = async || it.record.list_refunds(&transaction.id).await.unwrap().unwrap();
    assert_eq!((shown().await, refunds().await), (vec![transaction.clone()], transaction.refunds.clone()));
    let (bad, good) = (&transaction.refunds[0], &transaction.refunds[1]);
    it.corrupt(&format!("UPDATE refunds SET actor = 'X' WHERE id = {}", bad.key.get()));
    assert_eq!((shown().await, refunds().await), (vec![], vec![good.clone()]));
    assert!(PaymentRepository::list_transactions(&it.record, it.order.key).await.is_err());
    let owner = RowOwner::Transaction(transaction.id.clone(), it.order.number.clone());
    let named = row("refunds", "actor", bad.key.get().to_string(), Some(owner));
    assert_eq!(it.ear.heard(), [named.clone(), named.clone(), named]);
    it.corrupt("UPDATE payment_transactions SET capture_method = 'X'");
    assert_eq!((shown().await, refunds().await), (vec![], vec![good.clone()]));
    assert!(PaymentRepository::find_transaction(&it.record, &transaction.id).await.is_err());
}

#[tokio::test]
async fn a_reference_or_a_target_that_cannot_be_read_names_its_row_and_its_payment() {
    let it = shop().await;
    let transaction = sample::transaction(&it.order);
    let target = Some(EventTarget::Reference(sample::named_reference(ReferenceKind::Payment, "pi_2")));
    let event = StoredEvent { target, ..sample::event("sandbox", None) };
    let work = UnitOfWork::new()
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())))
        .with_write(sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1"))
        .with_write(Write::InsertEvent(event.clone()));
    it.record.commit(work).await.unwrap();
    it.corrupt("UPDATE gateway_references SET owner = 'X'; UPDATE payment_events SET reference_kind = 'X'");
    assert!(PaymentRepository::find_transaction(&it.record, &transaction.id).await.is_err());
    let owner = RowOwner::Transaction(transaction.id.clone(), it.order.number.clone());
    assert_eq!(it.ear.heard(), [row("gateway_references", "owner", "1".to_owned(), Some(owner))]);
    assert!(EventRepository::find_event(&it.record, &event.gateway, &event.id).await.is_err());
    let owner = RowOwner::Event(event.gateway, event.id, None);
    let event = row("payment_events", "reference_kind", event.key.get().to_string(), Some(owner));
    assert_eq!(it.ear.heard(), [event]);
}

#[tokio::test]
async fn a_next_action_that_cannot_be_read_is_named_and_an_attempt_is_left_out() {
    let it = shop().await;
    let transaction = sample::transaction(&it.order);
    let attempts = [sample::attempt(&transaction, 1), sample::attempt(&transaction, 2)];
    let work = UnitOfWork::new()
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())))
        .with_write(sample::set_next_action(&transaction, "https://pay.example/1"))
        .with_write(Write::InsertAttempts(attempts.to_vec()));
    it.record.commit(work).await.unwrap();
    let listed = async || it.record.list_attempts(&transaction.id, None, 9).await.unwrap().unwrap().data;
    assert_eq!(listed().await, attempts);
    let owner = RowOwner::Transaction(transaction.id.clone(), it.order.number.clone());
    let [first, second] = attempts;
    for (column, text) in [("operation", "'X'"), ("outcome", "'X'"), ("http_status", "70000")] {
        it.corrupt(&format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE gateway_attempts SET {column} = {text} WHERE id = {}",
            first.key.get()
        ));
        assert_eq!(listed().await, std::slice::from_ref(&second), "{column}");
        let named = row("gateway_attempts", column, first.key.get().to_string(), Some(owner.clone()));
        assert_eq!(it.ear.heard(), [named]);
        it.corrupt(
            "UPDATE gateway_attempts SET operation = 'CHARGE', outcome = 'ANSWERED', http_status = 200",
        );
    }
    it.corrupt("UPDATE payment_next_actions SET content = '{\"REDIRECT\": 1}'");
    assert!(PaymentRepository::find_transaction(&it.record, &transaction.id).await.is_err());
    let key = transaction.key.get().to_string();
    assert_eq!(it.ear.heard(), [row("payment_next_actions", "content", key, Some(owner))]);
}

#[tokio::test]
async fn every_currency_that_ever_was_is_read() {
    let it = shop().await;
    for code in ["DEM", "FRF", "HRK", "BGN", "XAU"] {
        it.corrupt(&format!(
            "UPDATE orders SET currency = '{code}'; UPDATE products SET currency = '{code}'"
        ));
        let order = OrderRepository::find_order(&it.record, &it.order.number).await.unwrap().unwrap();
        assert_eq!(order.amount.currency().code(), code);
        assert_eq!(
            ProductRepository::list_products(&it.record, false, None, 9).await.unwrap().data.len(),
            2,
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_lock_that_another_process_holds_is_something_away() {
    let it = shop().await;
    let mut other = it.connect();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let outcome = it.record.commit(UnitOfWork::new().with_write(Write::Probe(sample::at(1)))).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Unavailable(_)))), "{outcome:?}");
    other.batch_execute("ROLLBACK").unwrap();
    it.record.commit(UnitOfWork::new().with_write(Write::Probe(sample::at(1)))).await.unwrap();
}

#[tokio::test]
async fn a_rule_that_no_guard_stands_for_and_a_table_that_there_is_not_are_faults_of_the_program() {
    let it = shop().await;
    let broken = Product { stock: Some(-1), ..sample::product(None) };
    let outcome = it.record.commit(UnitOfWork::new().with_write(sample::insert_product(&broken))).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Bug(_)))), "{outcome:?}");
    it.corrupt("DROP TABLE findings");
    let outcome = FindingRepository::list_findings(&it.record, None, None, 1).await;
    assert!(matches!(outcome, Err(PortError::Bug(_))), "{outcome:?}");
    assert_eq!(it.ear.heard(), []);
}
