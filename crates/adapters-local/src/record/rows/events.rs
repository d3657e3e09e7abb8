use domain::{EventId, EventKey, GatewayName, payment::StoredEvent};

use crate::record::table::Row;

impl Row for StoredEvent {
    const TABLE: &'static str = "payment_events";
    type Key = EventKey;
    /// The id is unique within a gateway.
    type Unique = (GatewayName, EventId);

    fn key(&self) -> EventKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<Self::Unique> {
        vec![(self.gateway.clone(), self.id.clone())]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}
