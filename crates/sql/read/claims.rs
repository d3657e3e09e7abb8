use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Claim, ClaimRepository, IdempotencyKey, PortError};

use crate::connection::{Conn, Database};
use crate::sql::{
    cached_statement::{CachedStatement, pad_keys},
    row::{ClaimRow, owner_key},
    schema::idempotency_claims as claims,
};

#[async_trait]
impl ClaimRepository for Database {
    async fn find_claim(&self, key: &IdempotencyKey) -> Result<Option<Claim>, PortError> {
        let key = key.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = claims::table
                .filter(claims::user_id.eq(owner_key(&key)))
                .filter(claims::route.eq(key.route))
                .filter(claims::idempotency_key.eq(&key.key))
                .select(ClaimRow::as_select());
            query.first(conn).await.optional()?.map(|it| it.into_claim(&key)).transpose()
        })
        .await
    }

    async fn find_claims(&self, keys: &[IdempotencyKey]) -> Result<Vec<Claim>, PortError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = pad_keys(keys.to_vec());
        self.run_query(async move |conn: &mut Conn| {
            let mut query = claims::table.into_boxed();
            for key in &keys {
                let same_owner = claims::user_id.eq(owner_key(key)).and(claims::route.eq(key.route));
                query = query.or_filter(same_owner.and(claims::idempotency_key.eq(&key.key)));
            }
            let columns = (claims::user_id, claims::route, claims::idempotency_key, ClaimRow::as_select());
            let rows: Vec<(i64, String, String, ClaimRow)> =
                CachedStatement(query.select(columns)).load(conn).await?;
            let of_row = |(owner, route, text, row): (i64, String, String, ClaimRow)| {
                let is_same = |it: &&IdempotencyKey| {
                    (owner_key(it), it.route, &it.key) == (owner, route.as_str(), &text)
                };
                keys.iter().find(is_same).map(|key| row.into_claim(key))
            };
            rows.into_iter().filter_map(of_row).collect()
        })
        .await
    }
}
