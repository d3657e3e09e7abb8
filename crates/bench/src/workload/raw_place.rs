//! Writing the rows of new orders with the bare driver, as the service's commit does: one transaction for each
//! order, the statements of `crates/sql/commit` in their order.

use std::sync::Arc;

use async_trait::async_trait;
use mysql_async::{Conn, prelude::Queryable};

use super::{
    Client, Step, Workload,
    raw_database::{RawDatabase, expiry_text, product_key, public_id, time_text, user_key},
};
use crate::{
    clock,
    error::BenchResult,
    shop::{PRICE, PRICE_OF_TWO, PRODUCTS, Random, product_id},
    stack::Processes,
};

const INSERT_CLAIM: &str = "INSERT INTO idempotency_claims (userId, route, idempotencyKey, fingerprint, resource, \
     replyStatus, replyLocation, replyEtag, replyBody, createdAt, expiresAt) \
     VALUES (?, 'POST /v1/orders', ?, ?, ?, 201, ?, '\"1\"', ?, ?, NULL)";
const INSERT_ORDER: &str = "INSERT INTO orders (id, userId, orderNumber, status, amount, createdAt, updatedAt, \
     currency, version, revision, lastSequence, cameFrom, expiresAt, statusChangedAt) \
     VALUES (?, ?, ?, 'PENDING', ?, ?, ?, 'CNY', 1, 1, 1, NULL, ?, createdAt)";
const INSERT_ITEM: &str = "INSERT INTO order_items (orderId, productId, quantity, price, createdAt, updatedAt, name, \
     holdsStock, `position`) VALUES (?, ?, 1, ?, ?, ?, 'Tea', 1, ?)";
const INSERT_HISTORY: &str = "INSERT INTO order_status_history (orderId, sequence, fromStatus, toStatus, changedBy, \
     createdAt, actor, reason) VALUES (?, 1, '', 'PENDING', ?, ?, 'CUSTOMER', NULL)";
const RAISE_COUNT: &str = "UPDATE open_order_counts SET total = total + 1 WHERE userId = ? AND productId = ? AND total <= 4294967294";
const INSERT_COUNT: &str = "INSERT INTO open_order_counts (userId, productId, total) VALUES (?, ?, 1)";
const TAKE_STOCK: &str = "UPDATE products SET stock = stock - 1, moves = moves + 1 \
     WHERE id = ? AND active = 1 AND price = ? AND currency = 'CNY' AND stock >= 1";

/// Writes the rows of orders of two products.
pub(super) struct RawPlace(pub(super) Arc<RawDatabase>);

#[async_trait]
impl Workload for RawPlace {
    fn processes(&self) -> Processes {
        self.0.processes()
    }

    async fn connect(&self, index: usize) -> BenchResult<Box<dyn Client>> {
        let (conn, database) = (self.0.connect().await?, Arc::clone(&self.0));
        let user = user_key(u64::try_from(index)?);
        Ok(Box::new(RawPlaceClient { conn, database, user, random: Random::new(index) }))
    }
}

struct RawPlaceClient {
    conn: Conn,
    database: Arc<RawDatabase>,
    user: u64,
    random: Random,
}

#[async_trait]
impl Client for RawPlaceClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let first = self.random.below(PRODUCTS.saturating_sub(1));
        let rest = PRODUCTS.saturating_sub(first).saturating_sub(1);
        // In ascending order, so that no two transactions wait for each other in a circle.
        let products = [first, first.saturating_add(self.random.below(rest)).saturating_add(1)];
        self.conn.query_drop("BEGIN").await?;
        self.insert_order(products).await?;
        for product in ["".to_owned()].into_iter().chain(products.map(product_id)) {
            self.raise_count(&product).await?;
        }
        for product in products {
            self.conn.exec_drop(TAKE_STOCK, (product_key(product), PRICE)).await?;
            check_one_row(&self.conn)?;
        }
        self.conn.query_drop("COMMIT").await?;
        Ok(Step::Done)
    }
}

impl RawPlaceClient {
    async fn insert_order(&mut self, products: [usize; 2]) -> BenchResult<()> {
        let (key, moment) = (self.database.next_key(), clock::now());
        let (number, now, user) = (public_id(key), time_text(moment), self.user);
        let (location, fingerprint) = (format!("/v1/orders/{number}"), format!("{key:064x}"));
        let claim = (user, &number, &fingerprint, &number, &location, &self.database.reply, &now);
        self.conn.exec_drop(INSERT_CLAIM, claim).await?;
        let order = (key, user, &number, PRICE_OF_TWO, &now, &now, expiry_text(moment));
        self.conn.exec_drop(INSERT_ORDER, order).await?;
        for (position, product) in (0_i64..).zip(products) {
            let item = (key, product_id(product), PRICE, &now, &now, position);
            self.conn.exec_drop(INSERT_ITEM, item).await?;
        }
        self.conn.exec_drop(INSERT_HISTORY, (key, user, &now)).await?;
        Ok(())
    }

    /// Counts an unpaid order of the user, or one piece in it.
    async fn raise_count(&mut self, product: &str) -> BenchResult<()> {
        self.conn.exec_drop(RAISE_COUNT, (self.user, product)).await?;
        if self.conn.affected_rows() == 0 {
            self.conn.exec_drop(INSERT_COUNT, (self.user, product)).await?;
        }
        Ok(())
    }
}

/// An error unless the last statement matched one row.
pub(super) fn check_one_row(conn: &Conn) -> BenchResult<()> {
    match conn.affected_rows() {
        1 => Ok(()),
        rows => Err(format!("a statement matched {rows} rows").into()),
    }
}
