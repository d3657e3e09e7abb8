//! Rows that cannot be read: who needs one is refused, and nothing else is.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Order, Role, Transaction, order::OrderStatus};
use ports::{
    Batch, ChangeFilter, DueOrders, OrderCursor, OrderFilter, PortError, RowOwner, UnreadableObserver,
    UnreadableRow, Write,
};

use crate::{
    Backend,
    sample::{self, at},
};

/// Stamps the suite onto an adapter. The fixture is an async function without arguments that gives a fresh, empty
/// [`CorruptibleRecord`].
#[macro_export]
macro_rules! unreadable {
    ($($fixture:tt)+) => { $crate::stamp! { unreadable:
        who_asks_for_a_row_that_cannot_be_read_is_refused
        a_list_leaves_out_what_cannot_be_read_and_keeps_its_place
        what_is_decided_on_is_never_left_out
        what_is_due_is_found_whether_or_not_it_can_be_read
        ; $($fixture)+
    } };
}

/// A row that holds what the program never writes there.
#[derive(Debug, Clone)]
pub struct Corruption {
    /// The row and its column, as the record must name them.
    pub row: UnreadableRow,
    /// What makes it so in a database, with all checks off.
    pub sql: String,
}

/// Makes a row so, past the record.
type CorruptRow = Box<dyn Fn(Corruption) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Keeps what a record says that it could not read.
#[derive(Debug, Default)]
pub struct RecordingObserver(Mutex<Vec<UnreadableRow>>);

impl UnreadableObserver for RecordingObserver {
    fn record_unreadable(&self, row: &UnreadableRow) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(row.clone());
    }
}

impl RecordingObserver {
    /// The rows since the last time, without repetitions.
    fn take_rows(&self) -> Vec<UnreadableRow> {
        let mut rows = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        rows.dedup();
        rows
    }
}

/// A record whose rows can be corrupted, and that tells a [`RecordingObserver`] of those that it cannot read.
pub struct CorruptibleRecord {
    backend: Backend,
    observer: Arc<RecordingObserver>,
    corrupt_row: CorruptRow,
}

impl fmt::Debug for CorruptibleRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorruptibleRecord").field("observer", &self.observer).finish_non_exhaustive()
    }
}

impl CorruptibleRecord {
    /// A record with what it tells of rows that it cannot read, and what corrupts a row of it.
    pub fn new<F>(
        backend: Backend,
        observer: Arc<RecordingObserver>,
        corrupt_row: impl Fn(Corruption) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { backend, observer, corrupt_row: Box::new(move |it| Box::pin(corrupt_row(it))) }
    }

    /// Corrupts that column of the row of that key.
    async fn corrupt(
        &self,
        (table, column): (&'static str, &'static str),
        key: i64,
        owner: Option<RowOwner>,
    ) -> UnreadableRow {
        let sql = format!("UPDATE {table} SET {column} = 'ZZZ' WHERE id = {key}");
        let row = UnreadableRow { table, column, key: key.to_string(), owner: owner.map(Box::new) };
        (self.corrupt_row)(Corruption { row: row.clone(), sql }).await;
        row
    }

    /// The read was refused, for that row, and the observer was given it.
    #[track_caller]
    fn assert_refused<T: fmt::Debug>(&self, read: Result<T, PortError>, row: &UnreadableRow) {
        assert!(matches!(&read, Err(PortError::Unreadable(it)) if it == row), "{row:?}, not {read:?}");
        assert_eq!(self.observer.take_rows(), std::slice::from_ref(row));
    }

    /// The read left that row out, and the observer was given it.
    #[track_caller]
    fn assert_left_out(&self, row: &UnreadableRow) {
        assert_eq!(self.observer.take_rows(), std::slice::from_ref(row));
    }
}

fn owner_of(order: &Order) -> RowOwner {
    RowOwner::Order(order.number.clone())
}

fn owner_in(transaction: &Transaction) -> RowOwner {
    RowOwner::Transaction(transaction.id.clone(), transaction.order_number.clone())
}

/// By its id, and in no other way.
pub async fn who_asks_for_a_row_that_cannot_be_read_is_refused(it: &CorruptibleRecord) {
    let of = &it.backend;
    let (user, session, finding) = (of.user().await, sample::session(&of.user().await), sample::finding());
    of.commit([
        Write::InsertSession(session.clone(), sample::origin()),
        Write::InsertFinding(finding.clone()),
    ])
    .await;
    let (order, product) = (of.order().await, of.product(None).await);
    let transaction = of.transaction(&order, |_| ()).await;

    let row = it.corrupt(("user", "role"), user.key.get(), Some(RowOwner::User(user.id.clone()))).await;
    it.assert_refused(of.users.find_user(&user.id).await, &row);
    it.assert_refused(of.users.find_user_by_key(user.key).await, &row);
    it.assert_refused(of.users.find_credentials(user.username.as_str()).await, &row);
    assert!(of.users.find_password_hash(user.key).await.expect("read").is_some(), "the hash can be read");
    let row =
        it.corrupt(("sessions", "spent"), session.key.get(), Some(RowOwner::UserRow(session.user))).await;
    it.assert_refused(of.sessions.find_session(&session.id).await, &row);
    let row = it.corrupt(("findings", "kind"), finding.key.get(), None).await;
    it.assert_refused(of.findings.find_finding(&finding.id).await, &row);
    let row = it
        .corrupt(("products", "currency"), product.key.get(), Some(RowOwner::Product(product.id.clone())))
        .await;
    it.assert_refused(of.products.find_product(&product.id).await, &row);
    let row = it
        .corrupt(("payment_transactions", "currency"), transaction.key.get(), Some(owner_in(&transaction)))
        .await;
    it.assert_refused(of.payments.find_transaction(&transaction.id).await, &row);
    let row = it.corrupt(("orders", "currency"), order.key.get(), Some(owner_of(&order))).await;
    it.assert_refused(of.orders.find_order(&order.number).await, &row);
    assert!(of.orders.find_order_head(&order.number).await.expect("read").is_some(), "its head can be read");
}

/// A page ends where it would have ended, also behind a row that is not on it.
pub async fn a_list_leaves_out_what_cannot_be_read_and_keeps_its_place(it: &CorruptibleRecord) {
    let of = &it.backend;
    let [bad, good] = [of.product(None).await, of.product(None).await];
    let row =
        it.corrupt(("products", "currency"), bad.key.get(), Some(RowOwner::Product(bad.id.clone()))).await;
    let page = of.products.list_products(false, None, 1).await.expect("read");
    assert_eq!((page.data.len(), page.next.as_deref()), (0, Some(bad.id.as_str())), "it has its place");
    it.assert_left_out(&row);
    assert_eq!(of.products.list_products(false, Some(bad.id), 2).await.expect("read").data, [good]);

    let (product, change) = (of.product(Some(1)).await, sample::change(&of.user().await));
    of.commit([sample::adjust_stock(&product, 1, change.clone())]).await;
    let row = it
        .corrupt(("product_changes", "actor"), change.key.get(), Some(RowOwner::Product(product.id.clone())))
        .await;
    let page = of.products.list_product_changes(product.key, ChangeFilter::Any, None, 1).await.expect("read");
    assert_eq!((page.data.len(), page.next.as_deref()), (0, Some(change.id.as_str())), "newest first");
    it.assert_left_out(&row);

    let [old, new] = [of.order().await, of.order().await];
    let row = it.corrupt(("orders", "currency"), new.key.get(), Some(owner_of(&new))).await;
    let page = of.orders.list_orders(OrderFilter { limit: 1, ..OrderFilter::default() }).await.expect("read");
    let after = OrderCursor { at: new.created_at, number: new.number.clone() };
    assert_eq!((page.data.len(), page.next), (0, Some(after.to_string())), "newest first");
    it.assert_left_out(&row);
    let rest = OrderFilter { limit: 9, after: Some(after), ..OrderFilter::default() };
    assert_eq!(of.orders.list_orders(rest).await.expect("read").data, [old]);
    let sql = format!("UPDATE order_status_history SET actor = 'ZZZ' WHERE orderId = {}", new.key.get());
    let key = format!("{}/1", new.key.get());
    let owner = Some(Box::new(owner_of(&new)));
    let row = UnreadableRow { table: "order_status_history", column: "actor", key, owner };
    (it.corrupt_row)(Corruption { row: row.clone(), sql }).await;
    assert_eq!(of.orders.list_history_entries(new.key).await.expect("read"), []);
    it.assert_left_out(&row);

    let [old, new] = [sample::finding(), sample::finding()];
    of.commit([old.clone(), new.clone()].map(Write::InsertFinding)).await;
    let row = it.corrupt(("findings", "kind"), new.key.get(), None).await;
    assert_eq!(of.findings.list_findings(None, None, 9).await.expect("read").data, [old]);
    it.assert_left_out(&row);

    let user = of.user().await;
    let [old, new] = [sample::session(&user), sample::session(&user)];
    of.commit([&old, &new].map(|it| Write::InsertSession(it.clone(), sample::origin()))).await;
    let row = it.corrupt(("sessions", "spent"), new.key.get(), Some(RowOwner::UserRow(new.user))).await;
    assert_eq!(
        of.sessions.list_live_sessions(user.key, at(9), 9).await.expect("read"),
        [sample::listed(&old)]
    );
    it.assert_left_out(&row);
}

/// A part of it would be another decision.
pub async fn what_is_decided_on_is_never_left_out(it: &CorruptibleRecord) {
    let of = &it.backend;
    let [bad, good] = [of.product(None).await, of.product(None).await];
    let row =
        it.corrupt(("products", "currency"), bad.key.get(), Some(RowOwner::Product(bad.id.clone()))).await;
    it.assert_refused(of.products.find_products(&[good.id, bad.id]).await, &row);

    let order = of.order().await;
    let transaction = of.transaction(&order, |it| {
        it.facts = sample::restore_facts(sample::captured_facts(it.amount));
        it.refunds = vec![sample::refund(it, "1")];
    });
    let transaction = transaction.await;
    let refund = transaction.refunds.first().expect("it was kept").key.get();
    let row = it.corrupt(("refunds", "actor"), refund, Some(owner_in(&transaction))).await;
    it.assert_refused(of.payments.find_transaction(&transaction.id).await, &row);
    it.assert_refused(of.payments.list_transactions(order.key).await, &row);

    let order = of.order().await;
    let sql = format!("UPDATE order_items SET quantity = -1 WHERE orderId = {}", order.key.get());
    let (key, owner) = (format!("{}/0", order.key.get()), Some(Box::new(owner_of(&order))));
    let row = UnreadableRow { table: "order_items", column: "quantity", key, owner };
    (it.corrupt_row)(Corruption { row: row.clone(), sql }).await;
    it.assert_refused(of.orders.find_order(&order.number).await, &row);

    let pair = (
        domain::order::MetadataKey::parse("k").expect("a key"),
        domain::order::MetadataValue::parse("v").expect("a value"),
    );
    let metadata = domain::order::Metadata::new([pair].into()).expect("one pair");
    let order = of.order_with(|it| it.details.metadata = metadata).await;
    let sql = format!("UPDATE order_details SET metadata = '[]' WHERE orderId = {}", order.key.get());
    let (key, owner) = (order.key.get().to_string(), Some(Box::new(owner_of(&order))));
    let row = UnreadableRow { table: "order_details", column: "metadata", key, owner };
    (it.corrupt_row)(Corruption { row: row.clone(), sql }).await;
    it.assert_refused(of.orders.find_order(&order.number).await, &row);
}

/// It stays the longest due, and others are found behind it.
pub async fn what_is_due_is_found_whether_or_not_it_can_be_read(it: &CorruptibleRecord) {
    let of = &it.backend;
    let all = Batch { skip: 0, limit: 9 };
    let [bad, good] =
        [of.order_with(|it| it.expires_at = at(1)).await, of.order_with(|it| it.expires_at = at(2)).await];
    it.corrupt(("orders", "currency"), bad.key.get(), Some(owner_of(&bad))).await;
    assert_eq!(
        of.orders.list_due_orders(DueOrders::Expired(at(9)), all).await.expect("read"),
        [bad.number, good.number]
    );
    let has = async |status| of.orders.has_order_in(bad.owner, &[status]).await.expect("read");
    assert_eq!((has(OrderStatus::Pending).await, has(OrderStatus::Paid).await), (true, false));

    let order = of.order_with(|it| it.status = OrderStatus::Paid).await;
    let transaction = of.transaction(&order, |it| it.check_at = Some(at(1))).await;
    it.corrupt(("payment_transactions", "currency"), transaction.key.get(), Some(owner_in(&transaction)))
        .await;
    assert_eq!(
        of.payments.list_due_transactions(&transaction.gateway, at(9), all).await.expect("read"),
        [transaction.id]
    );
    assert_eq!(it.observer.take_rows(), [], "nothing of them was read");

    let [bad, good] = [of.user().await, of.user().await].map(|it| it.with_role(Role::Operator, at(9)));
    of.commit([&bad, &good].map(|it| Write::UpdateUser { user: it.clone(), read: None })).await;
    let row = it.corrupt(("user", "role"), bad.key.get(), Some(RowOwner::User(bad.id.clone()))).await;
    let changed = of.users.list_changed_users(at(9), None, 9).await.expect("read");
    let read: Vec<_> = changed.into_iter().map(|it| (it.id, it.user)).collect();
    assert_eq!(read, [(bad.id, None), (good.id.clone(), Some(good.clone()))]);
    it.assert_left_out(&row);

    let session = sample::session(&good);
    let ends = Write::RevokeSession { user: good.key, session: session.key, at: at(9) };
    of.commit([Write::InsertSession(session.clone(), sample::origin())]).await;
    of.commit([ends]).await;
    it.corrupt(("sessions", "spent"), session.key.get(), Some(RowOwner::UserRow(session.user))).await;
    let ended = of.sessions.list_revoked_sessions(at(9), None, 9).await.expect("read");
    assert_eq!(ended.into_iter().map(|it| it.id).collect::<Vec<_>>(), [session.id], "whatever else is in it");
}
