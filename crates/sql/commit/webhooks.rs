use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    DeliveryKey, EndpointKey, Timestamp, Version, WebhookDelivery, WebhookEndpoint, webhook::DeliveryStatus,
};
use ports::WebhookWrite;

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::multi_row::insert_delivery_rows;
use crate::sql::{
    cached_statement::CachedStatement,
    index_hint::{Index, IndexHint},
    row::{DeliveryChanges, DeliveryRow, EndpointRow},
    schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    value::SqlTimestamp,
};

pub(super) async fn apply_webhook_write(conn: &mut Conn, write: &WebhookWrite) -> WriteOutcome {
    match write {
        WebhookWrite::InsertEndpoint(endpoint) => {
            let insert = diesel::insert_into(endpoints::table).values(EndpointRow::from(&**endpoint));
            check_insert(insert.execute(conn).await, || Violation::Stale)
        }
        WebhookWrite::UpdateEndpoint { endpoint, read } => update_endpoint(conn, endpoint, *read).await,
        WebhookWrite::DisableFailing { endpoint, read, failing_since } => {
            disable_failing(conn, endpoint, (*read, *failing_since)).await
        }
        WebhookWrite::DeleteEndpoint { endpoint, read } => {
            let row = endpoints::table.find(endpoint.get()).filter(endpoints::version.eq(read.get()));
            check_guard(CachedStatement(diesel::delete(row)).execute(conn).await?)
        }
        WebhookWrite::MoveCursor { endpoint, read, from, to } => {
            move_cursor(conn, *endpoint, *read, (*from, *to)).await
        }
        WebhookWrite::SetFailingSince { endpoint, since } => {
            let since = since.map(SqlTimestamp::from);
            let update = diesel::update(endpoints::table.find(endpoint.get()));
            CachedStatement(update.set(endpoints::failing_since.eq(since))).execute(conn).await?;
            Ok(())
        }
        WebhookWrite::InsertDeliveries(all) => insert_deliveries(conn, all).await,
        WebhookWrite::UpdateDelivery { delivery, read } => {
            let row = deliveries::table
                .find(delivery.key.get())
                .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
                .filter(deliveries::attempts.eq(i64::from(*read)));
            let update = diesel::update(row).set(DeliveryChanges::from(&**delivery));
            check_guard(CachedStatement(update).execute(conn).await?)
        }
        WebhookWrite::PostponeDelivery { endpoint: _, delivery, read, until } => {
            let row = deliveries::table
                .find(delivery.get())
                .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
                .filter(deliveries::attempts.eq(i64::from(*read)));
            let update = diesel::update(row).set(deliveries::next_attempt_at.eq(SqlTimestamp::from(*until)));
            CachedStatement(update).execute(conn).await?;
            Ok(())
        }
        WebhookWrite::DropDeliveries { endpoint: _, deliveries } => drop_pending(conn, deliveries).await,
        WebhookWrite::MoveFollower { endpoint, subject, behind, at } => {
            move_follower(conn, (*endpoint, subject), *behind, *at).await
        }
    }
}

async fn update_endpoint(conn: &mut Conn, endpoint: &WebhookEndpoint, read: Version) -> WriteOutcome {
    let row = EndpointRow::from(endpoint);
    let guard = endpoints::table.find(row.id).filter(endpoints::version.eq(read.get()));
    // Without the cursor and `failing_since`: the deliveries of this endpoint change them meanwhile, and must not make a
    // change stale.
    let update = diesel::update(guard).set((
        endpoints::url.eq(row.url),
        endpoints::types.eq(row.types),
        endpoints::description.eq(row.description),
        endpoints::disabled.eq(row.disabled),
        endpoints::version.eq(row.version),
        endpoints::secret.eq(row.secret),
        endpoints::old_secret.eq(row.old_secret),
        endpoints::old_secret_until.eq(row.old_secret_until),
        endpoints::enabled_at.eq(row.enabled_at),
        endpoints::updated_at.eq(row.updated_at),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}

async fn disable_failing(
    conn: &mut Conn,
    endpoint: &WebhookEndpoint,
    (read, failing_since): (Version, Timestamp),
) -> WriteOutcome {
    let guard = endpoints::table
        .find(endpoint.key.get())
        .filter(endpoints::version.eq(read.get()))
        .filter(endpoints::failing_since.eq(SqlTimestamp::from(failing_since)));
    let row = EndpointRow::from(endpoint);
    let update = diesel::update(guard).set((
        endpoints::disabled.eq(row.disabled),
        endpoints::version.eq(row.version),
        endpoints::updated_at.eq(row.updated_at),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)
}

async fn move_cursor(
    conn: &mut Conn,
    endpoint: EndpointKey,
    read: Version,
    (from, to): (i64, i64),
) -> WriteOutcome {
    // Two instances read the same events. The one that is slower finds the cursor moved, and its deliveries, which
    // are in the same commit, are not stored.
    let guard = endpoints::table
        .find(endpoint.get())
        .filter(endpoints::version.eq(read.get()))
        .filter(endpoints::feed_cursor.eq(from));
    check_guard(
        CachedStatement(diesel::update(guard).set(endpoints::feed_cursor.eq(to))).execute(conn).await?,
    )
}

/// Deletes deliveries, all of which must be pending.
async fn drop_pending(conn: &mut Conn, all: &[DeliveryKey]) -> WriteOutcome {
    let keys: Vec<i64> = all.iter().map(|it| it.get()).collect();
    let rows = deliveries::table
        .filter(deliveries::id.eq_any(keys))
        .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()));
    let dropped = diesel::delete(rows).execute(conn).await?;
    if dropped == all.len() { Ok(()) } else { Err(Violation::Stale.into()) }
}

/// Moves the first pending delivery that waits; the others wait for it in turn.
async fn move_follower(
    conn: &mut Conn,
    (endpoint, subject): (EndpointKey, &str),
    behind: i64,
    at: Timestamp,
) -> WriteOutcome {
    let first = deliveries::table
        .filter(deliveries::endpoint_key.eq(endpoint.get()))
        .filter(deliveries::subject.eq(subject))
        .filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()))
        .filter(deliveries::sequence.gt(behind))
        .order(deliveries::sequence.asc())
        .limit(1)
        .select(deliveries::id);
    let found = IndexHint(Index::DELIVERIES_OF_SUBJECT, first).get_result::<i64>(conn).await.optional()?;
    let Some(key) = found else { return Ok(()) };
    let row = deliveries::table.find(key).filter(deliveries::status.eq(DeliveryStatus::Pending.as_str()));
    let update = diesel::update(row).set(deliveries::next_attempt_at.eq(SqlTimestamp::from(at)));
    CachedStatement(update).execute(conn).await?;
    Ok(())
}

async fn insert_deliveries(conn: &mut Conn, all: &[WebhookDelivery]) -> WriteOutcome {
    let rows = all.iter().map(DeliveryRow::from).collect();
    check_insert(insert_delivery_rows(conn, rows).await.map(|()| 1), || Violation::Stale)
}
