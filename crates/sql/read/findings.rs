use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Finding, FindingId, OrderNumber};
use ports::{FindingRepository, Page, PortError};

use super::{author::author_id, limit_plus_one, read_page};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::{
    row::FindingRow,
    schema::{api_keys, findings, user},
    value::SqlTimestamp,
};

#[async_trait]
impl FindingRepository for Database {
    async fn find_finding(&self, id: &FindingId) -> Result<Option<Finding>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = findings::table
                .left_join(user::table.on(user::id.nullable().eq(findings::resolved_by)))
                .left_join(api_keys::table.on(api_keys::id.nullable().eq(findings::resolved_by)))
                .filter(findings::finding_id.eq(id.as_str()))
                .select((FindingRow::as_select(), author_id()));
            let row = query.first::<(FindingRow, Option<String>)>(conn).await.optional()?;
            row.map(|(row, author)| row.into_finding(author)).transpose()
        })
        .await
    }

    async fn list_findings(
        &self,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Result<Page<Finding>, PortError> {
        load_page(self, None, resolved, after, limit).await
    }

    async fn list_findings_of_order(
        &self,
        order: &OrderNumber,
        resolved: Option<bool>,
        after: Option<FindingId>,
        limit: u32,
    ) -> Result<Page<Finding>, PortError> {
        load_page(self, Some(order.clone()), resolved, after, limit).await
    }
}

/// A page of the findings about that order, or about anything.
async fn load_page(
    database: &Database,
    order: Option<OrderNumber>,
    resolved: Option<bool>,
    after: Option<FindingId>,
    limit: u32,
) -> Result<Page<Finding>, PortError> {
    let observer = database.observer();
    database
        .run_query(async move |conn: &mut Conn| {
            let mut query = findings::table
                .left_join(user::table.on(user::id.nullable().eq(findings::resolved_by)))
                .left_join(api_keys::table.on(api_keys::id.nullable().eq(findings::resolved_by)))
                .select((FindingRow::as_select(), author_id()))
                .into_boxed();
            let mut index = Index::FINDINGS_BY_TIME;
            if let Some(resolved) = resolved {
                query = query.filter(findings::resolved.eq(resolved));
                index = Index::FINDINGS_OF_STATE;
            }
            if let Some(order) = &order {
                // An order has few findings, so whether they are resolved needs no index beside it.
                query = query.filter(findings::order_number.eq(order.as_str()));
                index = Index::FINDINGS_OF_ORDER;
            }
            if let Some(after) = &after {
                // A cursor whose row is gone gives an empty page, not the first one: a client that follows
                // `next` would start again from the beginning without noticing.
                let Some((at, key)) = find_sort_key(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = findings::created_at.eq(at).and(findings::id.lt(key));
                let behind = findings::created_at.lt(at).or(beside);
                // `le(at)` follows from `behind`, which is an `OR`: without it the databases do not see
                // that the page is one range of the index.
                query = query.filter(findings::created_at.le(at)).filter(behind);
            }
            let newest_first = (findings::created_at.desc(), findings::id.desc());
            let newest = query.order(newest_first).limit(limit_plus_one(limit));
            let rows = IndexHint(index, newest).load::<(FindingRow, Option<String>)>(conn).await?;
            read_page(
                &*observer,
                rows,
                limit,
                |(row, _)| row.public_id(),
                |(row, author)| row.into_finding(author),
            )
        })
        .await
}

/// The position of a finding in the lists: time, then row key.
async fn find_sort_key(conn: &mut Conn, id: &FindingId) -> QueryResult<Option<(SqlTimestamp, i64)>> {
    let query = findings::table.filter(findings::finding_id.eq(id.as_str()));
    query.select((findings::created_at, findings::id)).first(conn).await.optional()
}
