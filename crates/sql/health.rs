//! A sign of life, and of being written to.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind::ReadOnlyTransaction, Error};
use diesel_async::RunQueryDsl;
use ports::{Health, PortError};

use super::schema::user;
use crate::connection::{Conn, Database, is_writable};

#[async_trait]
impl Health for Database {
    async fn check(&self) -> Result<(), PortError> {
        self.read(async |conn: &mut Conn| {
            let first = user::table.select(user::id).limit(1);
            first.get_result::<i64>(conn).await.optional()?;
            let writable = is_writable(conn).await?;
            writable.then_some(()).ok_or_else(|| {
                Error::DatabaseError(ReadOnlyTransaction, Box::new("the record is read-only".to_owned()))
            })
        })
        .await
    }
}
