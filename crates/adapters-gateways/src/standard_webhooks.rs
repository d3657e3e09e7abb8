//! Signing and verifying notices by the Standard Webhooks specification.
//!
//! A notice has headers with its id, the time at which it was sent, and the HMAC-SHA256 of id, time and body
//! under a shared secret.
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE64;
use domain::{EventId, Invalid, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use ports::{InvalidSignature, NoticeHeaders};
use sha2::Sha256;

/// The header with the notice's id, which is the same each time the notice is sent.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time at which the notice was sent, in whole seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with one or more signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// The largest difference between a notice's timestamp and the present, in both directions.
pub const TOLERANCE: Duration = Duration::from_secs(300);
/// The longest body that is verified, in bytes; the service reads no longer bodies.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES_MIN: usize = 24;
const SIGNATURE_PREFIX: &str = "v1,";
/// The number of signatures that are checked. A gateway sends one for each secret, and has two secrets during
/// a rotation.
const SIGNATURES_MAX: usize = 16;

/// A shared secret, ready to sign. `Debug` does not show it.
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

impl WebhookSecret {
    /// Parses `whsec_<base64>` with at least 24 bytes.
    ///
    /// # Errors
    /// [`Invalid`], which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(Invalid("must begin with whsec_"))?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| Invalid("must be base64 after whsec_"))?;
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(Invalid("must have at least 24 bytes after whsec_"));
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| Invalid("must be a key"))
    }

    fn compute_mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let signed = [id.as_bytes(), timestamp.as_bytes(), body].join(&b'.');
        self.0.clone().chain_update(signed)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The shared secrets. The first one signs, and all of them are accepted, so that a secret can be rotated.
#[derive(Debug, Clone)]
pub struct WebhookSecrets {
    first: WebhookSecret,
    others: Vec<WebhookSecret>,
}

impl WebhookSecrets {
    /// Parses one or more secrets `whsec_<base64>`, separated by commas.
    ///
    /// ```
    /// use adapters_gateways::{WebhookSecrets, secret_from_bytes};
    /// let secret = secret_from_bytes(&[7; 32]);
    /// assert!(WebhookSecrets::parse(&secret).is_ok());
    /// assert!(WebhookSecrets::parse("whsec_c2hvcnQ=").is_err());
    /// ```
    ///
    /// # Errors
    /// [`Invalid`] when one of them has another form or fewer than 24 bytes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut secrets = text.split(',').map(|it| WebhookSecret::parse(it.trim()));
        let first = secrets.next().unwrap_or(Err(Invalid("must not be empty")))?;
        Ok(Self { first, others: secrets.collect::<Result<_, _>>()? })
    }

    /// The secret that signs.
    #[must_use]
    pub const fn signing_secret(&self) -> &WebhookSecret {
        &self.first
    }

    /// Verifies that a notice was signed with one of the secrets, at most [`TOLERANCE`] before or after
    /// `now`. Returns its id.
    ///
    /// # Errors
    /// [`InvalidSignature`] otherwise, and if a header is missing or the body is longer than
    /// [`BODY_BYTES_MAX`].
    pub fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<EventId, InvalidSignature> {
        let header = |name: &str| headers.get(name).ok_or(InvalidSignature);
        let id = EventId::parse(header(ID_HEADER)?).map_err(|_| InvalidSignature)?;
        let timestamp = header(TIMESTAMP_HEADER)?;
        if body.len() > BODY_BYTES_MAX || !is_fresh(timestamp, now) {
            return Err(InvalidSignature);
        }
        let signatures: Vec<_> = header(SIGNATURE_HEADER)?
            .split(' ')
            .filter_map(|it| BASE64.decode(it.strip_prefix(SIGNATURE_PREFIX)?.as_bytes()).ok())
            .take(SIGNATURES_MAX)
            .collect();
        let mut secrets = std::iter::once(&self.first).chain(&self.others);
        let is_valid = secrets
            .any(|it| matches_any_signature(it.compute_mac(id.as_str(), timestamp, body), &signatures));
        if is_valid { Ok(id) } else { Err(InvalidSignature) }
    }
}

/// Whether one of the signatures matches. `mac` has already read the whole notice, so the notice is read
/// once, however many signatures there are. Compares in constant time.
fn matches_any_signature(mac: Hmac<Sha256>, signatures: &[Vec<u8>]) -> bool {
    signatures.iter().any(|it| mac.clone().verify_slice(it).is_ok())
}

/// Returns the signature header of a notice that is sent at `timestamp`, in whole seconds since 1970.
#[must_use]
pub fn sign_notice(secret: &WebhookSecret, id: &str, timestamp: i64, body: &[u8]) -> String {
    let tag = secret.compute_mac(id, &timestamp.to_string(), body).finalize().into_bytes();
    format!("{SIGNATURE_PREFIX}{}", BASE64.encode(&tag))
}

/// Returns the headers of a notice that is sent at `now`, with its signature.
#[must_use]
pub fn signed_headers(secret: &WebhookSecret, id: &str, body: &[u8], now: Timestamp) -> NoticeHeaders {
    let timestamp = now.as_millis().div_euclid(1000);
    NoticeHeaders::from([
        (ID_HEADER.to_owned(), id.to_owned()),
        (TIMESTAMP_HEADER.to_owned(), timestamp.to_string()),
        (SIGNATURE_HEADER.to_owned(), sign_notice(secret, id, timestamp, body)),
    ])
}

/// Returns the headers of a message that is sent at `now`, with a signature of each secret, so that a receiver that knows
/// any of them can verify it.
#[must_use]
pub fn headers_signed_by_all(
    secrets: &[WebhookSecret],
    id: &str,
    body: &[u8],
    now: Timestamp,
) -> NoticeHeaders {
    let timestamp = now.as_millis().div_euclid(1000);
    let signatures: Vec<_> = secrets.iter().map(|it| sign_notice(it, id, timestamp, body)).collect();
    NoticeHeaders::from([
        (ID_HEADER.to_owned(), id.to_owned()),
        (TIMESTAMP_HEADER.to_owned(), timestamp.to_string()),
        (SIGNATURE_HEADER.to_owned(), signatures.join(" ")),
    ])
}

/// Formats a secret as [`WebhookSecrets::parse`] reads it.
#[must_use]
pub fn secret_from_bytes(bytes: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", BASE64.encode(bytes))
}

fn is_fresh(timestamp: &str, now: Timestamp) -> bool {
    let sent = timestamp.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
    sent.is_some_and(|sent| u128::from(sent.abs_diff(now.as_millis())) <= TOLERANCE.as_millis())
}

#[cfg(test)]
mod tests;
