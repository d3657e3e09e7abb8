use std::collections::HashMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::{
    DeliveryId, DeliveryKey, EndpointId, EndpointKey, MessageId, Timestamp, WebhookDelivery, WebhookEndpoint,
    webhook::DeliveryStatus,
};
use ports::{DueDelivery, OldDelivery, Page, PortError, WebhookRepository};

use super::{limit_plus_one, read_page, read_readable_rows};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{DeliveryRow, EndpointRow};
use crate::sql::schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl WebhookRepository for Database {
    async fn find_endpoint(&self, id: &EndpointId) -> Result<Option<WebhookEndpoint>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = endpoints::table.filter(endpoints::endpoint_id.eq(id.as_str()));
            let row = query.select(EndpointRow::as_select()).first(conn).await.optional()?;
            row.map(EndpointRow::into_endpoint).transpose()
        })
        .await
    }

    async fn list_endpoints(
        &self,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Page<WebhookEndpoint>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let mut query = endpoints::table.select(EndpointRow::as_select()).into_boxed();
            if let Some(after) = &after {
                let sort_key = endpoints::table
                    .filter(endpoints::endpoint_id.eq(after.as_str()))
                    .select((endpoints::created_at, endpoints::id));
                let found: Option<(SqlTimestamp, i64)> = sort_key.first(conn).await.optional()?;
                let Some((at, key)) = found else { return Ok(Page::EMPTY) };
                let beside = endpoints::created_at.eq(at).and(endpoints::id.gt(key));
                let behind = endpoints::created_at.gt(at).or(beside);
                // Redundant beside the `OR`, but only this is seen as a range of the index.
                query = query.filter(endpoints::created_at.ge(at)).filter(behind);
            }
            let oldest_first = (endpoints::created_at.asc(), endpoints::id.asc());
            let query = query.order(oldest_first).limit(limit_plus_one(limit));
            let rows = IndexHint(Index::ENDPOINTS_BY_TIME, query).load(conn).await?;
            read_page(&*observer, rows, limit, EndpointRow::public_id, EndpointRow::into_endpoint)
        })
        .await
    }

    async fn list_enabled_endpoints(&self, limit: u32) -> Result<Vec<WebhookEndpoint>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = endpoints::table.filter(endpoints::disabled.eq(false)).order(endpoints::id.asc());
            let query = query.limit(i64::from(limit)).select(EndpointRow::as_select());
            let rows = IndexHint(Index::ENDPOINTS_OF_STATE, query).load(conn).await?;
            read_readable_rows(&*observer, rows, EndpointRow::into_endpoint)
        })
        .await
    }

    async fn find_delivery(
        &self,
        endpoint: EndpointKey,
        id: &DeliveryId,
    ) -> Result<Option<WebhookDelivery>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = deliveries::table
                .filter(deliveries::delivery_id.eq(id.as_str()))
                .filter(deliveries::endpoint_key.eq(endpoint.get()));
            let row = query.select(DeliveryRow::as_select()).first(conn).await.optional()?;
            row.map(DeliveryRow::into_delivery).transpose()
        })
        .await
    }

    async fn list_deliveries(
        &self,
        endpoint: EndpointKey,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Page<WebhookDelivery>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let mut query = deliveries::table
                .filter(deliveries::endpoint_key.eq(endpoint.get()))
                .select(DeliveryRow::as_select())
                .into_boxed();
            if let Some(after) = &after {
                let sort_key = deliveries::table
                    .filter(deliveries::delivery_id.eq(after.as_str()))
                    .filter(deliveries::endpoint_key.eq(endpoint.get()))
                    .select((deliveries::created_at, deliveries::id));
                let found: Option<(SqlTimestamp, i64)> = sort_key.first(conn).await.optional()?;
                let Some((at, key)) = found else { return Ok(Page::EMPTY) };
                let beside = deliveries::created_at.eq(at).and(deliveries::id.lt(key));
                let behind = deliveries::created_at.lt(at).or(beside);
                // Redundant beside the `OR`, but only this is seen as a range of the index.
                query = query.filter(deliveries::created_at.le(at)).filter(behind);
            }
            let newest_first = (deliveries::created_at.desc(), deliveries::id.desc());
            let query = query.order(newest_first).limit(limit_plus_one(limit));
            let rows = IndexHint(Index::DELIVERIES_OF_ENDPOINT, query).load(conn).await?;
            read_page(&*observer, rows, limit, DeliveryRow::public_id, DeliveryRow::into_delivery)
        })
        .await
    }

    async fn list_due_deliveries(
        &self,
        endpoint: EndpointKey,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>, PortError> {
        let observer = self.observer();
        // A snapshot: a delivery that ends between the two queries must not be missing from the second one only.
        self.run_snapshot(async move |conn: &mut Conn| {
            let query = deliveries::table
                .filter(deliveries::endpoint_key.eq(endpoint.get()))
                .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
                .filter(deliveries::next_attempt_at.le(SqlTimestamp::from(now)))
                .order((deliveries::next_attempt_at.asc(), deliveries::id.asc()))
                .limit(i64::from(limit))
                .select(DeliveryRow::as_select());
            let rows: Vec<DeliveryRow> = IndexHint(Index::DELIVERIES_DUE, query).load(conn).await?;
            let heads = load_subject_heads(conn, &rows).await?;
            read_readable_rows(&*observer, rows, |row| {
                let head = row.subject.as_ref().and_then(|it| heads.get(it));
                let blocker = head.filter(|(sequence, _)| row.sequence.is_some_and(|it| *sequence < it));
                let blocked_until = blocker.map(|(_, at)| at.get().unwrap_or(now));
                Ok(DueDelivery { delivery: row.into_delivery()?, blocked_until })
            })
        })
        .await
    }

    async fn list_old_pending(&self, before: Timestamp, limit: u32) -> Result<Vec<OldDelivery>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = deliveries::table
                .left_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_key)))
                .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
                .filter(deliveries::created_at.lt(SqlTimestamp::from(before)))
                .order((deliveries::created_at.asc(), deliveries::id.asc()))
                .limit(i64::from(limit))
                .select((
                    deliveries::id,
                    deliveries::message_id,
                    deliveries::endpoint_key,
                    endpoints::endpoint_id.nullable(),
                ));
            let rows: Vec<(i64, String, i64, Option<String>)> =
                IndexHint(Index::DELIVERIES_OF_STATUS, query).load(conn).await?;
            let old =
                |(key, message, endpoint, endpoint_id): (i64, String, i64, Option<String>)| OldDelivery {
                    key: DeliveryKey::new(key),
                    message: MessageId::new(message),
                    endpoint: EndpointKey::new(endpoint),
                    endpoint_id: endpoint_id.map(EndpointId::new),
                };
            Ok(rows.into_iter().map(old).collect())
        })
        .await
    }

    async fn count_pending_deliveries(&self, most: u32) -> Result<u32, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = deliveries::table
                .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
                .limit(i64::from(most))
                .select(deliveries::id);
            let rows: Vec<i64> = IndexHint(Index::DELIVERIES_OF_STATUS, query).load(conn).await?;
            Ok(u32::try_from(rows.len()).unwrap_or(most))
        })
        .await
    }
}

/// The key of a delivery that others wait for.
#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Nullable<BigInt>)]
    head: Option<i64>,
}

/// The first pending delivery of each subject that these rows have: its sequence, and when it is looked at next.
async fn load_subject_heads(
    conn: &mut Conn,
    rows: &[DeliveryRow],
) -> QueryResult<HashMap<String, (i64, SqlTimestamp)>> {
    let of_subject: HashMap<_, _> =
        rows.iter().filter_map(|it| Some((it.subject.as_ref()?, it.id))).collect();
    if of_subject.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = find_heads(conn, of_subject.into_values().collect()).await?;
    let query = deliveries::table.filter(deliveries::id.eq_any(pad_keys(keys))).select((
        deliveries::subject,
        deliveries::sequence,
        deliveries::next_attempt_at,
    ));
    let heads: Vec<(Option<String>, Option<i64>, Option<SqlTimestamp>)> =
        CachedStatement(query).load(conn).await?;
    let head_of = |(subject, sequence, at): (Option<String>, Option<i64>, Option<SqlTimestamp>)| {
        Some((subject?, (sequence?, at.unwrap_or(SqlTimestamp::UNREADABLE))))
    };
    Ok(heads.into_iter().filter_map(head_of).collect())
}

/// The first pending delivery of the subject of each of these deliveries, one step of the index for each. All that wait
/// are never read: a busy subject may have thousands.
async fn find_heads(conn: &mut Conn, keys: Vec<i64>) -> QueryResult<Vec<i64>> {
    let keys = pad_keys(keys);
    let mut query = sql_query(format!(
        "SELECT (SELECT h.id FROM webhook_deliveries AS h {} WHERE h.endpoint_key = d.endpoint_key \
         AND h.subject = d.subject AND h.status = ? ORDER BY h.sequence LIMIT 1) AS head \
         FROM webhook_deliveries AS d WHERE d.id IN ({})",
        Index::DELIVERIES_OF_SUBJECT.hint_sql(),
        vec!["?"; keys.len()].join(", "),
    ))
    .into_boxed()
    .bind::<Text, _>(DeliveryStatus::Pending.as_str());
    for key in keys {
        query = query.bind::<BigInt, _>(key);
    }
    let heads: Vec<Head> = CachedStatement(query).load(conn).await?;
    Ok(heads.into_iter().filter_map(|it| it.head).collect())
}
