//! Steps of a walk that looks for a text in what belongs to each order.
//!
//! No index has parts of texts, and one that had would be written by every placing. So the list is walked, and the texts
//! are compared in the process (ADR 0029). Only a whole order number is found by its index.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::order::Contact;
use ports::{OrderSearch, SearchedTexts};

use super::{Head, Walk};
use crate::connection::Conn;
use crate::sql::index_hint::IndexHint;
use crate::sql::schema::{order_details, orders, user};
use crate::sql::value::SqlTimestamp;

/// The head of an order, its contact as it is stored, and the name and the address of its customer.
type SearchedRow = (Head, Option<String>, Option<String>, Option<String>);

/// The next heads of a walk, each with whether the text is found in its order.
pub(super) async fn load_searched_heads(
    conn: &mut Conn,
    walk: &Walk,
    search: &OrderSearch,
) -> QueryResult<Vec<(Head, bool)>> {
    let mut query = orders::table
        .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
        .left_join(user::table.on(user::id.eq(orders::user_id)))
        .select((
            (
                orders::id,
                orders::order_number,
                orders::status,
                orders::created_at,
                orders::updated_at,
                order_details::reference.nullable(),
            ),
            order_details::contact.nullable(),
            user::username_folded.nullable(),
            user::email_folded.nullable(),
        ))
        .into_boxed();
    if let Some(owner) = walk.owner {
        query = query.filter(orders::user_id.eq(owner.get()));
    }
    let index = walk.list_index();
    let query = if walk.sort.is_by_change() {
        along_index!(query, walk, orders::updated_at)
    } else {
        along_index!(query, walk, orders::created_at)
    };
    let rows: Vec<SearchedRow> = IndexHint(index, query).load(conn).await?;
    Ok(rows.into_iter().map(|row| compare_texts(row, search)).collect())
}

fn compare_texts((head, contact, username, email): SearchedRow, search: &OrderSearch) -> (Head, bool) {
    // A contact that cannot be read is in a finding as soon as its order is read; here it has no texts.
    let contact: Option<Contact> = contact.and_then(|it| serde_json::from_str(&it).ok());
    let texts = SearchedTexts {
        reference: head.reference.as_deref(),
        contact: contact.as_ref(),
        username: username.as_deref(),
        email: email.as_deref(),
    };
    let found = search.matches_texts(&head.number, texts);
    (head, found)
}

/// The order whose number is the whole text.
pub(super) async fn find_numbered_head(conn: &mut Conn, search: &OrderSearch) -> QueryResult<Option<Head>> {
    let query = orders::table
        .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
        .filter(orders::order_number.eq(search.as_str()))
        .select((
            orders::id,
            orders::order_number,
            orders::status,
            orders::created_at,
            orders::updated_at,
            order_details::reference.nullable(),
        ));
    query.first(conn).await.optional()
}
