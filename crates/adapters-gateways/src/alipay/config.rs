//! The configuration of Alipay.

use std::fmt;

use hyper::Uri;
use secrecy::{ExposeSecret, SecretString};

use super::signature::Keys;
use crate::{
    http_client::{self, InvalidApiBase},
    rsa::{RsaSigner, RsaVerifier},
};

/// The gateway's name, as it appears in URLs.
pub(super) const NAME: &str = "alipay";
/// The address of Alipay's gateway for production.
const PRODUCTION: &str = "https://openapi.alipay.com/gateway.do";
/// The longest id of an application or an account.
const ID_DIGITS_MAX: usize = 32;
/// The longest address that Alipay accepts for notices and for the return of the buyer.
const URL_BYTES_MAX: usize = 256;
/// The most public keys at a time. Each is tried for a notice, so their number bounds the work.
const PUBLIC_KEYS_MAX: usize = 4;

/// The configuration of Alipay.
#[derive(Debug, Clone)]
pub struct AlipayConfig {
    /// The id of our application at Alipay's open platform (APPID), digits only.
    pub app_id: String,
    /// The private key of our application (应用私钥): PEM, or the base64 that Alipay's key tool writes.
    pub private_key: SecretString,
    /// Alipay's public keys (支付宝公钥), not ours (应用公钥): 1 to 4, several while one is rotated.
    pub alipay_public_keys: Vec<String>,
    /// The id of the account that receives the money (PID, 2088…). Notices for another account have no effect.
    /// `None`: not compared.
    pub seller_id: Option<String>,
    /// The address of Alipay's gateway.
    pub api_base: String,
    /// The public address of `POST /v1/callbacks/alipay`, to which Alipay sends its notices.
    pub notify_url: String,
    /// The page to which the buyer returns after paying. `None`: Alipay shows its own.
    pub return_url: Option<String>,
}

impl AlipayConfig {
    /// A configuration for production, without `seller_id` and `return_url`.
    #[must_use]
    pub fn new(
        app_id: String,
        private_key: SecretString,
        alipay_public_keys: Vec<String>,
        notify_url: String,
    ) -> Self {
        Self {
            app_id,
            private_key,
            alipay_public_keys,
            seller_id: None,
            api_base: PRODUCTION.to_owned(),
            notify_url,
            return_url: None,
        }
    }
}

/// A member of the configuration that is not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlipayConfigFault {
    /// The name of the member of [`AlipayConfig`].
    pub setting: &'static str,
    /// What the value must be. It never repeats the value.
    pub reason: String,
}

/// The configuration is not usable, for these reasons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct AlipayConfigError {
    /// All faults, at least one, in the order of the members.
    pub faults: Vec<AlipayConfigFault>,
}

impl fmt::Display for AlipayConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, AlipayConfigFault { setting, reason }) in self.faults.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{setting} {reason}")?;
        }
        Ok(())
    }
}

/// The configuration with its keys parsed.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) app_id: String,
    pub(super) seller_id: Option<String>,
    pub(super) api_base: String,
    pub(super) notify_url: String,
    pub(super) return_url: Option<String>,
    pub(super) keys: Keys,
}

impl Settings {
    /// Checks everything but `api_base`, which the HTTP client checks.
    ///
    /// # Errors
    /// All faults.
    pub(super) fn parse(config: AlipayConfig) -> Result<Self, Vec<AlipayConfigFault>> {
        let mut faults = Vec::new();
        let mut require = |is_met: bool, setting, reason: &str| {
            if !is_met {
                faults.push(AlipayConfigFault { setting, reason: reason.to_owned() });
            }
        };
        require(is_account_id(&config.app_id), "app_id", "must be 1 to 32 digits");
        let signer = RsaSigner::parse(config.private_key.expose_secret());
        require(signer.is_ok(), "private_key", &error_text(&signer));
        let count = config.alipay_public_keys.len();
        require((1..=PUBLIC_KEYS_MAX).contains(&count), "alipay_public_keys", "must be 1 to 4 keys");
        let verifiers: Result<Vec<_>, _> =
            config.alipay_public_keys.iter().map(|it| RsaVerifier::parse(it)).collect();
        require(verifiers.is_ok(), "alipay_public_keys", &error_text(&verifiers));
        let seller_id = config.seller_id.as_deref();
        require(seller_id.is_none_or(is_account_id), "seller_id", "must be 1 to 32 digits");
        let rule = "must be an http:// or https:// address of at most 256 bytes";
        require(is_web_address(&config.notify_url), "notify_url", rule);
        let return_url = config.return_url.as_deref();
        require(return_url.is_none_or(is_web_address), "return_url", rule);
        match (signer, verifiers) {
            (Ok(signer), Ok(verifiers)) if faults.is_empty() => Ok(Self {
                app_id: config.app_id,
                seller_id: config.seller_id,
                api_base: config.api_base.trim_end_matches('/').to_owned(),
                notify_url: config.notify_url,
                return_url: config.return_url,
                keys: Keys { signer, verifiers },
            }),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(faults),
        }
    }
}

/// Checks the address of Alipay's gateway.
///
/// # Errors
/// [`InvalidApiBase`].
pub(super) fn check_api_base(base: &str) -> Result<(), InvalidApiBase> {
    http_client::check_base(base).map(drop)
}

/// Returns the text of the error; empty if there is none.
fn error_text<T, E: fmt::Display>(parsed: &Result<T, E>) -> String {
    parsed.as_ref().err().map(E::to_string).unwrap_or_default()
}

fn is_account_id(text: &str) -> bool {
    (1..=ID_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

fn is_web_address(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok().filter(|_| text.len() <= URL_BYTES_MAX);
    uri.is_some_and(|it| matches!(it.scheme_str(), Some("http" | "https")) && it.host().is_some())
}

#[cfg(test)]
mod tests;
