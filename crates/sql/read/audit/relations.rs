//! Which rows name a parent that must be there.
//!
//! Foreign keys refuse an orphan while they are checked; a restore may run without them, and some relations have none. Not
//! here are columns whose row may be missing by design: the author of a change, who may be unknown in an adopted database, products of lines, what findings and
//! notices without effect name, and the endpoint of a delivery, which outlives it.

use crate::dialect::row_order_hint_sql;
use crate::sql::shelf::{SHELVED_TABLES, Shelf, table_name};

/// Where the parents of a relation are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    /// On the shelf of the child: a table of the record that is on both, too, or one that is only there.
    Beside,
    /// On any shelf.
    Anywhere,
}

/// Rows of a table that name a row of another one.
#[derive(Debug)]
pub(super) struct Relation {
    /// The table of the record.
    pub(super) table: &'static str,
    /// The first column of its primary key, by which it is read.
    key: &'static str,
    /// The column that names the parent.
    column: &'static str,
    /// Which rows name a parent.
    names: &'static str,
    home: Home,
    /// The tables with the columns that are named. One of them must have it.
    parents: &'static [(&'static str, &'static str)],
}

const ALWAYS: &str = "0 = 0";
const USER: &[(&str, &str)] = &[("user", "id")];
const KEY_OWNER: &[(&str, &str)] = &[("user", "id"), ("api_keys", "id")];
const PRODUCT: &[(&str, &str)] = &[("products", "id")];
const ORDER: &[(&str, &str)] = &[("orders", "id")];
const NUMBER: &[(&str, &str)] = &[("orders", "orderNumber")];
const TRANSACTION: &[(&str, &str)] = &[("payment_transactions", "id")];
const TRANSACTION_ID: &[(&str, &str)] = &[("payment_transactions", "transaction_id")];
const PUBLIC_ID: &[(&str, &str)] = &[("user", "publicId")];
const FINDING: &[(&str, &str)] = &[("findings", "finding_id")];

const APPLIED: &str = "child.disposition IN ('APPLIED', 'WAITING') AND child.transaction_id IS NOT NULL";
// A finding may be about an order that only a notice names.
const ABOUT_ORDER: &str = "child.subject_kind = 'ORDER' AND child.kind <> 'finding.opened'";

const RELATIONS: [Relation; 27] = [
    Relation::new("mails", "id", "user_key", "child.user_key <> 0", USER),
    Relation::new("password_resets", "user_key", "user_key", ALWAYS, USER),
    Relation::new("second_factors", "user_key", "user_key", ALWAYS, USER),
    Relation::new("erasures", "user_key", "user_key", ALWAYS, USER),
    Relation::new("sessions", "id", "userId", ALWAYS, USER),
    Relation::new("api_keys", "id", "creator", ALWAYS, USER),
    Relation::new("open_order_counts", "userId", "userId", ALWAYS, USER),
    Relation::new("idempotency_claims", "id", "userId", "child.userId <> 0", KEY_OWNER),
    Relation::new("idempotency_claims", "id", "resource", "child.route = 'POST /v1/orders'", NUMBER)
        .on_any_shelf(),
    Relation::new("product_changes", "id", "productKey", ALWAYS, PRODUCT),
    Relation::new("orders", "id", "userId", ALWAYS, USER),
    Relation::new("order_details", "orderId", "orderId", ALWAYS, ORDER),
    Relation::new("order_items", "id", "orderId", ALWAYS, ORDER),
    Relation::new("order_status_history", "id", "orderId", ALWAYS, ORDER),
    Relation::new("payment_transactions", "id", "order_key", ALWAYS, ORDER),
    Relation::new("refunds", "id", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("payment_requests", "id", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("gateway_references", "id", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("payment_next_actions", "transaction_key", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("payment_metadata", "transaction_key", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("dispute_events", "id", "transaction_key", ALWAYS, TRANSACTION),
    Relation::new("gateway_attempts", "id", "transaction_key", ALWAYS, TRANSACTION).on_any_shelf(),
    Relation::new("payment_events", "id", "transaction_id", APPLIED, TRANSACTION_ID).on_any_shelf(),
    Relation::new("feed_events", "id", "owner", "child.owner IS NOT NULL", USER),
    Relation::new("feed_events", "id", "subject", ABOUT_ORDER, NUMBER).on_any_shelf(),
    Relation::new("feed_events", "id", "subject", "child.subject_kind = 'USER'", PUBLIC_ID),
    Relation::new("feed_events", "id", "subject", "child.subject_kind = 'FINDING'", FINDING),
];

/// Every relation with each shelf that its table is on.
pub(super) fn relations() -> impl Iterator<Item = (&'static Relation, Shelf)> {
    let shelves = |it: &'static Relation| {
        let is_shelved = SHELVED_TABLES.contains(&it.table);
        Shelf::BOTH
            .into_iter()
            .filter(move |shelf| is_shelved || *shelf == Shelf::Record)
            .map(move |shelf| (it, shelf))
    };
    RELATIONS.iter().flat_map(shelves)
}

impl Relation {
    const fn new(
        table: &'static str,
        key: &'static str,
        column: &'static str,
        names: &'static str,
        parents: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { table, key, column, names, home: Home::Beside, parents }
    }

    const fn on_any_shelf(self) -> Self {
        Self { home: Home::Anywhere, ..self }
    }

    /// The table that a report names.
    pub(super) fn parent_name(&self) -> &'static str {
        self.parents.first().map_or("", |it| it.0)
    }

    /// The statement for a page: the row key of each row, and whether it names a parent that is not there. Its parameters
    /// are the last row key of the page before and the limit.
    pub(super) fn page_sql(&self, shelf: Shelf) -> String {
        let Self { key, column, names, .. } = self;
        let (mut joins, mut missing) = (String::new(), String::new());
        for (number, (table, named)) in self.parent_tables(shelf).into_iter().enumerate() {
            joins.push_str(&format!(
                " LEFT JOIN {table} AS parent{number} ON parent{number}.{named} = child.{column}"
            ));
            missing.push_str(&format!(" AND parent{number}.{named} IS NULL"));
        }
        format!(
            "SELECT child.{key} AS row_key, CASE WHEN {names}{missing} THEN 1 ELSE 0 END AS orphaned \
             FROM {} AS child {}{joins} WHERE child.{key} > ? ORDER BY child.{key} ASC LIMIT ?",
            table_name(self.table, shelf),
            row_order_hint_sql()
        )
    }

    /// The tables in which the parent of a row on this shelf may be, with the column that is named.
    fn parent_tables(&self, shelf: Shelf) -> Vec<(String, &'static str)> {
        let on = |shelves: &[Shelf], (table, column): (&str, &'static str)| -> Vec<_> {
            if SHELVED_TABLES.contains(&table) {
                shelves.iter().map(|it| (table_name(table, *it), column)).collect()
            } else {
                vec![(table.to_owned(), column)]
            }
        };
        let shelves: &[Shelf] = match self.home {
            Home::Beside => &[shelf],
            Home::Anywhere => &Shelf::BOTH,
        };
        self.parents.iter().flat_map(|it| on(shelves, *it)).collect()
    }
}
