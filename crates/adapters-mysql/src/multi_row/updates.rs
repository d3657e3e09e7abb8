//! Updates of many rows in one statement: `SET column = CASE id WHEN ? THEN ? … END`.

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{QueryResult, sql_query};
use diesel_async::RunQueryDsl;
use domain::{Order, OrderChange, order::OrderStatus};
use ports::Write;

use super::{RunOutcome, insert_length, inserts::insert_rows, repeat_list};
use crate::connection::Conn;
use crate::dialect::{AmountType, TimestampType};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::row::{HistoryRow, TransactionRow};
use crate::sql::schema::order_status_history;
use crate::sql::value::SqlTimestamp;

/// The largest number of rows of one update. The server looks a row's values up sequentially, so twice the
/// rows cost four times the comparisons.
pub(super) const UPDATED_MAX: usize = 16;

/// The columns of an order that change.
const ORDER_COLUMNS: [&str; 7] =
    ["status", "cameFrom", "version", "revision", "lastSequence", "updatedAt", "statusChangedAt"];
/// The columns of a transaction that change. The others are of its beginning.
const TRANSACTION_COLUMNS: [&str; 21] = [
    "status",
    "card_last4",
    "card_brand",
    "authorization_code",
    "failure_reason",
    "response_code",
    "asked",
    "captured_amount",
    "asked_amount",
    "refunded_amount",
    "disputed_amount",
    "captured_at",
    "updated_at",
    "authorized_at",
    "failed_at",
    "voided_at",
    "check_at",
    "surplus",
    "displaced",
    "occupies_order",
    "checks",
];

/// `a = CASE id WHEN ? THEN ? … END, b = …`, for that many rows.
pub(super) fn set_cases(columns: &[&str], rows: usize) -> String {
    let cases = " WHEN ? THEN ?".repeat(rows);
    columns.iter().map(|it| format!("{it} = CASE id{cases} END")).collect::<Vec<_>>().join(", ")
}

/// Binds the values of one column, as [`set_cases`] names them. A macro, because each bind makes another type of the
/// same statement.
macro_rules! bind_cases {
    ($update:ident, $rows:expr, $key:expr, $type:ty, $value:expr) => {
        for row in $rows {
            $update = $update.bind::<BigInt, _>($key(row)).bind::<$type, _>($value(row));
        }
    };
}
pub(super) use bind_cases;

/// Changes every order, if all are as they were read, and then adds to their histories. Their details and lines are left
/// to the caller.
pub(super) async fn update_orders(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let changes: Vec<_> = run.iter().filter_map(pick_change).collect();
    for chunk in changes.chunks(UPDATED_MAX) {
        if update_order_rows(conn, &pad_keys(chunk.to_vec())).await? != chunk.len() {
            return Ok(RunOutcome::Refused);
        }
    }
    let entries = |it: &&OrderChange| {
        let key = it.order().key;
        it.history_entries().iter().map(|entry| HistoryRow::new(key, entry)).collect::<Vec<_>>()
    };
    let entries: Vec<_> = changes.iter().flat_map(entries).collect();
    RunOutcome::from_insert(insert_rows!(conn, order_status_history::table, entries).await)
}

fn pick_change(write: &Write) -> Option<&OrderChange> {
    if let Write::UpdateOrder(change) = write { Some(change) } else { None }
}

/// Changes the orders whose revision is the one read, and returns their number.
async fn update_order_rows(conn: &mut Conn, changes: &[&OrderChange]) -> QueryResult<usize> {
    let guards = vec!["(id = ? AND revision = ?)"; changes.len()].join(" OR ");
    let mut update = sql_query(format!(
        "UPDATE orders SET {} WHERE id IN ({}) AND ({guards})",
        set_cases(&ORDER_COLUMNS, changes.len()),
        repeat_list("?", changes.len()),
    ))
    .into_boxed();
    let orders: Vec<&Order> = changes.iter().map(|it| it.order()).collect();
    let key = |it: &Order| it.key.get();
    let status_before_refund = |it: &Order| it.status_before_refund.map(OrderStatus::as_str);
    bind_cases!(update, &orders, key, Text, |it: &Order| it.status.as_str());
    bind_cases!(update, &orders, key, Nullable<Text>, status_before_refund);
    bind_cases!(update, &orders, key, BigInt, |it: &Order| it.version.get());
    bind_cases!(update, &orders, key, BigInt, |it: &Order| it.revision.get());
    bind_cases!(update, &orders, key, BigInt, |it: &Order| it.last_sequence.get());
    bind_cases!(update, &orders, key, TimestampType, |it: &Order| SqlTimestamp::from(it.updated_at));
    bind_cases!(update, &orders, key, TimestampType, |it: &Order| SqlTimestamp::from(it.status_changed_at));
    for order in &orders {
        update = update.bind::<BigInt, _>(key(order));
    }
    for change in changes {
        update =
            update.bind::<BigInt, _>(key(change.order())).bind::<BigInt, _>(change.base_revision().get());
    }
    CachedStatement(update).execute(conn).await
}

/// Replaces the rows of transactions; what belongs to them in other tables is left to the caller.
pub(super) async fn update_transactions(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let rows: Vec<_> = run.iter().filter_map(pick_transaction).collect();
    for chunk in rows.chunks(UPDATED_MAX) {
        let updated = update_transaction_rows(conn, &pad_keys(chunk.iter().collect())).await;
        // A violated key is that of the order, which another live transaction occupies.
        match RunOutcome::from_update(updated, chunk.len())? {
            RunOutcome::Applied => {}
            refused @ (RunOutcome::Refused | RunOutcome::OneByOne) => return Ok(refused),
        }
    }
    Ok(RunOutcome::Applied)
}

fn pick_transaction(write: &Write) -> Option<TransactionRow> {
    if let Write::UpdateTransaction(it) = write { Some(TransactionRow::from(it.next())) } else { None }
}

async fn update_transaction_rows(conn: &mut Conn, rows: &[&TransactionRow]) -> QueryResult<usize> {
    type Row = TransactionRow;
    let mut update = sql_query(format!(
        "UPDATE payment_transactions SET {} WHERE id IN ({})",
        set_cases(&TRANSACTION_COLUMNS, rows.len()),
        repeat_list("?", rows.len()),
    ))
    .into_boxed();
    let key = |it: &Row| it.id;
    let texts: [fn(&Row) -> Option<String>; 7] = [
        |it| Some(it.status.clone()),
        |it| it.card_last4.clone(),
        |it| it.card_brand.clone(),
        |it| it.authorization_code.clone(),
        |it| it.failure_reason.clone(),
        |it| it.response_code.clone(),
        |it| it.asked.clone(),
    ];
    for value in texts {
        bind_cases!(update, rows, key, Nullable<Text>, value);
    }
    let amounts: [fn(&Row) -> _; 4] = [
        |it| it.captured_amount,
        |it| it.asked_amount,
        |it| Some(it.refunded_amount),
        |it| it.disputed_amount,
    ];
    for value in amounts {
        bind_cases!(update, rows, key, Nullable<AmountType>, value);
    }
    let times: [fn(&Row) -> _; 6] = [
        |it| it.captured_at,
        |it| Some(it.updated_at),
        |it| it.authorized_at,
        |it| it.failed_at,
        |it| it.voided_at,
        |it| it.check_at,
    ];
    for value in times {
        bind_cases!(update, rows, key, Nullable<TimestampType>, value);
    }
    bind_cases!(update, rows, key, Bool, |it: &Row| it.surplus);
    bind_cases!(update, rows, key, Bool, |it: &Row| it.displaced);
    bind_cases!(update, rows, key, Nullable<BigInt>, |it: &Row| it.occupies_order);
    bind_cases!(update, rows, key, BigInt, |it: &Row| it.checks);
    for row in rows {
        update = update.bind::<BigInt, _>(row.id);
    }
    CachedStatement(update).execute(conn).await
}
