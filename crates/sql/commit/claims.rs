use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Claim, IdempotencyKey, StoredReply};

use super::halt::{Refusal, Written, inserted};
use crate::connection::Conn;
use crate::sql::{
    kept::Kept,
    row::{NewClaim, owner},
    schema::idempotency_claims as claims,
};

pub(super) async fn claim(conn: &mut Conn, claim: &Claim) -> Written {
    let insert = diesel::insert_into(claims::table).values(NewClaim::from(claim));
    inserted(insert.execute(conn).await, || Refusal::Claim(claim.key.clone()))
}

pub(super) async fn answer(conn: &mut Conn, key: &IdempotencyKey, reply: &StoredReply) -> Written {
    let open = claims::table
        .filter(claims::user_id.eq(owner(key)))
        .filter(claims::route.eq(key.route))
        .filter(claims::idempotency_key.eq(&key.key))
        .filter(claims::reply_status.is_null());
    let update = diesel::update(open).set((
        claims::reply_status.eq(i32::from(reply.status)),
        claims::reply_location.eq(reply.location.as_deref()),
        claims::reply_etag.eq(reply.etag.as_deref()),
        claims::reply_body.eq(&reply.body),
    ));
    if Kept(update).execute(conn).await? == 0 { Err(Refusal::Claim(key.clone()).into()) } else { Ok(()) }
}
