//! Signatures of WeChat Pay, `WECHATPAY2-SHA256-RSA2048`, in both directions.
//!
//! Both sides sign lines of text that each end with a line feed: a request its method, path, time, nonce and
//! body; an answer or a notice its time, nonce and body.
//! Source: <https://pay.weixin.qq.com/doc/v3/merchant/4012365342> (签名) and
//! <https://pay.weixin.qq.com/doc/v3/merchant/4013053420> (验签).

use domain::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use crate::rsa::{RsaSigner, RsaVerifier};

/// The name of the scheme, in requests and in answers.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// The largest difference between a signed time and ours, in both directions, in milliseconds.
const TOLERANCE_MS: u64 = 300_000;
const NONCE_BYTES: usize = 16;
/// The longest base64 text of a signature: that of 8,192 bits.
const SIGNATURE_BYTES_MAX: usize = 1_368;
/// The longest id of a key in an error, in characters.
const SERIAL_CHARS_MAX: usize = 64;
/// The prefix of the id of a public key; other ids are serials of certificates.
const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

pub(super) const TIMESTAMP_HEADER: &str = "wechatpay-timestamp";
pub(super) const NONCE_HEADER: &str = "wechatpay-nonce";
pub(super) const SIGNATURE_HEADER: &str = "wechatpay-signature";
pub(super) const SERIAL_HEADER: &str = "wechatpay-serial";
const TYPE_HEADER: &str = "wechatpay-signature-type";

/// The time and the random text of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Whole seconds since 1970.
    pub(super) seconds: i64,
    /// 32 characters; never the same twice.
    pub(super) nonce: String,
}

impl Stamp {
    /// Makes a stamp with a nonce of the operating system; `None` if it has no randomness.
    pub(super) fn draw(now: Timestamp) -> Option<Self> {
        let mut bytes = [0; NONCE_BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let nonce = data_encoding::HEXUPPER.encode(&bytes);
        Some(Self { seconds: now.as_millis().div_euclid(1000), nonce })
    }
}

/// Signs for the merchant.
pub(super) struct MerchantSigner {
    merchant_id: String,
    serial: String,
    signer: RsaSigner,
}

impl MerchantSigner {
    /// Makes the signer of a merchant from the private key of the certificate with this serial.
    pub(super) const fn new(merchant_id: String, serial: String, signer: RsaSigner) -> Self {
        Self { merchant_id, serial, signer }
    }

    /// Returns the header `Authorization` of a request. `path` includes the query; `body` is empty for GET.
    pub(super) fn authorize(&self, method: &str, path: &str, body: &str, stamp: &Stamp) -> String {
        let Stamp { seconds, nonce } = stamp;
        let signature =
            self.signer.sign(join_lines(&[method, path, &seconds.to_string(), nonce, body]).as_bytes());
        format!(
            r#"{SCHEME} mchid="{}",nonce_str="{nonce}",signature="{signature}",timestamp="{seconds}",serial_no="{}""#,
            self.merchant_id, self.serial
        )
    }

    /// Returns `paySign`, with which the WeChat client accepts a prepaid trade.
    pub(super) fn sign_for_client(&self, app_id: &str, package: &str, stamp: &Stamp) -> String {
        let lines = join_lines(&[app_id, &stamp.seconds.to_string(), &stamp.nonce, package]);
        self.signer.sign(lines.as_bytes())
    }
}

fn join_lines(lines: &[&str]) -> String {
    lines.iter().flat_map(|it| [*it, "\n"]).collect()
}

/// The reason why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unverified {
    /// A header of the signature is missing or malformed.
    #[error("it is not signed")]
    Missing,
    /// It was signed too long ago, or in the future.
    #[error("its signature is more than 300 s old or in the future")]
    Stale,
    /// The configuration lacks the key that it names, cut to a limited length.
    #[error("it is signed with the platform key {0}, which is not configured")]
    UnknownKey(String),
    /// The signature is not that of the text. WeChat Pay also sends such signatures on purpose
    /// (`WECHATPAY/SIGNTEST/`), to see that they are refused.
    #[error("its signature is wrong")]
    Wrong,
}

/// The keys with which WeChat Pay signs, by their ids.
pub(super) struct PlatformKeys(Vec<(String, RsaVerifier)>);

impl PlatformKeys {
    pub(super) const fn new(keys: Vec<(String, RsaVerifier)>) -> Self {
        Self(keys)
    }

    /// Returns the id that requests name, so that their answers are signed with that key: the first one, if it
    /// is a public key.
    pub(super) fn requested_id(&self) -> Option<&str> {
        self.0.first().map(|(id, _)| id.as_str()).filter(|it| it.starts_with(PUBLIC_KEY_PREFIX))
    }

    /// Verifies the signature of an answer or a notice, over its raw bytes. `header` returns a header by its
    /// lower-case name. At most one signature is computed.
    ///
    /// # Errors
    /// [`Unverified`].
    pub(super) fn verify<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let text = |name| header(name).filter(|it| !it.is_empty()).ok_or(Unverified::Missing);
        let (seconds, nonce) = (text(TIMESTAMP_HEADER)?, text(NONCE_HEADER)?);
        let (signature, serial) = (text(SIGNATURE_HEADER)?, text(SERIAL_HEADER)?);
        // The header is newer than the scheme, and some notices lack it.
        if header(TYPE_HEADER).is_some_and(|it| it != SCHEME) {
            return Err(Unverified::Missing);
        }
        let is_number = seconds.bytes().all(|it| it.is_ascii_digit());
        let signed_at = seconds.parse::<i64>().ok().filter(|_| is_number).ok_or(Unverified::Missing)?;
        if signed_at.saturating_mul(1000).abs_diff(now.as_millis()) > TOLERANCE_MS {
            return Err(Unverified::Stale);
        }
        let mut keys = self.0.iter().filter(|(id, _)| id.eq_ignore_ascii_case(serial));
        let unknown = || Unverified::UnknownKey(serial.chars().take(SERIAL_CHARS_MAX).collect());
        let (_, key) = keys.next().ok_or_else(unknown)?;
        let message = [seconds.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
        let is_valid = signature.len() <= SIGNATURE_BYTES_MAX && key.verify(&message, signature);
        if is_valid { Ok(()) } else { Err(Unverified::Wrong) }
    }
}
