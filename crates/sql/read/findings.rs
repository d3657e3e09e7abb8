use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId};
use ports::{FindingRepository, Page, Unavailable};

use super::{each, length, one_more};
use crate::connection::{Conn, Database};
use crate::sql::{row::FindingRow, schema::findings};

diesel::alias!(findings as last_seen: LastSeen);

#[async_trait]
impl FindingRepository for Database {
    async fn find(&self, id: &FindingId) -> Result<Option<Finding>, Unavailable> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query =
                findings::table.filter(findings::finding_id.eq(id.as_str())).select(FindingRow::as_select());
            query.first(conn).await.optional()?.map(FindingRow::read).transpose()
        })
        .await
    }

    async fn list(
        &self,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Result<Page<Finding>, Unavailable> {
        self.read(async move |conn: &mut Conn| {
            let mut query = findings::table.select(FindingRow::as_select()).into_boxed();
            query = match resolved {
                Some(true) => query.filter(findings::resolved_at.is_not_null()),
                Some(false) => query.filter(findings::resolved_at.is_null()),
                None => query,
            };
            if let Some(after) = &after {
                let last = last_seen.filter(last_seen.field(findings::finding_id).eq(after.as_str()));
                query = query.filter(
                    findings::id.nullable().lt(last.select(last_seen.field(findings::id)).single_value()),
                );
            }
            let rows = query.order(findings::id.desc()).limit(one_more(limit)).load(conn).await?;
            Ok(Page::cut(each(rows, FindingRow::read)?, length(limit)))
        })
        .await
    }
}
