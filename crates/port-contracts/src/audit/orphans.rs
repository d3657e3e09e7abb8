//! A record with one row of every table that names a parent, and what makes each of them an orphan.

use super::walk_orphans;
use crate::{Backend, statements::filler_sql};

/// How a row of a table loses its parent, and gets it back: `SET` clauses, in which `{key}` and `{name}` are those of the
/// parent.
#[derive(Debug)]
pub struct Plant {
    /// The child's table in the record; if the archive has it, too, the archive's is tried as well.
    pub table: &'static str,
    /// The table in which the parent is missing.
    pub parent: &'static str,
    missing: &'static str,
    present: &'static str,
}

const fn plant(
    table: &'static str,
    parent: &'static str,
    missing: &'static str,
    present: &'static str,
) -> Plant {
    Plant { table, parent, missing, present }
}

const fn plant_of_user(table: &'static str) -> Plant {
    plant(table, "user", "user_key = 4040", "user_key = {key}")
}

const fn plant_of_order(table: &'static str) -> Plant {
    plant(table, "orders", "orderId = 4040", "orderId = {key}")
}

const fn plant_of_payment(table: &'static str) -> Plant {
    plant(table, "payment_transactions", "transaction_key = 4040", "transaction_key = {key}")
}

/// One for each relation.
pub const PLANTS: [Plant; 27] = [
    plant_of_user("mails"),
    plant_of_user("password_resets"),
    plant_of_user("second_factors"),
    plant_of_user("erasures"),
    plant("sessions", "user", "userId = 4040", "userId = {key}"),
    plant("api_keys", "user", "creator = 4040", "creator = {key}"),
    plant("open_order_counts", "user", "userId = 4040", "userId = {key}"),
    plant("idempotency_claims", "user", "userId = 4040", "userId = {key}"),
    plant("idempotency_claims", "orders", "resource = 'none'", "resource = '{name}'"),
    plant("product_changes", "products", "productKey = 4040", "productKey = {key}"),
    plant("orders", "user", "userId = 4040", "userId = {key}"),
    plant_of_order("order_details"),
    plant_of_order("order_items"),
    plant_of_order("order_status_history"),
    plant(
        "payment_transactions",
        "orders",
        "order_key = 4040, occupies_order = NULL",
        "order_key = {key}, occupies_order = {key}",
    ),
    plant_of_payment("refunds"),
    plant_of_payment("payment_requests"),
    plant_of_payment("gateway_references"),
    plant_of_payment("payment_next_actions"),
    plant_of_payment("payment_metadata"),
    plant_of_payment("dispute_events"),
    plant_of_payment("gateway_attempts"),
    plant("payment_events", "payment_transactions", "transaction_id = 'none'", "transaction_id = '{name}'"),
    plant("feed_events", "user", "owner = 4040", "owner = NULL"),
    plant("feed_events", "orders", "subject = 'none'", "subject = '{name}'"),
    plant(
        "feed_events",
        "user",
        "subject_kind = 'USER', subject = 'none'",
        "subject_kind = 'ORDER', subject = '{name}'",
    ),
    plant(
        "feed_events",
        "findings",
        "subject_kind = 'FINDING', subject = 'none'",
        "subject_kind = 'ORDER', subject = '{name}'",
    ),
];

/// The tables of the record that the archive has, too, parents first.
const SHELVED: [&str; 12] = [
    "orders",
    "order_details",
    "order_items",
    "order_status_history",
    "payment_transactions",
    "refunds",
    "payment_requests",
    "gateway_references",
    "payment_next_actions",
    "payment_metadata",
    "dispute_events",
    "payment_events",
];

/// The numbers of the filler rows that are archived and that are not. Both make events that were applied.
const ARCHIVED: i64 = 34;
const LIVE: i64 = 38;

impl Plant {
    /// The column that names the parent.
    #[must_use]
    pub fn column(&self) -> &'static str {
        let text = if self.missing.starts_with("subject_kind") { "subject" } else { self.missing };
        text.split(' ').next().unwrap_or_default()
    }

    /// The tables that it is tried in, with the number of the filler row there.
    #[must_use]
    pub fn tables(&self) -> Vec<(String, i64)> {
        let archived = SHELVED.contains(&self.table).then(|| (format!("archived_{}", self.table), ARCHIVED));
        [(self.table.to_owned(), LIVE)].into_iter().chain(archived).collect()
    }
}

/// Makes one row after the other an orphan, by statements that foreign keys do not refuse, and asserts that exactly it is
/// found. `at` is that of [`filler_sql`]; `run_sql` runs statements on one connection, without checks of foreign keys.
///
/// # Panics
/// If another row is found, or none.
pub async fn assert_each_orphan_is_found(
    backend: &Backend,
    at: impl Fn(&str) -> String,
    mut run_sql: impl AsyncFnMut(&str),
) {
    for statement in whole_record_sql(at) {
        run_sql(&statement).await;
    }
    let (found, relations) = walk_orphans(backend, 1).await;
    assert_eq!(found, []);
    let planted: usize = PLANTS.iter().map(|it| it.tables().len()).sum();
    assert_eq!(relations, planted, "each relation has a plant");
    for plant in &PLANTS {
        for (table, number) in plant.tables() {
            run_sql(&format!("UPDATE {table} SET {}", plant.missing)).await;
            let (found, _) = walk_orphans(backend, 100).await;
            let named: Vec<_> = found.iter().map(|it| (it.table.as_str(), it.parent)).collect();
            assert_eq!(named, [(table.as_str(), plant.parent)], "{plant:?}");
            let present = plant.present.replace("{key}", &(KEYS + number).to_string());
            let present = present.replace("{name}", &format!("filler-{number}"));
            run_sql(&format!("UPDATE {table} SET {present}")).await;
        }
    }
    assert_eq!(walk_orphans(backend, 100).await.0, []);
}

/// The key of a filler row is this and its number.
const KEYS: i64 = 1_000_000_000_000;

/// One row of each table, with its parents, and the same in the archive.
fn whole_record_sql(at: impl Fn(&str) -> String) -> Vec<String> {
    let mut statements = vec!["CREATE TEMPORARY TABLE filler (n BIGINT PRIMARY KEY)".to_owned()];
    for number in [ARCHIVED, LIVE] {
        statements.extend(["DELETE FROM filler".to_owned(), format!("INSERT INTO filler VALUES ({number})")]);
        let rows = filler_sql(KEYS + number, KEYS + number, &at);
        let tables = rows.iter().filter_map(|it| it.strip_prefix("INSERT INTO ")?.split(' ').next());
        let tables: Vec<_> = tables.map(ToOwned::to_owned).collect();
        statements.extend(rows);
        statements.push(format!("UPDATE idempotency_claims SET resource = 'filler-{number}'"));
        statements.push(format!("UPDATE payment_events SET transaction_id = 'filler-{number}'"));
        if number == ARCHIVED {
            let copy = |table: &str| format!("INSERT INTO archived_{table} SELECT * FROM {table}");
            statements.extend(SHELVED.map(copy));
            let emptied = tables.iter().filter(|it| *it != "user");
            statements.extend(emptied.map(|it| format!("DELETE FROM {it}")));
        }
    }
    statements
}
