use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId};
use ports::{FindingRepository, Page, PortError};

use super::{one_more, page};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::{
    row::FindingRow,
    schema::{findings, user},
    value::Stamp,
};

#[async_trait]
impl FindingRepository for Database {
    async fn find(&self, id: &FindingId) -> Result<Option<Finding>, PortError> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query = findings::table
                .left_join(user::table.on(user::id.nullable().eq(findings::resolved_by)))
                .filter(findings::finding_id.eq(id.as_str()))
                .select((FindingRow::as_select(), user::public_id.nullable()));
            let row = query.first::<(FindingRow, Option<String>)>(conn).await.optional()?;
            row.map(|(row, user)| row.read(user)).transpose()
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
            let mut query = findings::table
                .left_join(user::table.on(user::id.nullable().eq(findings::resolved_by)))
                .select((FindingRow::as_select(), user::public_id.nullable()))
                .into_boxed();
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
            let newest = query.order(newest_first).limit(one_more(limit));
            let rows = Along(index, newest).load::<(FindingRow, Option<String>)>(conn).await?;
            page(&*witness, rows, limit, |(row, _)| row.public_id(), |(row, user)| row.read(user))
        })
        .await
    }
}

/// What lists sort a finding by.
async fn place_of(conn: &mut Conn, id: &FindingId) -> QueryResult<Option<(Stamp, i64)>> {
    let query = findings::table.filter(findings::finding_id.eq(id.as_str()));
    query.select((findings::created_at, findings::id)).first(conn).await.optional()
}
