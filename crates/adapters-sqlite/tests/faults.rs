//! What a failure means: something is away, one row cannot be read, or the program has a fault.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use adapters_sqlite::Sqlite;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use domain::{Order, Product, User};
use port_contracts::sample;
use ports::{
    CommitError, FindingRepository, OrderFilter, OrderRepository, Owner, PortError, ProductRepository, Store,
    UnitOfWork, Unreadable, UserRepository, Witness, Write,
};
use tempfile::TempDir;

/// Keeps what it hears of.
#[derive(Default)]
struct Ear(Mutex<Vec<Unreadable>>);

impl Witness for Ear {
    fn note(&self, row: &Unreadable) {
        self.0.lock().unwrap().push(row.clone());
    }
}

impl Ear {
    fn heard(&self) -> Vec<Unreadable> {
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
    let record = Sqlite::open(&file).await.unwrap().watched_by(ear.clone());
    let (user, products) = (sample::user(), [sample::product(Some(9)), sample::product(Some(9))]);
    let order = sample::order(&user, &[(&products[0], 1)]);
    let work = UnitOfWork::new()
        .with(Write::InsertUser(user.clone(), sample::hash("x")))
        .with_all(products.iter().map(sample::made))
        .with(sample::placed(&order));
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

fn row(table: &'static str, column: &'static str, key: String, owner: Option<Owner>) -> Unreadable {
    Unreadable { table, column, key, owner: owner.map(Box::new) }
}

#[tokio::test]
async fn what_belongs_to_an_order_is_the_orders() {
    let it = shop().await;
    let owner = || Some(Owner::Order(it.order.number.clone()));
    it.corrupt("UPDATE order_items SET quantity = -1");
    let failed = OrderRepository::find(&it.record, &it.order.number).await.unwrap_err();
    let item = row("order_items", "quantity", format!("{}/0", it.order.key.get()), owner());
    assert!(matches!(&failed, PortError::Unreadable(it) if *it == item), "{failed:?}");
    it.corrupt("UPDATE orders SET cameFrom = 'X'");
    let page = OrderRepository::list(&it.record, OrderFilter { limit: 9, ..OrderFilter::default() }).await;
    assert_eq!(page.unwrap().data, []);
    let order = row("orders", "cameFrom", it.order.key.get().to_string(), owner());
    assert_eq!(it.ear.heard(), [item, order]);
    it.corrupt("UPDATE order_status_history SET actor = 'X'");
    assert_eq!(it.record.history(it.order.key).await.unwrap(), []);
    let entry = row("order_status_history", "actor", format!("{}/1", it.order.key.get()), None);
    assert_eq!(it.ear.heard(), [entry]);
    it.corrupt("UPDATE user SET role = 'X'");
    let failed = UserRepository::find(&it.record, &it.user.id).await.unwrap_err();
    assert_eq!(failed.to_string(), format!("the row {} of user cannot be read: role", it.user.key.get()));
}

#[tokio::test]
async fn every_currency_that_ever_was_is_read() {
    let it = shop().await;
    for code in ["DEM", "FRF", "HRK", "BGN", "XAU"] {
        it.corrupt(&format!(
            "UPDATE orders SET currency = '{code}'; UPDATE products SET currency = '{code}'"
        ));
        let order = OrderRepository::find(&it.record, &it.order.number).await.unwrap().unwrap();
        assert_eq!(order.amount.currency().code(), code);
        assert_eq!(
            ProductRepository::list(&it.record, false, None, 9).await.unwrap().data.len(),
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
    let outcome = it.record.commit(UnitOfWork::new().with(Write::Probe(sample::at(1)))).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Away(_)))), "{outcome:?}");
    other.batch_execute("ROLLBACK").unwrap();
    it.record.commit(UnitOfWork::new().with(Write::Probe(sample::at(1)))).await.unwrap();
}

#[tokio::test]
async fn a_rule_that_no_guard_stands_for_and_a_table_that_there_is_not_are_faults_of_the_program() {
    let it = shop().await;
    let broken = Product { stock: Some(-1), ..sample::product(None) };
    let outcome = it.record.commit(UnitOfWork::new().with(sample::made(&broken))).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Bug(_)))), "{outcome:?}");
    it.corrupt("DROP TABLE findings");
    let outcome = FindingRepository::list(&it.record, None, None, 1).await;
    assert!(matches!(outcome, Err(PortError::Bug(_))), "{outcome:?}");
    assert_eq!(it.ear.heard(), []);
}
