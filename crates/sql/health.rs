//! The health check: the database answers, and takes writes. And its clock.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind::ReadOnlyTransaction, Error};
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use ports::{HealthCheck, PortError, RecordClock};

use super::schema::user;
use crate::connection::{Conn, Database, is_writable, read_server_time};

#[async_trait]
impl HealthCheck for Database {
    async fn check_health(&self) -> Result<(), PortError> {
        self.run_query(async |conn: &mut Conn| {
            let first = user::table.select(user::id).limit(1);
            first.get_result::<i64>(conn).await.optional()?;
            // After a failover the former primary may still answer queries, read-only. A service that reads
            // but cannot commit is not ready.
            let writable = is_writable(conn).await?;
            writable.then_some(()).ok_or_else(|| {
                Error::DatabaseError(ReadOnlyTransaction, Box::new("the database is read-only".to_owned()))
            })
        })
        .await
    }
}

#[async_trait]
impl RecordClock for Database {
    async fn read_time(&self) -> Result<Option<Timestamp>, PortError> {
        let now = self.run_query(async |conn: &mut Conn| read_server_time(conn).await).await?;
        Ok(now.map(Timestamp::from_millis))
    }
}
