use domain::{DeliveryId, DeliveryKey, EndpointId, EndpointKey, WebhookDelivery, WebhookEndpoint};

use crate::record::table::Row;

impl Row for WebhookEndpoint {
    const TABLE: &'static str = "webhook_endpoints";
    type Key = EndpointKey;
    type Unique = EndpointId;

    fn key(&self) -> EndpointKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<EndpointId> {
        vec![self.id.clone()]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}

impl Row for WebhookDelivery {
    const TABLE: &'static str = "webhook_deliveries";
    type Key = DeliveryKey;
    type Unique = DeliveryId;

    fn key(&self) -> DeliveryKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<DeliveryId> {
        vec![self.id.clone()]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}
