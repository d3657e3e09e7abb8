use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId};
use ports::{FindingRepository, Page, PortError};

use super::{one_more, page};
use crate::connection::{Conn, Database};
use crate::sql::{row::FindingRow, schema::findings, value::Stamp};

#[async_trait]
impl FindingRepository for Database {
    async fn find(&self, id: &FindingId) -> Result<Option<Finding>, PortError> {
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
    ) -> Result<Page<Finding>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let mut query = findings::table.select(FindingRow::as_select()).into_boxed();
            query = match resolved {
                Some(true) => query.filter(findings::resolved_at.is_not_null()),
                Some(false) => query.filter(findings::resolved_at.is_null()),
                None => query,
            };
            if let Some(after) = &after {
                let Some((at, key)) = place_of(conn, after).await? else { return Ok(Page::EMPTY) };
                let before = findings::created_at.lt(at).or(findings::id.lt(key));
                query = query.filter(findings::created_at.le(at)).filter(before);
            }
            let newest_first = (findings::created_at.desc(), findings::id.desc());
            let rows = query.order(newest_first).limit(one_more(limit)).load(conn).await?;
            page(&*witness, rows, limit, FindingRow::public_id, FindingRow::read)
        })
        .await
    }
}

/// What lists sort a finding by.
async fn place_of(conn: &mut Conn, id: &FindingId) -> QueryResult<Option<(Stamp, i64)>> {
    let query = findings::table.filter(findings::finding_id.eq(id.as_str()));
    query.select((findings::created_at, findings::id)).first(conn).await.optional()
}
