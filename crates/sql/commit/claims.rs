use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Claim, IdempotencyKey, StoredReply};

use super::abort::{Violation, WriteOutcome, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{NewClaim, owner_key},
    schema::idempotency_claims as claims,
};

pub(super) async fn insert_claim(conn: &mut Conn, claim: &Claim) -> WriteOutcome {
    // The first write in the lock order. Of two requests with the same key the second one waits here until
    // the first has committed, before it has touched any other row.
    let insert = diesel::insert_into(claims::table).values(NewClaim::from(claim));
    check_insert(insert.execute(conn).await, || Violation::Claim(claim.key.clone()))
}

pub(super) async fn store_reply(conn: &mut Conn, key: &IdempotencyKey, reply: &StoredReply) -> WriteOutcome {
    // Only a claim without a reply: when two attempts finish the same work, the second one must send the
    // reply of the first one, and must not replace it.
    let open = claims::table
        .filter(claims::user_id.eq(owner_key(key)))
        .filter(claims::route.eq(key.route))
        .filter(claims::idempotency_key.eq(&key.key))
        .filter(claims::reply_status.is_null());
    let update = diesel::update(open).set((
        claims::reply_status.eq(i32::from(reply.status)),
        claims::reply_location.eq(reply.location.as_deref()),
        claims::reply_etag.eq(reply.etag.as_deref()),
        claims::reply_body.eq(&reply.body),
    ));
    // No row: the reply is stored already or the claim has been pruned. The lookup after the rollback tells
    // which.
    if CachedStatement(update).execute(conn).await? == 0 {
        Err(Violation::Claim(key.clone()).into())
    } else {
        Ok(())
    }
}
