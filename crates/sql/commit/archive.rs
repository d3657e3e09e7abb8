//! Orders that move between the record and the archive, with everything that belongs to them (ADR 0039).
//!
//! ```text
//! archive_orders    guard: each order has the revision that was read ─► record to archive
//! restore_order     an order that a commit changes is in the archive ─► archive to record, in that commit
//! ```
//!
//! Rows are copied as they are, parents first, and then deleted where they were, children first, so every foreign key
//! holds after each statement.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use domain::{OrderKey, Revision};

use super::abort::{Abort, Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::read::OPEN_EVENTS;
use crate::sql::schema::{erasures, gateway_references, orders, payment_events, payment_transactions};
use crate::sql::shelf::{On, SHELVED_TABLES, Shelf, table_name};

/// The most keys in one statement: databases limit the number of parameters.
const KEYS_MAX: usize = 500;

/// What the rows of a table are selected by.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Order,
    Transaction,
    Event,
}

/// The row keys of what moves.
struct Load {
    orders: Vec<i64>,
    transactions: Vec<i64>,
    events: Vec<i64>,
    /// Whether one of the events may still be applied.
    has_open_event: bool,
}

/// A notice: its row key, and whether it may still be applied.
type FoundEvent = (i64, bool);

impl Load {
    fn keys_of(&self, owner: Owner) -> &[i64] {
        match owner {
            Owner::Order => &self.orders,
            Owner::Transaction => &self.transactions,
            Owner::Event => &self.events,
        }
    }
}

/// Moves orders to the archive. Guard: each has the revision that was read, and no event may still be applied to it.
pub(super) async fn archive_orders(conn: &mut Conn, read: &[(OrderKey, Revision)]) -> WriteOutcome {
    for (key, revision) in read {
        // It locks the order before anything of it is copied: every commit that changes something of an order moves its
        // revision, so none can come in between. The revision moves here, too: a copy in a cache is then outdated.
        let guard = orders::table.find(key.get()).filter(orders::revision.eq(revision.get()));
        let update = diesel::update(guard).set(orders::revision.eq(orders::revision + 1));
        check_guard(CachedStatement(update).execute(conn).await?)?;
    }
    let keys: Vec<i64> = read.iter().map(|(key, _)| key.get()).collect();
    let load = find_load(conn, keys.clone(), Shelf::Record).await?;
    // A notice that could not be applied was stored without a change of the order.
    check_guard(usize::from(!load.has_open_event))?;
    move_load(conn, &load, Shelf::Record, Shelf::Archive).await?;
    // An erasure looks at the archive once and then at the record. One that began since the orders were listed could meet
    // them in neither. The copy has locked the rows of the owners, so none begins after this look.
    for part in keys.chunks(KEYS_MAX) {
        let erased = erasures::table
            .inner_join(orders::table.on(orders::user_id.eq(erasures::user_key)))
            .filter(erasures::finished.eq(false))
            .filter(orders::id.eq_any(pad_keys(part.to_vec())))
            .select(orders::id);
        let erased: Vec<i64> = On(Shelf::Archive, CachedStatement(erased)).load(conn).await?;
        check_guard(usize::from(erased.is_empty()))?;
    }
    Ok(())
}

/// Brings an order back from the archive, if it is there with that revision; false otherwise. Two commits may bring the same
/// order back at once: the second one waits for the first, and ends with the unique key of the order.
pub(super) async fn restore_order(conn: &mut Conn, key: OrderKey, revision: Revision) -> Result<bool, Abort> {
    let query = orders::table.find(key.get()).filter(orders::revision.eq(revision.get())).select(orders::id);
    let found: Option<i64> = On(Shelf::Archive, query).get_result(conn).await.optional()?;
    let Some(found) = found else { return Ok(false) };
    let load = find_load(conn, vec![found], Shelf::Archive).await?;
    let moved = move_load(conn, &load, Shelf::Archive, Shelf::Record).await;
    // A notice that this unit has just inserted may be a copy of one that comes back, too.
    check_insert(moved.map(|()| 1), || Violation::Stale)?;
    Ok(true)
}

async fn move_load(conn: &mut Conn, load: &Load, from: Shelf, to: Shelf) -> QueryResult<()> {
    for table in SHELVED_TABLES {
        let (owner, column) = row_owner(table);
        for keys in load.keys_of(owner).chunks(KEYS_MAX) {
            let (source, target) = (table_name(table, from), table_name(table, to));
            // Every column, whatever its name: both tables have the same ones in the same order, which a test of each
            // adapter checks.
            let copy = format!("INSERT INTO `{target}` SELECT * FROM `{source}` WHERE `{column}`");
            run_with_keys(conn, &copy, keys).await?;
        }
    }
    for table in SHELVED_TABLES.into_iter().rev() {
        let (owner, column) = row_owner(table);
        for keys in load.keys_of(owner).chunks(KEYS_MAX) {
            let delete = format!("DELETE FROM `{}` WHERE `{column}`", table_name(table, from));
            run_with_keys(conn, &delete, keys).await?;
        }
    }
    Ok(())
}

/// What the rows of a shelved table belong to, and the column that says so.
fn row_owner(table: &str) -> (Owner, &'static str) {
    match table {
        "orders" => (Owner::Order, "id"),
        "order_details" | "order_items" | "order_status_history" => (Owner::Order, "orderId"),
        "payment_transactions" => (Owner::Transaction, "id"),
        "payment_events" => (Owner::Event, "id"),
        _ => (Owner::Transaction, "transaction_key"),
    }
}

async fn run_with_keys(conn: &mut Conn, statement: &str, keys: &[i64]) -> QueryResult<usize> {
    let marks = vec!["?"; keys.len()].join(", ");
    let mut query = sql_query(format!("{statement} IN ({marks})")).into_boxed();
    for key in keys {
        query = query.bind::<BigInt, _>(*key);
    }
    query.execute(conn).await
}

/// Finds what belongs to orders: their transactions, and the notices that name one of these or a reference of it.
async fn find_load(conn: &mut Conn, orders: Vec<i64>, from: Shelf) -> QueryResult<Load> {
    let query = payment_transactions::table
        .filter(payment_transactions::order_key.eq_any(pad_keys(orders.clone())))
        .select((
            payment_transactions::id,
            payment_transactions::transaction_id,
            payment_transactions::gateway,
        ));
    let of_orders: Vec<(i64, String, String)> = On(from, CachedStatement(query)).load(conn).await?;
    let transactions: Vec<i64> = of_orders.iter().map(|it| it.0).collect();
    let mut events = Vec::new();
    for part in of_orders.chunks(KEYS_MAX) {
        events.extend(find_events(conn, part, from).await?);
    }
    let has_open_event = events.iter().any(|it| it.1);
    let mut events: Vec<i64> = events.into_iter().map(|it| it.0).collect();
    events.sort_unstable();
    events.dedup();
    Ok(Load { orders, transactions, events, has_open_event })
}

/// The notices about these transactions. One can name a transaction of another gateway, which is another
/// transaction, so both columns are compared.
async fn find_events(
    conn: &mut Conn,
    transactions: &[(i64, String, String)],
    from: Shelf,
) -> QueryResult<Vec<FoundEvent>> {
    let is_open = |disposition: &String| OPEN_EVENTS.contains(&disposition.as_str());
    let ids = pad_keys(transactions.iter().map(|it| it.1.clone()).collect());
    let query = payment_events::table.filter(payment_events::transaction_id.eq_any(ids)).select((
        payment_events::id,
        payment_events::transaction_id,
        payment_events::gateway,
        payment_events::disposition,
    ));
    let named: Vec<(i64, Option<String>, String, String)> =
        IndexHint(Index::EVENTS_OF_TRANSACTION.on(from), On(from, CachedStatement(query))).load(conn).await?;
    let is_theirs = |id: &Option<String>, gateway: &String| {
        transactions.iter().any(|it| Some(&it.1) == id.as_ref() && it.2 == *gateway)
    };
    let theirs = named.iter().filter(|it| is_theirs(&it.1, &it.2));
    let mut found: Vec<FoundEvent> = theirs.map(|it| (it.0, is_open(&it.3))).collect();
    let owners = pad_keys(transactions.iter().map(|it| it.0).collect());
    let query = gateway_references::table
        .filter(gateway_references::transaction_key.eq_any(owners))
        .select((gateway_references::gateway, gateway_references::kind, gateway_references::reference));
    let references: Vec<(String, String, String)> = On(from, CachedStatement(query)).load(conn).await?;
    for part in references.chunks(KEYS_MAX) {
        let texts = pad_keys(part.iter().map(|it| it.2.clone()).collect());
        let query = payment_events::table.filter(payment_events::reference.eq_any(texts)).select((
            payment_events::id,
            payment_events::gateway,
            payment_events::reference_kind,
            payment_events::reference,
            payment_events::disposition,
        ));
        type Named = (i64, String, Option<String>, Option<String>, String);
        let named: Vec<Named> =
            IndexHint(Index::EVENTS_OF_REFERENCE.on(from), On(from, CachedStatement(query)))
                .load(conn)
                .await?;
        let is_theirs = |(_, gateway, kind, text, _): &&Named| {
            part.iter()
                .any(|it| it.0 == *gateway && Some(&it.1) == kind.as_ref() && Some(&it.2) == text.as_ref())
        };
        found.extend(named.iter().filter(is_theirs).map(|it| (it.0, is_open(&it.4))));
    }
    Ok(found)
}
