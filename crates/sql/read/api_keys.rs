use async_trait::async_trait;
use diesel::{dsl::auto_type, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{ApiKey, ApiKeyId, ApiKeyKey, api_key::ApiKeyDigest};
use ports::{ApiKeyRepository, Page, PortError};

use super::{limit_plus_one, read_page};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::{
    row::ApiKeyRow,
    schema::{api_keys, user},
    value::SqlTimestamp,
};

/// A key, and the public id of the operator who made it.
type KeyWithCreator = (ApiKeyRow, String);

/// Every key with the operator who made it.
#[auto_type]
fn keys_with_creators() -> _ {
    api_keys::table.inner_join(user::table.on(user::id.eq(api_keys::creator)))
}

#[async_trait]
impl ApiKeyRepository for Database {
    async fn find_api_key(&self, id: &ApiKeyId) -> Result<Option<ApiKey>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = keys_with_creators().filter(api_keys::key_id.eq(id.as_str()));
            let query = query.select((ApiKeyRow::as_select(), user::public_id));
            read_key(query.first::<KeyWithCreator>(conn).await.optional()?)
        })
        .await
    }

    async fn find_api_key_by_key(&self, key: ApiKeyKey) -> Result<Option<ApiKey>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = keys_with_creators().filter(api_keys::id.eq(key.get()));
            let query = query.select((ApiKeyRow::as_select(), user::public_id));
            read_key(query.first::<KeyWithCreator>(conn).await.optional()?)
        })
        .await
    }

    async fn find_api_key_by_digest(&self, digest: &ApiKeyDigest) -> Result<Option<ApiKey>, PortError> {
        let digest = digest.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = keys_with_creators().filter(api_keys::digest.eq(digest.expose_secret()));
            let query = query.select((ApiKeyRow::as_select(), user::public_id));
            read_key(query.first::<KeyWithCreator>(conn).await.optional()?)
        })
        .await
    }

    async fn list_api_keys(
        &self,
        revoked: bool,
        after: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Page<ApiKey>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let mut query = keys_with_creators()
                .select((ApiKeyRow::as_select(), user::public_id))
                .filter(api_keys::revoked.eq(revoked))
                .into_boxed();
            if let Some(after) = &after {
                // A cursor whose row is gone gives an empty page, not the first one.
                let Some((at, key)) = find_sort_key(conn, after).await? else { return Ok(Page::EMPTY) };
                let behind =
                    api_keys::created_at.lt(at).or(api_keys::created_at.eq(at).and(api_keys::id.lt(key)));
                // `le(at)` follows from `behind`: it shows the databases that the page is one range of the index.
                query = query.filter(api_keys::created_at.le(at)).filter(behind);
            }
            let newest_first = (api_keys::created_at.desc(), api_keys::id.desc());
            let newest = query.order(newest_first).limit(limit_plus_one(limit));
            let rows = IndexHint(Index::API_KEYS_OF_STATE, newest).load::<KeyWithCreator>(conn).await?;
            let id = |(row, _): &KeyWithCreator| row.public_id();
            read_page(&*observer, rows, limit, id, |(row, creator)| row.into_api_key(creator))
        })
        .await
    }
}

fn read_key(found: Option<KeyWithCreator>) -> QueryResult<Option<ApiKey>> {
    found.map(|(row, creator)| row.into_api_key(creator)).transpose()
}

/// The position of a key in the lists: time, then row key.
async fn find_sort_key(conn: &mut Conn, id: &ApiKeyId) -> QueryResult<Option<(SqlTimestamp, i64)>> {
    let query = api_keys::table.filter(api_keys::key_id.eq(id.as_str()));
    query.select((api_keys::created_at, api_keys::id)).first(conn).await.optional()
}
