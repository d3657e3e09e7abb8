use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{SecondFactor, UserKey};
use ports::{PortError, SecondFactorRepository};

use crate::connection::{Conn, Database};
use crate::sql::{row::SecondFactorRow, schema::second_factors};

#[async_trait]
impl SecondFactorRepository for Database {
    async fn find_second_factor(&self, user: UserKey) -> Result<Option<SecondFactor>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = second_factors::table.find(user.get()).select(SecondFactorRow::as_select());
            query.first(conn).await.optional()?.map(SecondFactorRow::into_factor).transpose()
        })
        .await
    }
}
