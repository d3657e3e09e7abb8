use domain::{DeliveryId, EndpointId, EndpointKey};
use ports::WebhookWrite;

use super::filler::{FILLER_ENDPOINT, filler_rows};
use super::reads::{LIMIT, ask, middle};
use super::{Coverage, StatementFixture};
use crate::{Backend, sample};

/// The name of the kind of a write, as it is covered.
pub(super) fn write_name(write: &WebhookWrite) -> String {
    let text = format!("{write:?}");
    format!("WebhookWrite::{}", text.split(['(', ' ', '{']).next().unwrap_or_default())
}

impl StatementFixture {
    pub(super) async fn read_webhooks(&self, backend: &Backend, played: &mut Coverage) {
        let webhooks = &backend.webhooks;
        ask!(played, WebhookRepository::find_endpoint, webhooks, &self.endpoint.id);
        for after in [None, Some(EndpointId::new(middle()))] {
            ask!(played, WebhookRepository::list_endpoints, webhooks, after, LIMIT);
        }
        ask!(played, WebhookRepository::list_enabled_endpoints, webhooks, LIMIT);
        let endpoint = EndpointKey::new(FILLER_ENDPOINT);
        ask!(played, WebhookRepository::find_delivery, webhooks, endpoint, &self.delivery.id);
        for after in [None, Some(DeliveryId::new(middle()))] {
            ask!(played, WebhookRepository::list_deliveries, webhooks, endpoint, after, LIMIT);
        }
        for key in [endpoint, self.endpoint.key] {
            ask!(played, WebhookRepository::list_due_deliveries, webhooks, key, sample::at(1_000_000), LIMIT);
        }
        let middle = sample::at(i64::from(filler_rows()) / 2);
        ask!(played, WebhookRepository::list_old_pending, webhooks, middle, LIMIT);
        ask!(played, WebhookRepository::count_pending_deliveries, webhooks, LIMIT);
    }

    pub(super) fn webhook_writes(&self) -> Vec<WebhookWrite> {
        let endpoint = self.endpoint.with_rotated_secret(self.endpoint.secret.clone(), sample::at(1));
        let (key, disabled) = (endpoint.key, endpoint.with_disabled(sample::at(2)));
        let delivery = sample::delivery(&endpoint, 8, "order:1");
        let begun = Box::new(delivery.with_attempt_begun(sample::at(1), std::time::Duration::from_secs(60)));
        vec![
            WebhookWrite::InsertEndpoint(Box::new(sample::endpoint())),
            WebhookWrite::MoveCursor { endpoint: key, read: self.endpoint.version, from: 0, to: 8 },
            WebhookWrite::InsertDeliveries(vec![delivery.clone()]),
            WebhookWrite::PostponeDelivery {
                endpoint: key,
                delivery: delivery.key,
                read: 0,
                until: sample::at(2),
            },
            WebhookWrite::UpdateDelivery { delivery: begun, read: 0 },
            WebhookWrite::MoveFollower {
                endpoint: key,
                subject: "order:1".into(),
                behind: 7,
                at: sample::at(3),
            },
            WebhookWrite::DropDeliveries { endpoint: key, deliveries: vec![delivery.key] },
            WebhookWrite::SetFailingSince { endpoint: key, since: Some(sample::at(1)) },
            WebhookWrite::UpdateEndpoint {
                endpoint: Box::new(endpoint.clone()),
                read: self.endpoint.version,
            },
            WebhookWrite::DisableFailing {
                endpoint: Box::new(disabled.clone()),
                read: endpoint.version,
                failing_since: sample::at(1),
            },
            WebhookWrite::DeleteEndpoint { endpoint: key, read: disabled.version },
        ]
    }
}
