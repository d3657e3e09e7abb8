//! Outgoing webhooks: reading endpoints and deliveries, the writes about them, and sending.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    DeliveryId, DeliveryKey, EndpointId, EndpointKey, Invalid, MessageId, Timestamp, TraceParent, Version,
    webhook::{AttemptResult, SigningSecret, WebhookDelivery, WebhookEndpoint, WebhookUrl},
};

use crate::{Page, PortError};

/// A change of endpoints or deliveries, with its guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookWrite {
    /// Makes an endpoint. Guard: key and id are new; else `Stale`.
    InsertEndpoint(Box<WebhookEndpoint>),
    /// Replaces what a client can see of an endpoint, its secrets and `enabled_at`. The cursor and `failing_since` are not
    /// written, because deliveries change them without a new version. Guard: its version is the one read; else `Stale`.
    UpdateEndpoint {
        /// The endpoint after the change.
        endpoint: Box<WebhookEndpoint>,
        /// The version that was read.
        read: Version,
    },
    /// Disables an endpoint that has failed for too long: writes `disabled`, `version` and `updated_at`. Guard: its version and
    /// since when it fails are those that were read; else `Stale`.
    // Since when it fails, too: an attempt that succeeds meanwhile does not change the version.
    DisableFailing {
        /// The endpoint after the change.
        endpoint: Box<WebhookEndpoint>,
        /// The version that was read.
        read: Version,
        /// The `failing_since` that was read.
        failing_since: Timestamp,
    },
    /// Deletes an endpoint. Its deliveries stay until they are old, and none of them is sent. Guard: its version is
    /// the one read; else `Stale`.
    DeleteEndpoint {
        /// The row of the endpoint.
        endpoint: EndpointKey,
        /// The version that was read.
        read: Version,
    },
    /// Moves the cursor of an endpoint, in the commit that makes the deliveries of the events before it. Guard: cursor
    /// and version are those that were read; else `Stale`.
    // The version too: the deliveries were chosen by the types of that version.
    MoveCursor {
        /// The row of the endpoint.
        endpoint: EndpointKey,
        /// The version that was read.
        read: Version,
        /// The cursor that was read.
        from: i64,
        /// The sequence of the last event that was looked at.
        to: i64,
    },
    /// Stores since when attempts at an endpoint fail; `None` after a success. No guard: of two instances either is
    /// right, and the next attempt says it again.
    SetFailingSince {
        /// The row of the endpoint.
        endpoint: EndpointKey,
        /// The time of the first failure since the last success.
        since: Option<Timestamp>,
    },
    /// Makes deliveries. Guard: keys and ids are new; else `Stale`.
    InsertDeliveries(Vec<WebhookDelivery>),
    /// Changes status, attempts and times of a delivery, and its last attempt. Guard: it is `PENDING` and has begun that
    /// many attempts; else `Stale`.
    UpdateDelivery {
        /// The delivery after the change.
        delivery: Box<WebhookDelivery>,
        /// The number of attempts that was read.
        read: u32,
    },
    /// Delays a delivery that waits for an earlier one. If it has changed since it was read, it stays as it is.
    // No guard that refuses: the row is only looked at later, and a claim of another instance must not be undone.
    PostponeDelivery {
        /// The row of the endpoint.
        endpoint: EndpointKey,
        /// The row of the delivery.
        delivery: DeliveryKey,
        /// The number of attempts that was read.
        read: u32,
        /// When to look at it again.
        until: Timestamp,
    },
    /// Deletes deliveries of one endpoint that were never made, also while an attempt at one runs. Guard: all of them are
    /// `PENDING`; else `Stale`.
    DropDeliveries {
        /// The row of the endpoint, which may be deleted.
        endpoint: EndpointKey,
        /// The rows of the deliveries.
        deliveries: Vec<DeliveryKey>,
    },
    /// Sets when the first pending delivery of a subject that comes after one is looked at. It belongs to the commit that
    /// ends an attempt of that one.
    // Only the first: the others wait for it, and a busy subject may have thousands of them.
    MoveFollower {
        /// The row of the endpoint.
        endpoint: EndpointKey,
        /// The subject that they have in common.
        subject: String,
        /// The sequence of the one that it waits for.
        behind: i64,
        /// When to look at it.
        at: Timestamp,
    },
}

impl WebhookWrite {
    /// The endpoint that the write is about, and the first delivery whose row it locks, if any.
    pub(crate) fn lock_keys(&self) -> (EndpointKey, Option<DeliveryKey>) {
        match self {
            Self::InsertEndpoint(it) => (it.key, None),
            Self::UpdateEndpoint { endpoint, .. } | Self::DisableFailing { endpoint, .. } => {
                (endpoint.key, None)
            }
            Self::DeleteEndpoint { endpoint, .. }
            | Self::MoveCursor { endpoint, .. }
            | Self::SetFailingSince { endpoint, .. } => (*endpoint, None),
            Self::InsertDeliveries(all) => {
                all.first().map_or((EndpointKey::new(0), None), |it| (it.endpoint, Some(it.key)))
            }
            Self::UpdateDelivery { delivery, .. } => (delivery.endpoint, Some(delivery.key)),
            Self::DropDeliveries { endpoint, deliveries } => (*endpoint, deliveries.iter().min().copied()),
            Self::PostponeDelivery { endpoint, delivery, .. } => (*endpoint, Some(*delivery)),
            // After every single delivery of the endpoint: the one that it moves comes behind the one that ended.
            Self::MoveFollower { endpoint, .. } => (*endpoint, Some(DeliveryKey::new(i64::MAX))),
        }
    }
}

/// A delivery whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery whose time has come.
    pub delivery: WebhookDelivery,
    /// When the earlier delivery of its subject that it waits for is looked at next; `None`: it waits for nothing.
    pub blocked_until: Option<Timestamp>,
}

/// A delivery that has been pending for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldDelivery {
    /// The row of the delivery.
    pub key: DeliveryKey,
    /// The message that was not delivered.
    pub message: MessageId,
    /// The row of its endpoint.
    pub endpoint: EndpointKey,
    /// The public id of its endpoint; `None` if it was deleted.
    pub endpoint_id: Option<EndpointId>,
}

/// Reads the endpoints of webhooks and the deliveries to them.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[async_trait]
pub trait WebhookRepository: Send + Sync {
    /// The endpoint with that public id, disabled or not.
    async fn find_endpoint(&self, id: &EndpointId) -> Result<Option<WebhookEndpoint>, PortError>;
    /// Endpoints after `after`, by `created_at` and row, oldest first.
    async fn list_endpoints(
        &self,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Page<WebhookEndpoint>, PortError>;
    /// The endpoints that are not disabled, by row, at most `limit`.
    async fn list_enabled_endpoints(&self, limit: u32) -> Result<Vec<WebhookEndpoint>, PortError>;
    /// The delivery with that public id to that endpoint.
    async fn find_delivery(
        &self,
        endpoint: EndpointKey,
        id: &DeliveryId,
    ) -> Result<Option<WebhookDelivery>, PortError>;
    /// Deliveries to an endpoint after `after`, by `created_at` and row, newest first.
    async fn list_deliveries(
        &self,
        endpoint: EndpointKey,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Page<WebhookDelivery>, PortError>;
    /// Pending deliveries to an endpoint whose `next_attempt_at` is at or before `now`, longest due first, at most
    /// `limit`, each with what it waits for: an earlier pending delivery of the same subject to the same endpoint,
    /// readable or not.
    async fn list_due_deliveries(
        &self,
        endpoint: EndpointKey,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>, PortError>;
    /// Pending deliveries to all endpoints, deleted ones included, that were made before that time, oldest first, at most
    /// `limit`, readable or not.
    async fn list_old_pending(&self, before: Timestamp, limit: u32) -> Result<Vec<OldDelivery>, PortError>;
    /// The number of pending deliveries to all endpoints, deleted ones included; at most `most`.
    async fn count_pending_deliveries(&self, most: u32) -> Result<u32, PortError>;
}

/// A message to send. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// Where to send it.
    pub url: WebhookUrl,
    /// The `webhook-id`, the same at each attempt.
    pub id: MessageId,
    /// The time of this attempt, which is signed.
    pub sent_at: Timestamp,
    /// The body, a JSON document.
    pub body: String,
    /// The secrets that sign it, each for itself; at least one.
    pub secrets: Vec<SigningSecret>,
    /// The request that caused what the message is about; `None` if it is not known. It is not signed.
    pub trace_parent: Option<TraceParent>,
}

/// What an attempt to send a message brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The answer, or the reason why there was none.
    pub result: AttemptResult,
    /// How long the endpoint asks to wait (`Retry-After`); `None` if it does not.
    pub retry_after: Option<Duration>,
}

/// Sends messages to the endpoints of other systems, over HTTP.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Checks that an endpoint may have this address. A name that cannot be resolved now is accepted: each attempt
    /// checks again.
    ///
    /// # Errors
    /// [`Invalid`] when it is no usable URL, leads to an address that messages must not be sent to, or would be sent
    /// without encryption.
    async fn check_url(&self, url: &WebhookUrl) -> Result<(), Invalid>;

    /// Sends a message once, within a time limit. It follows no redirect, and connects only to an address that was
    /// checked. Everything that goes wrong is a [`AttemptResult::NoAnswer`].
    async fn send_message(&self, message: &WebhookMessage) -> WebhookAnswer;
}
