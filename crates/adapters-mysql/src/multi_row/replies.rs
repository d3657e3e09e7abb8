//! Replies to many claimed keys.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;
use ports::{IdempotencyKey, StoredReply, Write};

use super::{
    RunOutcome, repeat_list,
    updates::{UPDATED_MAX, bind_cases, set_cases},
};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::row::owner_key;
use crate::sql::schema::idempotency_claims as claims;

const COLUMNS: [&str; 4] = ["replyStatus", "replyLocation", "replyEtag", "replyBody"];

/// A reply with the row key of its claim.
type Reply<'w> = (i64, &'w StoredReply);

/// Stores every reply, if no claim has one yet.
pub(super) async fn store_replies(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let replies: Vec<_> = run.iter().filter_map(pick_reply).collect();
    for chunk in replies.chunks(UPDATED_MAX) {
        let mut rows = find_rows(conn, pad_keys(chunk.to_vec())).await?;
        // By row key, so that the update locks them in one order.
        rows.sort_by_key(|(key, _)| *key);
        if rows.len() != chunk.len() || update_rows(conn, &pad_keys(rows)).await? != chunk.len() {
            return Ok(RunOutcome::Refused);
        }
    }
    Ok(RunOutcome::Applied)
}

fn pick_reply(write: &Write) -> Option<(&IdempotencyKey, &StoredReply)> {
    if let Write::StoreReply { key, reply } = write { Some((key, reply)) } else { None }
}

/// The claims by their keys. A plain read, which locks nothing: the row key of a claim never changes, and the update
/// guards the rest.
async fn find_rows<'w>(
    conn: &mut Conn,
    replies: Vec<(&'w IdempotencyKey, &'w StoredReply)>,
) -> QueryResult<Vec<Reply<'w>>> {
    let mut query = claims::table.into_boxed();
    for (key, _) in &replies {
        let same_owner = claims::user_id.eq(owner_key(key)).and(claims::route.eq(key.route));
        query = query.or_filter(same_owner.and(claims::idempotency_key.eq(&key.key)));
    }
    let columns = (claims::id, claims::user_id, claims::route, claims::idempotency_key);
    let rows: Vec<(i64, i64, String, String)> = CachedStatement(query.select(columns)).load(conn).await?;
    let reply = |(id, owner, route, text): &(i64, i64, String, String)| {
        let is_same = |key: &IdempotencyKey| {
            (owner_key(key), key.route, key.key.as_str()) == (*owner, route.as_str(), text.as_str())
        };
        replies.iter().find(|(key, _)| is_same(key)).map(|(_, reply)| (*id, *reply))
    };
    Ok(rows.iter().filter_map(reply).collect())
}

async fn update_rows(conn: &mut Conn, rows: &[Reply<'_>]) -> QueryResult<usize> {
    let mut update = sql_query(format!(
        "UPDATE idempotency_claims SET {} WHERE id IN ({}) AND replyStatus IS NULL",
        set_cases(&COLUMNS, rows.len()),
        repeat_list("?", rows.len()),
    ))
    .into_boxed();
    let key = |(key, _): &Reply<'_>| *key;
    bind_cases!(update, rows, key, Integer, |(_, it): &Reply<'_>| i32::from(it.status));
    for (key, reply) in rows {
        update = update.bind::<BigInt, _>(*key).bind::<Nullable<Text>, _>(reply.location.as_deref());
    }
    for (key, reply) in rows {
        update = update.bind::<BigInt, _>(*key).bind::<Nullable<Text>, _>(reply.etag.as_deref());
    }
    for (key, reply) in rows {
        update = update.bind::<BigInt, _>(*key).bind::<Text, _>(reply.body.as_str());
    }
    for (key, _) in rows {
        update = update.bind::<BigInt, _>(*key);
    }
    CachedStatement(update).execute(conn).await
}
