//! Verification of webhooks, by the [Standard Webhooks](https://www.standardwebhooks.com) specification.
//!
//! ```
//! use idem_client::webhook::Verifier;
//!
//! // Two secrets while one replaces the other.
//! let verifier = Verifier::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
//! # let (headers, body) = (std::collections::HashMap::<&str, &str>::new(), b"{}");
//! match verifier.verify(|name| headers.get(name).copied(), body) {
//!     Ok(message) => println!("{}: {}", message.id, message.kind),
//!     Err(error) => println!("answer 400: {error}"),
//! }
//! # Ok::<(), idem_client::webhook::WebhookError>(())
//! ```

use std::{fmt, time::SystemTime};

use data_encoding::BASE64;
use domain::FeedEventType;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use crate::Word;

/// How far the time of a message may be from this machine's clock, in seconds.
const TOLERANCE_SECONDS: u64 = 300;

/// Knows which messages are from the service.
#[derive(Clone)]
pub struct Verifier(Vec<Hmac<Sha256>>);

/// A message that the service signed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Id of the event, the same at each attempt: handle a message once by storing it.
    pub id: String,
    /// Number of the event in the feed; `None` for a test.
    #[serde(default)]
    pub sequence: Option<u64>,
    /// What happened; a test is `webhook.test`.
    #[serde(rename = "type")]
    pub kind: Word<FeedEventType>,
    /// Time at which it happened, RFC 3339.
    pub timestamp: String,
    /// The order, transaction, refund or whatever the type is about, as an operator saw it then.
    pub data: Value,
}

/// Why a message is refused, or a secret is. It repeats nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A secret is not `whsec_` and Base64 of at least one byte, or there is none.
    #[error("a webhook secret must be whsec_ and Base64")]
    Secret,
    /// `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or malformed.
    #[error("a header of the webhook is missing or malformed")]
    Header,
    /// The message is more than five minutes older or newer than this machine's time.
    #[error("the webhook is more than five minutes off")]
    Time,
    /// No signature is that of a secret.
    #[error("the webhook has no valid signature")]
    Signature,
    /// The body is genuine, and yet not a message of this service.
    #[error("the body of the webhook is not a message")]
    Body,
}

impl Verifier {
    /// Accepts messages that one of these secrets signed. During a rotation give the new secret and the old one.
    ///
    /// # Errors
    /// [`WebhookError::Secret`] if one of them is malformed, or there is none.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Result<Self, WebhookError> {
        let keys: Vec<_> = secrets.into_iter().map(parse_secret).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(WebhookError::Secret) } else { Ok(Self(keys)) }
    }

    /// Verifies a message: `header` gives the value of a header by its lower-case name, and `body` is the body as it arrived,
    /// byte for byte.
    ///
    /// # Errors
    /// A [`WebhookError`]: answer with 400, and do nothing.
    #[expect(clippy::disallowed_methods, reason = "the time that a message must be near to is the machine's")]
    pub fn verify<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<Message, WebhookError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| WebhookError::Time)?;
        self.verify_at(now.as_secs(), header, body)
    }

    fn verify_at<'h>(
        &self,
        now_seconds: u64,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<Message, WebhookError> {
        let read = |name| header(name).ok_or(WebhookError::Header);
        let (id, timestamp, signatures) =
            (read("webhook-id")?, read("webhook-timestamp")?, read("webhook-signature")?);
        let sent: u64 = timestamp.parse().map_err(|_| WebhookError::Header)?;
        if sent.abs_diff(now_seconds) > TOLERANCE_SECONDS {
            return Err(WebhookError::Time);
        }
        let signatures = || signatures.split(' ').filter_map(|it| it.strip_prefix("v1,"));
        let is_signed = self.0.iter().any(|key| {
            let mac = key.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body);
            // `verify_slice` takes the same time wherever the first difference is.
            let is_right =
                |it: &str| BASE64.decode(it.as_bytes()).is_ok_and(|it| mac.clone().verify_slice(&it).is_ok());
            signatures().any(is_right)
        });
        if !is_signed {
            return Err(WebhookError::Signature);
        }
        serde_json::from_slice(body).map_err(|_| WebhookError::Body)
    }
}

fn parse_secret(secret: &str) -> Result<Hmac<Sha256>, WebhookError> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = BASE64.decode(encoded.as_bytes()).ok().filter(|key| !key.is_empty());
    Hmac::new_from_slice(&key.ok_or(WebhookError::Secret)?).map_err(|_| WebhookError::Secret)
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("secrets", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests;
