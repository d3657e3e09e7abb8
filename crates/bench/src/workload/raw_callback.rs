//! Writing the rows of a captured payment with the bare driver, as the service does for a notice: one transaction
//! for the first delivery, a read of the event for each further one.

use std::sync::Arc;

use async_trait::async_trait;
use mysql_async::{Conn, prelude::Queryable};

use super::{
    Client, Step, Workload,
    callback::DELIVERIES,
    pool::Pool,
    raw_database::{RawDatabase, expiry_text, public_id, time_text, user_key},
    raw_place::check_one_row,
};
use crate::{
    clock,
    error::BenchResult,
    shop::{PRICE_OF_TWO, product_id},
    stack::Processes,
};

/// How many are used in a second of the first round, at most.
const FIRST_PER_SECOND: usize = 2_000;

const INSERT_ORDER: &str = "INSERT INTO orders (id, userId, orderNumber, status, amount, createdAt, updatedAt, \
     currency, version, revision, lastSequence, cameFrom, expiresAt, statusChangedAt) \
     VALUES (?, ?, ?, 'PENDING', ?, ?, ?, 'CNY', 1, 1, 1, NULL, ?, createdAt)";
const INSERT_TRANSACTION: &str = "INSERT INTO payment_transactions (id, order_id, transaction_id, status, amount, \
     currency, created_at, updated_at, order_key, sequence, gateway, token, capture_method, surplus, displaced, \
     refunded_amount, occupies_order, check_at, checks) \
     VALUES (?, ?, ?, 'PENDING', ?, 'CNY', ?, ?, ?, 1, 'sandbox', 'tok_pending', 'AUTOMATIC', 0, 0, 0, ?, \
     '2037-01-01', 0)";
const ADD_COUNT: &str = "INSERT INTO open_order_counts (userId, productId, total) VALUES (?, ?, 1) \
     ON DUPLICATE KEY UPDATE total = total + 1";

const INSERT_EVENT: &str = "INSERT INTO payment_events (id, gateway, event_id, kind, transaction_id, reference_kind, \
     reference, raw, disposition, received_at) \
     VALUES (?, 'sandbox', ?, 'payment.captured', ?, NULL, NULL, ?, 'APPLIED', ?)";
const UPDATE_ORDER: &str = "UPDATE orders SET status = 'PAID', version = 2, revision = 2, lastSequence = 2, \
     updatedAt = ?, statusChangedAt = updatedAt WHERE id = ? AND revision = 1";
const INSERT_HISTORY: &str = "INSERT INTO order_status_history (orderId, sequence, fromStatus, toStatus, changedBy, \
     createdAt, actor, reason) VALUES (?, 2, 'PENDING', 'PAID', 0, ?, 'GATEWAY', NULL)";
const UPDATE_TRANSACTION: &str = "UPDATE payment_transactions SET status = 'CAPTURED', captured_amount = ?, \
     captured_at = ?, card_last4 = '4242', card_brand = 'visa', authorization_code = 'A1B2C3', response_code = '00', \
     updated_at = ?, check_at = NULL, checks = 0 WHERE id = ?";
const LOWER_COUNT: &str =
    "UPDATE open_order_counts SET total = total - 1 WHERE userId = ? AND productId = ? AND total >= 1";
const FIND_EVENT: &str = "SELECT id, kind, transaction_id, raw, disposition FROM payment_events \
     WHERE gateway = 'sandbox' AND event_id = ?";

/// What an event holds beside its ids: as much text as a notice has.
const RAW_EVENT: &str = r#"{"type":"payment.captured","timestamp":"2026-01-31T08:09:10.120Z","data":{"transactionId":"xzfsxuuh2mf2ziahjggqqxo52m","orderNumber":"ob5d7ckw2vn3yhq6zt4xgjr8ea","amount":"19.98","currency":"CNY","gatewayReference":"sb_pay_ob5d7ckw2vn3yhq6zt4xgjr8ea","cardLast4":"4242","cardBrand":"visa","authorizationCode":"A1B2C3","responseCode":"00"}}"#;

/// A pending payment of an order, by the key that both have.
#[derive(Debug, Clone, Copy)]
struct RawPayment {
    key: u64,
    user: u64,
}

impl RawPayment {
    /// The rows that count the order and its pieces for its user.
    fn counted() -> [String; 3] {
        ["".to_owned(), product_id(0), product_id(1)]
    }

    fn event_id(self) -> String {
        format!("evt_{}", public_id(self.key))
    }
}

/// Writes what notices of captured payments change.
pub(super) struct RawCallback {
    database: Arc<RawDatabase>,
    payments: Arc<Pool<RawPayment>>,
}

impl RawCallback {
    /// A workload without payments; each round makes those that it needs.
    pub(super) fn new(database: Arc<RawDatabase>) -> Self {
        Self { database, payments: Arc::new(Pool::new(FIRST_PER_SECOND)) }
    }

    async fn insert_payment(&self, conn: &mut Conn, number: usize) -> BenchResult<RawPayment> {
        let (key, user) = (self.database.next_key(), user_key(u64::try_from(number)?));
        let (id, moment) = (public_id(key), clock::now());
        let now = time_text(moment);
        let order = (key, user, &id, PRICE_OF_TWO, &now, &now, expiry_text(moment));
        conn.exec_drop(INSERT_ORDER, order).await?;
        conn.exec_drop(INSERT_TRANSACTION, (key, &id, &id, PRICE_OF_TWO, &now, &now, key, key)).await?;
        for product in RawPayment::counted() {
            conn.exec_drop(ADD_COUNT, (user, product)).await?;
        }
        Ok(RawPayment { key, user })
    }
}

#[async_trait]
impl Workload for RawCallback {
    fn processes(&self) -> Processes {
        self.database.processes()
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        let (missing, mut conn) = (self.payments.begin_round(seconds), self.database.connect().await?);
        let mut payments = Vec::with_capacity(missing);
        conn.query_drop("BEGIN").await?;
        for number in 0..missing {
            payments.push(self.insert_payment(&mut conn, number).await?);
        }
        conn.query_drop("COMMIT").await?;
        self.payments.fill(payments);
        Ok(())
    }

    async fn connect(&self, _index: usize) -> BenchResult<Box<dyn Client>> {
        let (conn, database) = (self.database.connect().await?, Arc::clone(&self.database));
        Ok(Box::new(RawCallbackClient {
            conn,
            database,
            payments: Arc::clone(&self.payments),
            current: None,
        }))
    }
}

struct RawCallbackClient {
    conn: Conn,
    database: Arc<RawDatabase>,
    payments: Arc<Pool<RawPayment>>,
    /// The payment whose notice is being delivered, and the deliveries so far.
    current: Option<(RawPayment, u8)>,
}

#[async_trait]
impl Client for RawCallbackClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let current = self.current.take().or_else(|| self.payments.take().map(|it| (it, 0)));
        let Some((payment, delivered)) = current else { return Ok(Step::Exhausted) };
        if delivered == 0 {
            self.apply_event(payment).await?;
        } else {
            let event: Option<(u64, String, String, String, String)> =
                self.conn.exec_first(FIND_EVENT, (payment.event_id(),)).await?;
            event.filter(|it| it.4 == "APPLIED").ok_or("the event is not stored")?;
        }
        let delivered = delivered.saturating_add(1);
        self.current = (delivered < DELIVERIES).then_some((payment, delivered));
        Ok(Step::Done)
    }
}

impl RawCallbackClient {
    async fn apply_event(&mut self, payment: RawPayment) -> BenchResult<()> {
        let (key, now, conn) = (payment.key, time_text(clock::now()), &mut self.conn);
        conn.query_drop("BEGIN").await?;
        let event = (self.database.next_key(), payment.event_id(), public_id(key), RAW_EVENT, &now);
        conn.exec_drop(INSERT_EVENT, event).await?;
        conn.exec_drop(UPDATE_ORDER, (&now, key)).await?;
        check_one_row(conn)?;
        conn.exec_drop(INSERT_HISTORY, (key, &now)).await?;
        conn.exec_drop(UPDATE_TRANSACTION, (PRICE_OF_TWO, &now, &now, key)).await?;
        check_one_row(conn)?;
        for product in RawPayment::counted() {
            conn.exec_drop(LOWER_COUNT, (payment.user, product)).await?;
            check_one_row(conn)?;
        }
        conn.query_drop("COMMIT").await?;
        Ok(())
    }
}
