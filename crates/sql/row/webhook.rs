use std::time::Duration;

use diesel::prelude::*;
use domain::{
    DeliveryId, DeliveryKey, EndpointId, EndpointKey, MessageId, Text, Version, WebhookDelivery,
    WebhookEndpoint,
    webhook::{
        AttemptResult, DeliveryAttempt, DeliveryStatus, EventTypes, OldSecret, SealedSecret, WebhookUrl,
    },
};

use super::reader::RowReader;
use crate::sql::schema::{webhook_deliveries, webhook_endpoints};
use crate::sql::value::SqlTimestamp;

/// Separates the names of types in their column; no name has it.
const TYPE_SEPARATOR: &str = " ";

/// An endpoint of webhooks.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_endpoints, treat_none_as_default_value = false)]
pub(in crate::sql) struct EndpointRow {
    pub(in crate::sql) id: i64,
    endpoint_id: String,
    pub(in crate::sql) url: String,
    pub(in crate::sql) types: String,
    pub(in crate::sql) description: Option<String>,
    pub(in crate::sql) disabled: bool,
    pub(in crate::sql) version: i64,
    pub(in crate::sql) secret: String,
    pub(in crate::sql) old_secret: Option<String>,
    pub(in crate::sql) old_secret_until: Option<SqlTimestamp>,
    feed_cursor: i64,
    pub(in crate::sql) enabled_at: SqlTimestamp,
    pub(in crate::sql) failing_since: Option<SqlTimestamp>,
    created_at: SqlTimestamp,
    pub(in crate::sql) updated_at: SqlTimestamp,
}

impl From<&WebhookEndpoint> for EndpointRow {
    fn from(it: &WebhookEndpoint) -> Self {
        let old = it.old_secret.as_ref();
        Self {
            id: it.key.get(),
            endpoint_id: it.id.as_str().to_owned(),
            url: it.url.as_str().to_owned(),
            types: it.types.names().join(TYPE_SEPARATOR),
            description: it.description.as_ref().map(|it| it.as_str().to_owned()),
            disabled: it.disabled,
            version: it.version.get(),
            secret: it.secret.as_str().to_owned(),
            old_secret: old.map(|it| it.secret.as_str().to_owned()),
            old_secret_until: old.map(|it| it.signs_until.into()),
            feed_cursor: it.cursor,
            enabled_at: it.enabled_at.into(),
            failing_since: it.failing_since.map(SqlTimestamp::from),
            created_at: it.created_at.into(),
            updated_at: it.updated_at.into(),
        }
    }
}

impl EndpointRow {
    /// The public id, which is the cursor of a page that ends with this row.
    pub(in crate::sql) fn public_id(&self) -> String {
        self.endpoint_id.clone()
    }

    pub(in crate::sql) fn into_endpoint(self) -> QueryResult<WebhookEndpoint> {
        let row = RowReader::new("webhook_endpoints", self.id);
        let old_secret = match self.old_secret.zip(self.old_secret_until) {
            Some((secret, until)) => Some(OldSecret {
                secret: SealedSecret::new(secret),
                signs_until: row.read_timestamp(until, "old_secret_until")?,
            }),
            None => None,
        };
        let names = self.types.split(TYPE_SEPARATOR).filter(|it| !it.is_empty()).map(str::to_owned);
        Ok(WebhookEndpoint {
            key: EndpointKey::new(self.id),
            types: EventTypes::new(names),
            id: EndpointId::new(self.endpoint_id),
            url: WebhookUrl::new(self.url),
            description: self.description.map(Text::new),
            disabled: self.disabled,
            version: Version::new(self.version),
            secret: SealedSecret::new(self.secret),
            old_secret,
            cursor: self.feed_cursor,
            enabled_at: row.read_timestamp(self.enabled_at, "enabled_at")?,
            failing_since: row.read_optional_timestamp(self.failing_since, "failing_since")?,
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            updated_at: row.read_timestamp(self.updated_at, "updated_at")?,
        })
    }
}

/// A delivery. `answer` is the beginning of the answer's body, or the reason why there was no answer.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false)]
pub(crate) struct DeliveryRow {
    pub(in crate::sql) id: i64,
    delivery_id: String,
    endpoint_key: i64,
    message_id: String,
    event_type: String,
    pub(in crate::sql) sequence: Option<i64>,
    pub(in crate::sql) subject: Option<String>,
    #[diesel(embed)]
    changes: DeliveryChanges,
    created_at: SqlTimestamp,
}

/// The columns of a delivery that change.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhook_deliveries, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct DeliveryChanges {
    status: String,
    attempts: i64,
    next_attempt_at: Option<SqlTimestamp>,
    first_attempt_at: Option<SqlTimestamp>,
    attempt_began_at: Option<SqlTimestamp>,
    duration_ms: Option<i64>,
    http_status: Option<i64>,
    answer: Option<String>,
}

impl From<&WebhookDelivery> for DeliveryChanges {
    fn from(it: &WebhookDelivery) -> Self {
        let last = it.last_attempt.as_ref();
        let (http_status, answer) = match last.map(|it| &it.result) {
            None => (None, None),
            Some(AttemptResult::Answered { status, body }) => (Some(i64::from(*status)), body.clone()),
            Some(AttemptResult::NoAnswer(reason)) => (None, Some(reason.clone())),
        };
        Self {
            status: it.status.as_str().to_owned(),
            attempts: i64::from(it.attempts),
            next_attempt_at: it.next_attempt_at.map(SqlTimestamp::from),
            first_attempt_at: it.first_attempt_at.map(SqlTimestamp::from),
            attempt_began_at: last.map(|it| it.began_at.into()),
            duration_ms: last.map(|it| i64::try_from(it.duration.as_millis()).unwrap_or(i64::MAX)),
            http_status,
            answer,
        }
    }
}

impl From<&WebhookDelivery> for DeliveryRow {
    fn from(it: &WebhookDelivery) -> Self {
        Self {
            id: it.key.get(),
            delivery_id: it.id.as_str().to_owned(),
            endpoint_key: it.endpoint.get(),
            message_id: it.message.as_str().to_owned(),
            event_type: it.event_type.clone(),
            sequence: it.sequence,
            subject: it.subject.clone(),
            changes: it.into(),
            created_at: it.created_at.into(),
        }
    }
}

impl DeliveryRow {
    /// The public id, which is the cursor of a page that ends with this row.
    pub(in crate::sql) fn public_id(&self) -> String {
        self.delivery_id.clone()
    }

    pub(in crate::sql) fn into_delivery(self) -> QueryResult<WebhookDelivery> {
        let row = RowReader::new("webhook_deliveries", self.id);
        let changes = self.changes;
        let status = row.require_value(DeliveryStatus::parse(&changes.status), "status")?;
        let attempts = row.read_count(changes.attempts, "attempts")?;
        let next_attempt_at = row.read_optional_timestamp(changes.next_attempt_at, "next_attempt_at")?;
        let first_attempt_at = row.read_optional_timestamp(changes.first_attempt_at, "first_attempt_at")?;
        let last_attempt = changes.into_attempt(row)?;
        Ok(WebhookDelivery {
            key: DeliveryKey::new(self.id),
            id: DeliveryId::new(self.delivery_id),
            endpoint: EndpointKey::new(self.endpoint_key),
            message: MessageId::new(self.message_id),
            event_type: self.event_type,
            sequence: self.sequence,
            subject: self.subject,
            status,
            attempts,
            next_attempt_at,
            first_attempt_at,
            last_attempt,
            created_at: row.read_timestamp(self.created_at, "created_at")?,
        })
    }
}

impl DeliveryChanges {
    fn into_attempt(self, row: RowReader<'_>) -> QueryResult<Option<DeliveryAttempt>> {
        let Some(began_at) = self.attempt_began_at else { return Ok(None) };
        let millis = self.duration_ms.and_then(|it| u64::try_from(it).ok());
        let result = match self.http_status {
            Some(status) => AttemptResult::Answered {
                status: row.require_value(u16::try_from(status).ok(), "http_status")?,
                body: self.answer,
            },
            None => AttemptResult::NoAnswer(self.answer.unwrap_or_default()),
        };
        Ok(Some(DeliveryAttempt {
            began_at: row.read_timestamp(began_at, "attempt_began_at")?,
            duration: Duration::from_millis(row.require_value(millis, "duration_ms")?),
            result,
        }))
    }
}
