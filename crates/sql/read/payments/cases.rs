//! Orders with all that decisions about their money rest on, many at a time.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Transaction;
use ports::{CaseKey, PaymentCase, UnreadableObserver};

use super::parts::{StoredTransaction, load_parts, stored_transactions};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::read::{events::load_waiting_events, group_by_key, orders::StoredOrder};
use crate::sql::row::{DetailsRow, ItemRow, OrderRow, TransactionRow, read_rows};
use crate::sql::schema::{
    order_details, order_items, orders, payment_metadata, payment_next_actions, payment_transactions,
};
use crate::sql::shelf::{On, Shelf};

/// Reads the orders of these keys with their payments, from wherever each is.
pub(super) async fn load_cases(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    keys: &[CaseKey],
) -> QueryResult<Vec<PaymentCase>> {
    let mut missing = keys.to_vec();
    let mut cases: Vec<PaymentCase> = Vec::new();
    for shelf in Shelf::BOTH {
        cases.extend(load_cases_on(conn, observer, shelf, &missing).await?);
        missing.retain(|key| !cases.iter().any(|it| it.has_key(key)));
        if missing.is_empty() {
            break;
        }
    }
    Ok(cases)
}

/// Reads the orders of these keys that are on that shelf with their payments, with one query for each table.
async fn load_cases_on(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    shelf: Shelf,
    keys: &[CaseKey],
) -> QueryResult<Vec<PaymentCase>> {
    let orders = load_order_rows(conn, shelf, keys).await?;
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let order_keys = pad_keys(orders.iter().map(|(row, _)| row.id).collect::<Vec<_>>());
    let query = order_items::table
        .filter(order_items::order_id.eq_any(order_keys.clone()))
        .order(order_items::position.asc())
        .select(ItemRow::as_select());
    let mut items =
        group_by_key(On(shelf, CachedStatement(query)).load(conn).await?, |it: &ItemRow| it.order_id);
    let query = stored_transactions().filter(payment_transactions::order_key.eq_any(order_keys)).select((
        TransactionRow::as_select(),
        payment_next_actions::content.nullable(),
        payment_metadata::content.nullable(),
    ));
    let mut rows: Vec<StoredTransaction> = On(shelf, CachedStatement(query)).load(conn).await?;
    // An order has few, and no index has those of many orders in this order.
    rows.sort_by_key(|(row, ..)| row.sequence);
    let mut parts = load_parts(conn, shelf, &rows).await?;
    let transactions: Vec<Transaction> = read_rows(rows, |row| parts.read_transaction(row))?;
    let waiting = load_waiting_events(conn, observer, &transactions).await?;
    read_rows(orders, |(row, details)| {
        let items = items.remove(&row.id).unwrap_or_default();
        let order = row.into_order(details, items)?;
        let own: Vec<_> = transactions.iter().filter(|it| it.order == order.key).cloned().collect();
        let is_own = |event: &&_| own.iter().any(|it| ports::is_event_about(event, it));
        let waiting = waiting.iter().filter(is_own).cloned().collect();
        Ok(PaymentCase { order, transactions: own, waiting })
    })
}

/// Loads the rows of the orders, each once. One query for each kind of key: an `OR` over two tables would read one
/// of them completely.
async fn load_order_rows(conn: &mut Conn, shelf: Shelf, keys: &[CaseKey]) -> QueryResult<Vec<StoredOrder>> {
    let (mut numbers, mut ids) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            CaseKey::Order(number) => numbers.push(number.as_str()),
            CaseKey::Transaction(id) => ids.push(id.as_str()),
        }
    }
    let mut rows: Vec<StoredOrder> = Vec::new();
    if !numbers.is_empty() {
        let query = orders::table
            .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
            .filter(orders::order_number.eq_any(pad_keys(numbers)))
            .select((OrderRow::as_select(), Option::<DetailsRow>::as_select()));
        rows = On(shelf, CachedStatement(query)).load(conn).await?;
    }
    if !ids.is_empty() {
        let query = orders::table
            .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
            .inner_join(payment_transactions::table.on(payment_transactions::order_key.eq(orders::id)))
            .filter(payment_transactions::transaction_id.eq_any(pad_keys(ids)))
            .select((OrderRow::as_select(), Option::<DetailsRow>::as_select()));
        rows.extend(On(shelf, CachedStatement(query)).load::<StoredOrder>(conn).await?);
    }
    rows.sort_by_key(|(row, _)| row.id);
    rows.dedup_by_key(|(row, _)| row.id);
    Ok(rows)
}
