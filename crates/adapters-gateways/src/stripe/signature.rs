//! Verifying the `Stripe-Signature` header of a notice.
//!
//! The header has the time of sending and one or more signatures: `t=1492774577,v1=5257a8…,v0=6ffbb5…`. A
//! signature of the scheme `v1` is the HMAC-SHA256 of time, point and raw body under the endpoint's secret, in hex;
//! the secret is used whole, with its prefix. Other schemes are ignored, because `v0` is one of test mode that
//! anyone may sign.
//!
//! Source: <https://docs.stripe.com/webhooks/signature>.

use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use ports::{InvalidSignature, NoticeHeaders};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header with the time and the signatures.
const SIGNATURE_HEADER: &str = "stripe-signature";
const TIME_FIELD: &str = "t=";
const SIGNATURE_FIELD: &str = "v1=";
/// The largest difference between a notice's time and the present, in both directions.
const TOLERANCE: Duration = Duration::from_secs(300);
/// The longest header that is read, in bytes. With eight secrets in rotation it has fewer than 700.
const HEADER_BYTES_MAX: usize = 4 * 1024;
/// The number of signatures that are checked. Stripe sends one for each active secret of the endpoint.
const SIGNATURES_MAX: usize = 16;
/// The longest body that is verified, in bytes; the service reads no longer bodies.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The secrets of the webhook endpoint, ready to verify.
pub(super) struct WebhookKeys(Vec<Hmac<Sha256>>);

impl WebhookKeys {
    pub(super) fn new(secrets: &[SecretString]) -> Self {
        // An HMAC takes keys of any length, so no secret is left out.
        let key = |it: &SecretString| Hmac::new_from_slice(it.expose_secret().as_bytes()).ok();
        Self(secrets.iter().filter_map(key).collect())
    }

    /// Verifies that the body was signed with one of the secrets, at most [`TOLERANCE`] before or after `now`.
    ///
    /// # Errors
    /// [`InvalidSignature`] otherwise.
    pub(super) fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), InvalidSignature> {
        let header = headers.get(SIGNATURE_HEADER).ok_or(InvalidSignature)?;
        if header.len() > HEADER_BYTES_MAX || body.len() > BODY_BYTES_MAX {
            return Err(InvalidSignature);
        }
        let fields = || header.split(',').map(str::trim);
        let time = fields().find_map(|it| it.strip_prefix(TIME_FIELD)).ok_or(InvalidSignature)?;
        if !is_fresh(time, now) {
            return Err(InvalidSignature);
        }
        let signatures: Vec<_> = fields()
            .filter_map(|it| HEXLOWER_PERMISSIVE.decode(it.strip_prefix(SIGNATURE_FIELD)?.as_bytes()).ok())
            .take(SIGNATURES_MAX)
            .collect();
        // Each secret digests the body once, however many signatures there are. `verify_slice` compares in
        // constant time.
        let matches = |mac: &Hmac<Sha256>| {
            let mac = mac.clone().chain_update(time).chain_update(b".").chain_update(body);
            signatures.iter().any(|it| mac.clone().verify_slice(it).is_ok())
        };
        if self.0.iter().any(matches) { Ok(()) } else { Err(InvalidSignature) }
    }
}

fn is_fresh(time: &str, now: Timestamp) -> bool {
    // Digits only: `+1` would parse as well, and each time has one way of writing.
    let seconds = if time.bytes().all(|it| it.is_ascii_digit()) { time.parse::<i64>().ok() } else { None };
    let sent = seconds.and_then(|it| it.checked_mul(1000));
    sent.is_some_and(|sent| u128::from(sent.abs_diff(now.as_millis())) <= TOLERANCE.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_492_774_577_000);
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn sign(secret: &str, time: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let tag = mac.chain_update(time).chain_update(b".").chain_update(BODY).finalize().into_bytes();
        data_encoding::HEXLOWER.encode(&tag)
    }

    fn is_accepted(secrets: &[&str], header: &str, now: Timestamp) -> bool {
        let secrets: Vec<_> = secrets.iter().map(|it| SecretString::from(*it)).collect();
        let headers = NoticeHeaders::from([(SIGNATURE_HEADER.to_owned(), header.to_owned())]);
        WebhookKeys::new(&secrets).verify_notice(&headers, BODY, now).is_ok()
    }

    #[test]
    fn one_good_signature_of_one_secret_is_enough() {
        let (good, other) = (sign("whsec_1", "1492774577"), sign("whsec_2", "1492774577"));
        for header in [
            format!("t=1492774577,v1={good}"),
            format!("t=1492774577,v1={other},v1={good},v0={other}"),
            format!("v1=zz, v1={good}, t=1492774577, x"),
            format!("t=1492774577,v1={}", good.to_uppercase()),
        ] {
            assert!(is_accepted(&["whsec_1"], &header, NOW), "{header}");
            assert!(is_accepted(&["whsec_old", "whsec_1"], &header, NOW), "{header}");
            assert!(!is_accepted(&[], &header, NOW));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let good = sign("whsec_1", "1492774577");
        for header in [
            String::new(),
            format!("v1={good}"),
            "t=1492774577".to_owned(),
            format!("t=1492774577,v0={good}"),
            format!("t=1492774577,v1={}", &good[..62]),
            format!("t=1492774578,v1={good}"),
            format!("t=+1492774577,v1={good}"),
            format!("t=01492774577,v1={good}"),
            format!("t=99999999999999999999,v1={good}"),
            format!("t=1492774577,v1={good}{}", " ".repeat(HEADER_BYTES_MAX)),
            format!("t=1492774577,{}v1={good}", "v1=00,".repeat(SIGNATURES_MAX)),
        ] {
            assert!(!is_accepted(&["whsec_1"], &header, NOW), "{header}");
        }
        assert!(!is_accepted(&["whsec_2"], &format!("t=1492774577,v1={good}"), NOW));
    }

    #[test]
    fn three_hundred_seconds_either_side_are_fresh() {
        let header = format!("t=1492774577,v1={}", sign("whsec_1", "1492774577"));
        let at = |ms: i64| is_accepted(&["whsec_1"], &header, Timestamp::from_millis(NOW.as_millis() + ms));
        assert!(at(300_000) && at(-300_000));
        assert!(!at(300_001) && !at(-300_001));
    }
}
