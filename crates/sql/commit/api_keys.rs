use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{ApiKey, ApiKeyKey, Timestamp, api_key::ApiKeyDigest};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{cached_statement::CachedStatement, row::NewApiKey, schema::api_keys, value::SqlTimestamp};

pub(super) async fn insert_api_key(conn: &mut Conn, key: &ApiKey, digest: &ApiKeyDigest) -> WriteOutcome {
    let insert = diesel::insert_into(api_keys::table).values(NewApiKey::new(key, digest));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

pub(super) async fn revoke_api_key(conn: &mut Conn, key: ApiKeyKey, at: Timestamp) -> WriteOutcome {
    let live = api_keys::table.find(key.get()).filter(api_keys::revoked.eq(false));
    let revoked = (api_keys::revoked.eq(true), api_keys::revoked_at.eq(SqlTimestamp::from(at)));
    check_guard(CachedStatement(diesel::update(live).set(revoked)).execute(conn).await?)
}

/// The clocks of instances differ, so the time only moves forward.
pub(super) async fn record_key_use(conn: &mut Conn, key: ApiKeyKey, at: Timestamp) -> WriteOutcome {
    let at = SqlTimestamp::from(at);
    let earlier = api_keys::last_used_at.is_null().or(api_keys::last_used_at.lt(at));
    let update = diesel::update(api_keys::table.find(key.get()).filter(earlier));
    CachedStatement(update.set(api_keys::last_used_at.eq(at))).execute(conn).await?;
    Ok(())
}
