use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Claim, ClaimRepository, IdempotencyKey, PortError};

use crate::connection::{Conn, Database};
use crate::sql::{
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
}
