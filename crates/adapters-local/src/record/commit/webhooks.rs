use domain::{DeliveryKey, Timestamp, WebhookDelivery, WebhookEndpoint, webhook::DeliveryStatus};
use ports::WebhookWrite;

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::tables::Tables;

pub(super) fn apply_webhook_write(tables: &mut Tables, write: WebhookWrite) -> Written {
    match write {
        WebhookWrite::InsertEndpoint(endpoint) => Ok(tables.webhook_endpoints.insert(*endpoint)?),
        WebhookWrite::UpdateEndpoint { endpoint, read } => {
            let is_as_read = |row: &WebhookEndpoint| row.version == read;
            let key = endpoint.key;
            update_guarded(&mut tables.webhook_endpoints, &key, is_as_read, |row| {
                // All but what deliveries change.
                let (cursor, failing_since) = (row.cursor, row.failing_since);
                *row = WebhookEndpoint { cursor, failing_since, ..*endpoint };
            })
        }
        WebhookWrite::DisableFailing { endpoint, read, failing_since } => {
            let is_as_read =
                |row: &WebhookEndpoint| row.version == read && row.failing_since == Some(failing_since);
            update_guarded(&mut tables.webhook_endpoints, &endpoint.key, is_as_read, |row| {
                let WebhookEndpoint { disabled, version, updated_at, .. } = *endpoint;
                (row.disabled, row.version, row.updated_at) = (disabled, version, updated_at);
            })
        }
        WebhookWrite::DeleteEndpoint { endpoint, read } => {
            if tables.webhook_endpoints.get(&endpoint).is_none_or(|row| row.version != read) {
                return Err(Abort::Stale);
            }
            tables.webhook_endpoints.remove(&endpoint);
            Ok(())
        }
        WebhookWrite::MoveCursor { endpoint, read, from, to } => {
            let is_as_read = |row: &WebhookEndpoint| row.version == read && row.cursor == from;
            update_guarded(&mut tables.webhook_endpoints, &endpoint, is_as_read, |row| row.cursor = to)
        }
        WebhookWrite::SetFailingSince { endpoint, since } => {
            Ok(tables.webhook_endpoints.update(&endpoint, |row| row.failing_since = since)?)
        }
        WebhookWrite::InsertDeliveries(all) => {
            for delivery in all {
                tables.webhook_deliveries.insert(delivery)?;
            }
            Ok(())
        }
        WebhookWrite::UpdateDelivery { delivery, read } => {
            let key = delivery.key;
            let is_as_read = |row: &WebhookDelivery| is_pending_with(row, read);
            update_guarded(&mut tables.webhook_deliveries, &key, is_as_read, |row| *row = *delivery)
        }
        WebhookWrite::PostponeDelivery { endpoint: _, delivery, read, until } => {
            if tables.webhook_deliveries.get(&delivery).is_some_and(|row| is_pending_with(row, read)) {
                tables.webhook_deliveries.update(&delivery, |row| row.next_attempt_at = Some(until))?;
            }
            Ok(())
        }
        WebhookWrite::DropDeliveries { endpoint: _, deliveries } => drop_pending(tables, &deliveries),
        WebhookWrite::MoveFollower { endpoint, subject, behind, at } => {
            let follows = |row: &&WebhookDelivery| {
                row.endpoint == endpoint
                    && row.subject.as_ref() == Some(&subject)
                    && row.sequence.is_some_and(|it| it > behind)
                    && row.status == DeliveryStatus::Pending
            };
            let first = tables.webhook_deliveries.rows().filter(follows).min_by_key(|row| row.sequence);
            first.map(|row| row.key).map_or(Ok(()), |key| move_delivery(tables, key, at))
        }
    }
}

fn drop_pending(tables: &mut Tables, deliveries: &[DeliveryKey]) -> Written {
    let is_pending = |key| {
        let row = tables.webhook_deliveries.get(key);
        row.is_some_and(|row| row.status == DeliveryStatus::Pending)
    };
    if !deliveries.iter().all(is_pending) {
        return Err(Abort::Stale);
    }
    deliveries.iter().for_each(|key| tables.webhook_deliveries.remove(key));
    Ok(())
}

fn is_pending_with(row: &WebhookDelivery, attempts: u32) -> bool {
    row.status == DeliveryStatus::Pending && row.attempts == attempts
}

fn move_delivery(tables: &mut Tables, key: DeliveryKey, at: Timestamp) -> Written {
    Ok(tables.webhook_deliveries.update(&key, |row| row.next_attempt_at = Some(at))?)
}
