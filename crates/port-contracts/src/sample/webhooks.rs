//! Endpoints of webhooks and deliveries to them.

use domain::{
    DeliveryId, DeliveryKey, EndpointId, EndpointKey, MessageId, Version, WebhookDelivery, WebhookEndpoint,
    webhook::{DeliveryStatus, EventTypes, SealedSecret, WebhookUrl},
};

use super::{at, next_number};

/// An enabled endpoint of webhooks that wants every type.
#[must_use]
pub fn endpoint() -> WebhookEndpoint {
    let number = next_number();
    WebhookEndpoint {
        key: EndpointKey::new(number),
        id: EndpointId::new(format!("endpoint-{number}")),
        url: WebhookUrl::new("https://shop.example/hooks".to_owned()),
        types: EventTypes::default(),
        description: None,
        disabled: false,
        version: Version::FIRST,
        secret: SealedSecret::new("sealed".to_owned()),
        old_secret: None,
        cursor: 0,
        enabled_at: at(0),
        failing_since: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A delivery to that endpoint that is due from [`at`]`(0)` on, of the event with that sequence about that subject.
#[must_use]
pub fn delivery(endpoint: &WebhookEndpoint, sequence: i64, subject: &str) -> WebhookDelivery {
    let number = next_number();
    WebhookDelivery {
        key: DeliveryKey::new(number),
        id: DeliveryId::new(format!("delivery-{number}")),
        endpoint: endpoint.key,
        message: MessageId::new(format!("message-{number}")),
        event_type: "order.placed".to_owned(),
        sequence: Some(sequence),
        subject: Some(subject.to_owned()),
        status: DeliveryStatus::Pending,
        attempts: 0,
        next_attempt_at: Some(at(0)),
        first_attempt_at: None,
        last_attempt: None,
        created_at: at(0),
    }
}
