//! A sign of life.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ports::{Health, Unavailable};

use super::schema::user;
use crate::connection::{Conn, Database};

#[async_trait]
impl Health for Database {
    async fn check(&self) -> Result<(), Unavailable> {
        self.read(async |conn: &mut Conn| {
            let first = user::table.select(user::id).limit(1);
            first.get_result::<i64>(conn).await.optional().map(drop)
        })
        .await
    }
}
