//! A database with the service's schema for the workloads that write without the service.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use mysql_async::{Conn, Opts, OptsBuilder, prelude::Queryable};

use crate::{
    clock,
    error::BenchResult,
    shop::{PRICE, PRODUCTS, Shop, product_id},
    stack::Processes,
};

/// The settings of each connection, which are those of the service as far as they change the work.
const SESSION: [&str; 2] =
    ["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET autocommit = 1, time_zone = '+00:00'"];
/// Statements that a connection keeps prepared.
const STATEMENTS_MAX: usize = 64;
/// The first key: smaller ones are those of adopted rows, for which the schema has other rules.
const FIRST_KEY: u64 = 1 << 40;
/// The users, one for each connection.
const USERS: u64 = 400;

const INSERT_USER: &str = "INSERT IGNORE INTO user (id, username, password, email, created_at, publicId, \
     usernameFolded, emailFolded, role, hashCost) VALUES (?, ?, '', ?, ?, ?, ?, ?, 'CUSTOMER', 0)";
const INSERT_PRODUCT: &str = "INSERT IGNORE INTO products (id, productId, name, price, currency, stock, active, \
     version, moves, createdAt, updatedAt) VALUES (?, ?, 'Tea', ?, 'CNY', 1000000000, 1, 1, 0, ?, ?)";

/// A database with users and products. No service uses it.
#[derive(Debug)]
pub(super) struct RawDatabase {
    options: Opts,
    next_key: AtomicU64,
    mariadb: Option<u32>,
    /// The body of the service's reply to an order, which is stored with each order.
    pub(super) reply: String,
}

impl RawDatabase {
    /// Makes the database, its users and its products.
    pub(super) async fn prepare(shop: &Arc<Shop>) -> BenchResult<Self> {
        let url = shop.stack().create_raw_database()?;
        let options = OptsBuilder::from_opts(Opts::from_url(&url)?)
            .init(SESSION.map(str::to_owned).to_vec())
            // As for the service: rows that a statement matches count, also when it changes nothing.
            .client_found_rows(true)
            .stmt_cache_size(STATEMENTS_MAX)
            .prefer_socket(false);
        let orders = shop.place_orders(1).await?;
        let reply = orders.into_iter().next().map(|it| it.reply).ok_or("there is no order")?;
        let mariadb = shop.stack().processes().mariadb;
        let next_key = AtomicU64::new(FIRST_KEY);
        let database = Self { options: options.into(), next_key, mariadb, reply: String::from_utf8(reply)? };
        database.insert_base_rows().await?;
        Ok(database)
    }

    async fn insert_base_rows(&self) -> BenchResult<()> {
        let (mut conn, now) = (self.connect().await?, time_text(clock::now()));
        conn.query_drop("BEGIN").await?;
        for number in 0..USERS {
            let name = format!("customer{number}");
            let row = (user_key(number), &name, &name, &now, &name, &name, &name);
            conn.exec_drop(INSERT_USER, row).await?;
        }
        for number in 0..PRODUCTS {
            let row = (product_key(number), product_id(number), PRICE, &now, &now);
            conn.exec_drop(INSERT_PRODUCT, row).await?;
        }
        conn.query_drop("COMMIT").await?;
        Ok(())
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> BenchResult<Conn> {
        Ok(Conn::new(self.options.clone()).await?)
    }

    /// A key that no other row has.
    pub(super) fn next_key(&self) -> u64 {
        self.next_key.fetch_add(1, Ordering::Relaxed)
    }

    /// The database server alone: the load generator is its only client.
    pub(super) fn processes(&self) -> Processes {
        Processes { mariadb: self.mariadb, ..Processes::default() }
    }
}

/// The row key of a user. Numbers beyond the last user begin again.
pub(super) fn user_key(number: u64) -> u64 {
    (1 << 33) + number % USERS
}

/// The row key of a product.
pub(super) fn product_key(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(0).saturating_add(1 << 34)
}

/// A public id as long as those of the service.
pub(super) fn public_id(key: u64) -> String {
    format!("raw{key:023}")
}

/// A time as the database reads it.
pub(super) fn time_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The time at which an unpaid order of now expires.
pub(super) fn expiry_text(now: Timestamp) -> String {
    time_text(now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ids_have_the_form_of_the_schema() {
        let at: Timestamp = "2026-01-31T08:09:10.120Z".parse().unwrap();
        assert_eq!(time_text(at), "2026-01-31 08:09:10.120");
        assert_eq!(expiry_text(at), "2026-02-01 08:09:10.120");
        assert_eq!(public_id(FIRST_KEY).len(), 26);
    }
}
