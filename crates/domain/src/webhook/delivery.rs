//! Deliveries: one event to one endpoint, with what its attempts brought.

use std::time::Duration;

use super::{GIVE_UP_AFTER, WebhookEndpoint, retry_pause};
use crate::{DeliveryId, DeliveryKey, EndpointKey, MessageId, Timestamp};

/// The status of a delivery. The last two are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// It is to be sent, for the first time or again.
    Pending,
    /// The endpoint has answered with a 2xx status.
    Delivered,
    /// No attempt succeeded in time, and none will be made.
    Failed,
}

impl DeliveryStatus {
    /// Every status, in the order of a delivery's life.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What one attempt brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The endpoint has answered with this status.
    Answered {
        /// The HTTP status, 100 to 999.
        status: u16,
        /// The beginning of the answer's body, masked and bounded; `None` if the status is a success or there is none.
        body: Option<String>,
    },
    /// There was no answer; the reason, without an address and without anything that was sent.
    NoAnswer(String),
}

impl AttemptResult {
    /// The endpoint is gone and asks for nothing more.
    const GONE: u16 = 410;

    /// Whether the message was taken.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status, .. } if (200..300).contains(status))
    }

    /// Whether the endpoint says that it is no longer there.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Answered { status: Self::GONE, .. })
    }
}

/// The last attempt that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The time at which it began.
    pub began_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// What it brought.
    pub result: AttemptResult,
}

/// The delivery of one event to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The key of the delivery's row.
    pub key: DeliveryKey,
    /// The public id.
    pub id: DeliveryId,
    /// The endpoint that it goes to.
    pub endpoint: EndpointKey,
    /// The `webhook-id`: the id of the event, the same at each attempt and each redelivery.
    pub message: MessageId,
    /// The type of the event.
    pub event_type: String,
    /// The sequence of the event in the feed; `None`: a test, which is no event of the feed.
    pub sequence: Option<i64>,
    /// What the event is about. A delivery waits for the earlier ones of its subject; `None` waits for nothing.
    pub subject: Option<String>,
    /// Whether it is still to be sent.
    pub status: DeliveryStatus,
    /// The number of attempts that were begun, which also guards each change.
    pub attempts: u32,
    /// The time of the next attempt, or of the end of the lease of one that runs; `None` once it is over.
    pub next_attempt_at: Option<Timestamp>,
    /// The time of the first attempt; `None` before it.
    pub first_attempt_at: Option<Timestamp>,
    /// The last attempt that is over; `None` before that. The process may have died in a later one.
    pub last_attempt: Option<DeliveryAttempt>,
    /// The time at which it was made.
    pub created_at: Timestamp,
}

/// What follows for the endpoint of an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailedAttempt {
    /// It is tried again later.
    Retry,
    /// This delivery is given up; the endpoint goes on.
    GiveUp,
    /// The endpoint is gone: it is disabled, and its deliveries wait.
    Gone,
    /// The endpoint has failed for [`GIVE_UP_AFTER`]: it is disabled, and its deliveries wait.
    Exhausted,
}

impl WebhookDelivery {
    /// Whether both are about one subject and this one is the earlier.
    #[must_use]
    pub fn is_before(&self, other: &Self) -> bool {
        let same = self.subject.is_some() && self.subject == other.subject;
        same && self.sequence.zip(other.sequence).is_some_and(|(this, other)| this < other)
    }

    /// The delivery as an attempt begins at `now`. Until `lease` is over no other instance begins one.
    #[must_use]
    pub fn with_attempt_begun(&self, now: Timestamp, lease: Duration) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            first_attempt_at: self.first_attempt_at.or(Some(now)),
            next_attempt_at: Some(now.saturating_add(lease)),
            ..self.clone()
        }
    }

    /// What follows from a failed attempt that ended at `now`.
    #[must_use]
    pub fn judge_failure(
        &self,
        endpoint: &WebhookEndpoint,
        result: &AttemptResult,
        now: Timestamp,
    ) -> FailedAttempt {
        if result.is_gone() {
            return FailedAttempt::Gone;
        }
        // The endpoint first: what it could not take while it was down is kept for when it is enabled again.
        if endpoint.exhausted_since(now).is_some() {
            return FailedAttempt::Exhausted;
        }
        let began = self.first_attempt_at.unwrap_or(now).max(endpoint.enabled_at);
        if now >= began.saturating_add(GIVE_UP_AFTER) { FailedAttempt::GiveUp } else { FailedAttempt::Retry }
    }

    /// The delivery after an attempt that succeeded.
    #[must_use]
    pub fn with_success(&self, attempt: DeliveryAttempt) -> Self {
        Self { status: DeliveryStatus::Delivered, ..self.clone() }.without_next_attempt(attempt)
    }

    /// The delivery after an attempt that failed at `now`. `asked` is the pause that the endpoint asked for.
    #[must_use]
    pub fn with_failure(
        &self,
        attempt: DeliveryAttempt,
        then: FailedAttempt,
        asked: Option<Duration>,
        now: Timestamp,
    ) -> Self {
        match then {
            FailedAttempt::GiveUp => {
                Self { status: DeliveryStatus::Failed, ..self.clone() }.without_next_attempt(attempt)
            }
            FailedAttempt::Retry | FailedAttempt::Gone | FailedAttempt::Exhausted => {
                let pause = retry_pause(self.attempts, self.jitter_seed(), asked);
                let next = now.saturating_add(pause);
                Self { next_attempt_at: Some(next), last_attempt: Some(attempt), ..self.clone() }
            }
        }
    }

    fn without_next_attempt(self, attempt: DeliveryAttempt) -> Self {
        Self { next_attempt_at: None, last_attempt: Some(attempt), ..self }
    }

    /// A number that differs between deliveries and between attempts of one (FNV-1a of the id, which is random).
    fn jitter_seed(&self) -> u64 {
        let bytes = self.id.as_str().bytes().chain(self.attempts.to_be_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
