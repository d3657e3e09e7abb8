//! The configuration of WeChat Pay, checked as a whole.

use std::{fmt, sync::Arc};

use hyper::Uri;
use ports::Clock;
use secrecy::{ExposeSecret, SecretString};

use super::{
    client::ApiClient,
    masking,
    notice::NoticeOpener,
    signature::{MerchantSigner, PlatformKeys},
};
use crate::{
    http_client::GatewayClient,
    rsa::{RsaSigner, RsaVerifier},
};

/// The address of the API, for every merchant in mainland China.
pub const WECHAT_API_BASE: &str = "https://api.mch.weixin.qq.com";

/// The most platform keys. While a key is replaced there are two.
const PLATFORM_KEYS_MAX: usize = 8;
/// The longest `appid`, `mchid`, in bytes, by the reference of the API.
const ID_BYTES_MAX: usize = 32;
/// The longest serial of a certificate, in hexadecimal digits: RFC 5280 allows 20 bytes.
const SERIAL_BYTES_MAX: usize = 40;
/// The longest `notify_url`, in bytes, by the reference of the API.
const NOTIFY_URL_BYTES_MAX: usize = 255;

/// A key with which WeChat Pay signs its answers and notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformKey {
    /// The key's name in the header `Wechatpay-Serial`: `PUB_KEY_ID_…`, or the serial of the platform
    /// certificate in hexadecimal.
    pub id: String,
    /// The PEM of the public key or of the certificate.
    pub pem: String,
}

/// The configuration of WeChat Pay. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct WeChatConfig {
    /// The id of the official account, mini program or app (`appid`) that is bound to the merchant.
    pub app_id: String,
    /// The number of the merchant (`mchid`).
    pub merchant_id: String,
    /// The serial of the merchant's API certificate, in hexadecimal.
    pub merchant_serial: String,
    /// The private key of that certificate, as PEM (`apiclient_key.pem`).
    pub private_key: SecretString,
    /// The APIv3 key, 32 bytes, which encrypts notices.
    pub api_v3_key: SecretString,
    /// The keys that sign answers and notices, 1 to 8. If the first one is a public key, WeChat Pay is asked to
    /// sign with it.
    pub platform_keys: Vec<PlatformKey>,
    /// The address of the API, normally [`WECHAT_API_BASE`].
    pub api_base: String,
    /// The address to which WeChat Pay sends notices: reachable from the Internet and without a query.
    pub notify_url: String,
}

/// A configuration that cannot be used, with every fault of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatConfigError {
    faults: Vec<(&'static str, String)>,
}

impl WeChatConfigError {
    /// Returns each fault with the name of the field of [`WeChatConfig`] that it is about. No fault repeats a
    /// secret.
    #[must_use]
    pub fn faults(&self) -> &[(&'static str, String)] {
        &self.faults
    }
}

impl fmt::Display for WeChatConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.faults.iter().map(|(field, fault)| format!("{field} {fault}")).collect();
        write!(f, "WeChat Pay: {}", all.join("; "))
    }
}

impl std::error::Error for WeChatConfigError {}

/// The parsed parts of a configuration.
pub(super) struct Parts {
    pub(super) client: ApiClient,
    pub(super) opener: NoticeOpener,
}

/// Collects faults, so that an operator sees all of them at once.
#[derive(Default)]
struct Faults(Vec<(&'static str, String)>);

impl Faults {
    fn require_that(&mut self, field: &'static str, is_good: bool, fault: &str) {
        if !is_good {
            self.0.push((field, fault.to_owned()));
        }
    }

    fn take_parsed<T, E: fmt::Display>(&mut self, field: &'static str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|it| self.0.push((field, it.to_string()))).ok()
    }
}

/// Parses and checks the whole configuration.
///
/// # Errors
/// [`WeChatConfigError`] with every fault.
pub(super) fn parse_config(config: &WeChatConfig, clock: Arc<dyn Clock>) -> Result<Parts, WeChatConfigError> {
    let mut faults = Faults::default();
    check_names(config, &mut faults);
    let signer = faults.take_parsed("private_key", RsaSigner::parse(config.private_key.expose_secret()));
    let opener = faults.take_parsed("api_v3_key", NoticeOpener::parse(config));
    let platform = parse_platform_keys(&config.platform_keys, &mut faults);
    let http = GatewayClient::new(&config.api_base, Arc::clone(&clock), masking::mask_answer);
    let http = faults.take_parsed("api_base", http);
    match (signer, opener, http) {
        (Some(signer), Some(opener), Some(http)) if faults.0.is_empty() => {
            let (id, serial) = (config.merchant_id.clone(), config.merchant_serial.clone());
            let signer = MerchantSigner::new(id, serial, signer);
            Ok(Parts { client: ApiClient::new(http, signer, platform, clock), opener })
        }
        _ => Err(WeChatConfigError { faults: faults.0 }),
    }
}

fn check_names(config: &WeChatConfig, faults: &mut Faults) {
    let is_word = |text: &str, longest: usize, allowed: fn(&u8) -> bool| {
        (1..=longest).contains(&text.len()) && text.as_bytes().iter().all(allowed)
    };
    let is_name = is_word(&config.app_id, ID_BYTES_MAX, u8::is_ascii_alphanumeric);
    faults.require_that("app_id", is_name, "must be 1 to 32 letters and digits");
    let is_number = is_word(&config.merchant_id, ID_BYTES_MAX, u8::is_ascii_digit);
    faults.require_that("merchant_id", is_number, "must be 1 to 32 digits");
    let is_serial = is_word(&config.merchant_serial, SERIAL_BYTES_MAX, u8::is_ascii_hexdigit);
    faults.require_that("merchant_serial", is_serial, "must be 1 to 40 hexadecimal digits");
    let fault = "must be https://host/path of at most 255 bytes, without a query";
    faults.require_that("notify_url", is_notify_url(&config.notify_url), fault);
}

/// Whether WeChat Pay accepts the address. It also calls `http` addresses, on private lines (专线).
fn is_notify_url(url: &str) -> bool {
    url.len() <= NOTIFY_URL_BYTES_MAX
        && url.parse::<Uri>().is_ok_and(|it| {
            it.scheme_str().is_some_and(|scheme| matches!(scheme, "https" | "http"))
                && it.host().is_some()
                && it.query().is_none()
                && it.path().len() > 1
        })
}

fn parse_platform_keys(keys: &[PlatformKey], faults: &mut Faults) -> PlatformKeys {
    const FIELD: &str = "platform_keys";
    let count = keys.len();
    faults.require_that(FIELD, (1..=PLATFORM_KEYS_MAX).contains(&count), "must be 1 to 8 keys");
    let mut parsed: Vec<(String, RsaVerifier)> = Vec::new();
    for key in keys.iter().take(PLATFORM_KEYS_MAX) {
        let is_id = !key.id.is_empty() && key.id.bytes().all(|it| it.is_ascii_graphic());
        let is_new = !parsed.iter().any(|(id, _)| id.eq_ignore_ascii_case(&key.id));
        faults.require_that(
            FIELD,
            is_id && is_new,
            "must have an id each, of visible characters, and no id twice",
        );
        let verifier = RsaVerifier::parse(&key.pem).map_err(|fault| format!("{fault} ({})", key.id));
        parsed.extend(faults.take_parsed(FIELD, verifier).map(|it| (key.id.clone(), it)));
    }
    PlatformKeys::new(parsed)
}
