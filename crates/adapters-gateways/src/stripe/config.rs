//! The configuration of the Stripe adapter.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The gateway name of Stripe, as it appears in URLs.
pub(super) const NAME: &str = "stripe";
/// The most webhook secrets at a time. Each costs one digest a notice; a rotation needs two.
const WEBHOOK_SECRETS_MAX: usize = 8;
/// The longest key, secret or address, in bytes.
const TEXT_BYTES_MAX: usize = 2_048;

/// The configuration of the Stripe adapter. `Debug` shows neither the key nor the secrets.
#[derive(Debug, Clone)]
pub struct StripeConfig {
    /// The secret key (`sk_…`) or a restricted one (`rk_…`). `None`: notices are verified and applied, and nothing
    /// is charged, captured, refunded or looked up.
    pub api_key: Option<SecretString>,
    /// The signing secrets of the webhook endpoint (`whsec_…`), each used whole, as Stripe gives it. Several are
    /// accepted while one is rotated; empty: no notice is accepted.
    pub webhook_secrets: Vec<SecretString>,
    /// The address of the API, without `/v1`. Plain `http` is accepted to this machine only.
    pub api_base: String,
    /// The page to which the buyer returns from an authentication page. `None`: the client authenticates the buyer
    /// with Stripe's library, and payment methods that need a redirect are refused.
    pub return_url: Option<String>,
}

impl StripeConfig {
    /// The address of Stripe's API.
    pub const DEFAULT_API_BASE: &'static str = "https://api.stripe.com";

    /// The configuration with Stripe's own address, no keys and no return address.
    #[must_use]
    pub fn new() -> Self {
        let api_base = Self::DEFAULT_API_BASE.to_owned();
        Self { api_key: None, webhook_secrets: Vec::new(), api_base, return_url: None }
    }

    /// Returns every fault of the configuration, each with the setting that it is about. The address of the API is
    /// checked by the HTTP client.
    pub(super) fn find_faults(&self) -> Vec<StripeFault> {
        let mut faults = Vec::new();
        let mut add = |setting, text| faults.push(StripeFault { setting, text });
        let is_word = |it: &SecretString| {
            let text = it.expose_secret();
            !text.is_empty() && text.len() <= TEXT_BYTES_MAX && text.bytes().all(|it| it.is_ascii_graphic())
        };
        if self.api_key.is_none() && self.webhook_secrets.is_empty() {
            add("IDEM_STRIPE_API_KEY", "or IDEM_STRIPE_WEBHOOK_SECRET must be set");
        }
        if let Some(key) = &self.api_key {
            let is_secret_key = ["sk_", "rk_"].iter().any(|it| key.expose_secret().starts_with(it));
            if !is_secret_key || !is_word(key) {
                add("IDEM_STRIPE_API_KEY", "must be a secret key, which begins with sk_ or rk_");
            }
        }
        if !self.webhook_secrets.iter().all(is_word) {
            add("IDEM_STRIPE_WEBHOOK_SECRET", "must be visible ASCII characters, as Stripe shows them");
        }
        if self.webhook_secrets.len() > WEBHOOK_SECRETS_MAX {
            add("IDEM_STRIPE_WEBHOOK_SECRET", "must be at most 8 secrets");
        }
        let is_address =
            |it: &String| it.len() <= TEXT_BYTES_MAX && Url::parse(it).is_ok_and(|it| it.has_host());
        if !self.return_url.as_ref().is_none_or(is_address) {
            add("IDEM_STRIPE_RETURN_URL", "must be an address such as https://shop.example/paid");
        }
        faults
    }

    /// Whether the API key is one of live mode, which moves money; `None` without a key, or if it does not say so.
    #[must_use]
    pub fn is_live_mode(&self) -> Option<bool> {
        let mode = self.api_key.as_ref()?.expose_secret().get(3..)?;
        if mode.starts_with("live_") {
            Some(true)
        } else if mode.starts_with("test_") {
            Some(false)
        } else {
            None
        }
    }
}

impl Default for StripeConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// One fault of the configuration. It repeats no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripeFault {
    /// The name of the setting.
    pub setting: &'static str,
    /// The rule that the setting breaks, as the end of a sentence that begins with its name.
    pub text: &'static str,
}

/// The configuration of the Stripe adapter is not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeConfigError {
    /// Every fault; at least one.
    pub faults: Vec<StripeFault>,
}

impl fmt::Display for StripeConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, it) in self.faults.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", it.setting, it.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for StripeConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key: Option<&str>, secrets: &[&str], return_url: Option<&str>) -> StripeConfig {
        StripeConfig {
            api_key: key.map(SecretString::from),
            webhook_secrets: secrets.iter().map(|it| SecretString::from(*it)).collect(),
            return_url: return_url.map(str::to_owned),
            ..StripeConfig::new()
        }
    }

    fn settings(config: &StripeConfig) -> Vec<&'static str> {
        config.find_faults().iter().map(|it| it.setting).collect()
    }

    #[test]
    fn a_key_or_a_secret_is_enough_and_every_fault_is_named() {
        for good in [
            config(Some("sk_test_1"), &[], None),
            config(None, &["whsec_1", "whsec_2"], None),
            config(Some("rk_live_1"), &["whsec_1"], Some("https://shop.example/paid?a=b")),
            config(Some("sk_1"), &[], Some("shop-app://paid/here")),
        ] {
            assert_eq!(settings(&good), [""; 0]);
        }
        assert_eq!(settings(&config(None, &[], None)), ["IDEM_STRIPE_API_KEY"]);
        for key in ["pk_test_1", "", "sk_test 1", "whsec_1"] {
            assert_eq!(settings(&config(Some(key), &[], None)), ["IDEM_STRIPE_API_KEY"], "{key}");
        }
        let bad = config(Some("pk_live_1"), &["", "whsec_1"], Some("shop"));
        let names = ["IDEM_STRIPE_API_KEY", "IDEM_STRIPE_WEBHOOK_SECRET", "IDEM_STRIPE_RETURN_URL"];
        assert_eq!(settings(&bad), names);
        let error = StripeConfigError { faults: bad.find_faults() }.to_string();
        assert!(names.iter().all(|it| error.contains(it)) && !error.contains("pk_live_1"), "{error}");
        assert_eq!(settings(&config(None, &["whsec_1"; 9], None)), ["IDEM_STRIPE_WEBHOOK_SECRET"]);
    }

    #[test]
    fn nothing_shows_a_key_or_a_secret() {
        let text = format!("{:?}", config(Some("sk_live_hidden"), &["whsec_hidden"], None));
        assert!(!text.contains("hidden"), "{text}");
    }

    #[test]
    fn the_mode_follows_from_the_key() {
        let mode = |key| config(key, &[], None).is_live_mode();
        assert_eq!(["sk_live_1", "rk_live_1"].map(|it| mode(Some(it))), [Some(true); 2]);
        assert_eq!((mode(Some("sk_test_1")), mode(Some("sk_1")), mode(None)), (Some(false), None, None));
    }
}
