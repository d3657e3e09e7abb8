use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId};
use ports::{FindingRepository, Page, PortError};

use super::{each, length, one_more};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
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
        self.read(async move |conn: &mut Conn| {
            let mut query = findings::table.select(FindingRow::as_select()).into_boxed();
            let mut index = Index::FINDINGS_BY_TIME;
            if let Some(resolved) = resolved {
                query = query.filter(findings::resolved.eq(resolved));
                index = Index::FINDINGS_OF_STATE;
            }
            if let Some(after) = &after {
                let Some((at, key)) = place_of(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = findings::created_at.eq(at).and(findings::id.lt(key));
                let behind = findings::created_at.lt(at).or(beside);
                query = query.filter(findings::created_at.le(at)).filter(behind);
            }
            let newest_first = (findings::created_at.desc(), findings::id.desc());
            let query = query.order(newest_first).limit(one_more(limit));
            let rows = Along(index, query).load(conn).await?;
            Ok(Page::cut(each(rows, FindingRow::read)?, length(limit)))
        })
        .await
    }
}

/// What lists sort a finding by.
async fn place_of(conn: &mut Conn, id: &FindingId) -> QueryResult<Option<(Stamp, i64)>> {
    let query = findings::table.filter(findings::finding_id.eq(id.as_str()));
    query.select((findings::created_at, findings::id)).first(conn).await.optional()
}
