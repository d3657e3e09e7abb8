use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Claim, IdempotencyKey, PortError, ReplyRepository};

use crate::connection::{Conn, Database};
use crate::sql::{
    row::{ClaimRow, owner},
    schema::idempotency_claims as claims,
};

#[async_trait]
impl ReplyRepository for Database {
    async fn find(&self, key: &IdempotencyKey) -> Result<Option<Claim>, PortError> {
        let key = key.clone();
        self.read(async move |conn: &mut Conn| {
            let query = claims::table
                .filter(claims::user_id.eq(owner(&key)))
                .filter(claims::route.eq(key.route))
                .filter(claims::idempotency_key.eq(&key.key))
                .select(ClaimRow::as_select());
            query.first(conn).await.optional()?.map(|it| it.read(&key)).transpose()
        })
        .await
    }
}
