use diesel::prelude::*;
use domain::AuthorKey;
use ports::{Claim, Fingerprint, IdempotencyKey, StoredReply};

use super::reader::RowReader;
use crate::sql::schema::idempotency_claims;
use crate::sql::value::SqlTimestamp;

/// Stands for "no owner", as row keys are above zero. It cannot be null: a unique key treats two nulls
/// as different, and would let an anonymous request claim the same idempotency key twice.
const NO_OWNER: i64 = 0;

/// The owner of an idempotency key as its column holds it.
pub(crate) fn owner_key(key: &IdempotencyKey) -> i64 {
    key.owner.map_or(NO_OWNER, AuthorKey::get)
}

/// A claim as it is read. Its key is not selected, because every query names it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_claims)]
pub(in crate::sql) struct ClaimRow {
    id: i64,
    fingerprint: String,
    resource: String,
    reply_status: Option<i32>,
    reply_location: Option<String>,
    reply_etag: Option<String>,
    reply_body: Option<String>,
    created_at: SqlTimestamp,
    expires_at: Option<SqlTimestamp>,
}

impl ClaimRow {
    pub(in crate::sql) fn into_claim(self, key: &IdempotencyKey) -> QueryResult<Claim> {
        let row = RowReader::new("idempotency_claims", self.id).of_user_row(owner_key(key));
        let reply = match self.reply_status {
            None => None,
            Some(status) => Some(StoredReply {
                status: row.require_value(
                    // A status outside this range was not written by this program and must not reach the
                    // HTTP layer.
                    u16::try_from(status).ok().filter(|it| (200..600).contains(it)),
                    "replyStatus",
                )?,
                location: self.reply_location,
                etag: self.reply_etag,
                body: row.require_value(self.reply_body, "replyBody")?,
            }),
        };
        Ok(Claim {
            key: key.clone(),
            fingerprint: Fingerprint(self.fingerprint),
            resource: self.resource,
            reply,
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            expires_at: row.read_optional_timestamp(self.expires_at, "expiresAt")?,
        })
    }
}

/// A claim as it is written. It is only ever found by its idempotency key, so the database may choose the
/// row's key.
#[derive(Insertable)]
#[diesel(table_name = idempotency_claims, treat_none_as_default_value = false)]
pub(crate) struct NewClaim<'a> {
    user_id: i64,
    route: &'a str,
    idempotency_key: &'a str,
    fingerprint: &'a str,
    resource: &'a str,
    reply_status: Option<i32>,
    reply_location: Option<&'a str>,
    reply_etag: Option<&'a str>,
    reply_body: Option<&'a str>,
    created_at: SqlTimestamp,
    expires_at: Option<SqlTimestamp>,
}

impl<'a> From<&'a Claim> for NewClaim<'a> {
    fn from(claim: &'a Claim) -> Self {
        let reply = claim.reply.as_ref();
        Self {
            user_id: owner_key(&claim.key),
            route: claim.key.route,
            idempotency_key: &claim.key.key,
            fingerprint: &claim.fingerprint.0,
            resource: &claim.resource,
            reply_status: reply.map(|it| i32::from(it.status)),
            reply_location: reply.and_then(|it| it.location.as_deref()),
            reply_etag: reply.and_then(|it| it.etag.as_deref()),
            reply_body: reply.map(|it| it.body.as_str()),
            created_at: claim.created_at.into(),
            expires_at: claim.expires_at.map(SqlTimestamp::from),
        }
    }
}
