use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{
    DeliveryId, EndpointId, EndpointKey, Timestamp, WebhookDelivery, WebhookEndpoint, webhook::DeliveryStatus,
};
use ports::{DueDelivery, OldDelivery, Page, WebhookRepository};

use super::{Read, sort_behind};
use crate::{
    MemoryRecord,
    record::{table::row_count, tables::Tables},
};

#[async_trait]
impl WebhookRepository for MemoryRecord {
    async fn find_endpoint(&self, id: &EndpointId) -> Read<Option<WebhookEndpoint>> {
        self.read_found(self.tables().webhook_endpoints.find(id), WebhookEndpoint::clone)
    }

    async fn list_endpoints(&self, after: Option<EndpointId>, limit: u32) -> Read<Page<WebhookEndpoint>> {
        let tables = self.tables();
        let place = |row: &WebhookEndpoint| (row.created_at, row.key);
        let last = after.map(|id| tables.webhook_endpoints.find(&id).map(place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let rows = sort_behind(tables.webhook_endpoints.rows(), place, last.flatten().as_ref());
        Ok(self.read_page(rows, limit, |row| row.id.to_string(), WebhookEndpoint::clone))
    }

    async fn list_enabled_endpoints(&self, limit: u32) -> Read<Vec<WebhookEndpoint>> {
        let tables = self.tables();
        let enabled = tables.webhook_endpoints.rows().filter(|row| !row.disabled).take(row_count(limit));
        Ok(self.read_readable(enabled, WebhookEndpoint::clone))
    }

    async fn find_delivery(&self, endpoint: EndpointKey, id: &DeliveryId) -> Read<Option<WebhookDelivery>> {
        let tables = self.tables();
        let found = tables.webhook_deliveries.find(id).filter(|row| row.endpoint == endpoint);
        self.read_found(found, WebhookDelivery::clone)
    }

    async fn list_deliveries(
        &self,
        endpoint: EndpointKey,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Read<Page<WebhookDelivery>> {
        let tables = self.tables();
        let place = |row: &WebhookDelivery| Reverse((row.created_at, row.key));
        let of_endpoint = |row: &&WebhookDelivery| row.endpoint == endpoint;
        let last = after.map(|id| tables.webhook_deliveries.find(&id).filter(of_endpoint).map(place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let rows = tables.webhook_deliveries.rows().filter(of_endpoint);
        let rows = sort_behind(rows, place, last.flatten().as_ref());
        Ok(self.read_page(rows, limit, |row| row.id.to_string(), WebhookDelivery::clone))
    }

    async fn list_due_deliveries(
        &self,
        endpoint: EndpointKey,
        now: Timestamp,
        limit: u32,
    ) -> Read<Vec<DueDelivery>> {
        let tables = self.tables();
        let place = |row: &WebhookDelivery| (row.next_attempt_at, row.key);
        let due = pending_of(&tables, endpoint).filter(|row| row.next_attempt_at.is_some_and(|at| at <= now));
        let due = sort_behind(due, place, None).into_iter().take(row_count(limit));
        Ok(self.read_readable(due, |row| {
            let before = pending_of(&tables, endpoint).filter(|it| it.is_before(row));
            let blocker = before.min_by_key(|it| it.sequence).map(|it| it.next_attempt_at.unwrap_or(now));
            DueDelivery { delivery: row.clone(), blocked_until: blocker }
        }))
    }

    async fn list_old_pending(&self, before: Timestamp, limit: u32) -> Read<Vec<OldDelivery>> {
        let tables = self.tables();
        let is_old =
            |row: &&WebhookDelivery| row.status == DeliveryStatus::Pending && row.created_at < before;
        let place = |row: &WebhookDelivery| (row.created_at, row.key);
        let rows = sort_behind(tables.webhook_deliveries.rows().filter(is_old), place, None);
        let old = |row: &WebhookDelivery| OldDelivery {
            key: row.key,
            message: row.message.clone(),
            endpoint: row.endpoint,
            endpoint_id: tables.webhook_endpoints.get(&row.endpoint).map(|it| it.id.clone()),
        };
        Ok(rows.into_iter().take(row_count(limit)).map(old).collect())
    }

    async fn count_pending_deliveries(&self, most: u32) -> Read<u32> {
        let tables = self.tables();
        let pending = tables.webhook_deliveries.rows().filter(|row| row.status == DeliveryStatus::Pending);
        Ok(u32::try_from(pending.take(row_count(most)).count()).unwrap_or(most))
    }
}

fn pending_of(tables: &Tables, endpoint: EndpointKey) -> impl Iterator<Item = &WebhookDelivery> {
    let rows = tables.webhook_deliveries.rows();
    rows.filter(move |row| row.endpoint == endpoint && row.status == DeliveryStatus::Pending)
}
