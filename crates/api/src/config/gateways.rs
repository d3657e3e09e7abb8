//! The settings of the real gateways. A gateway without its settings is off.
//!
//! Keys and secrets can also be in files: `stripe_api_key_file` names the file of `stripe_api_key`.

use std::{fs::File, io::Read, path::Path};

use adapters_gateways::{AlipayConfig, PlatformKey, StripeConfig, WECHAT_API_BASE, WeChatConfig};
use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, keys::Keys, show::NONE, values};

/// The address of Alipay's gateway for production.
const ALIPAY_API_BASE: &str = "https://openapi.alipay.com/gateway.do";
/// The longest file of a key or secret, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// What is shown instead of a secret.
const HIDDEN: &str = "(hidden)";
/// The end of a PEM block.
const PEM_END: &str = "-----END ";

/// The settings of the real gateways. `Debug` does not show secrets.
#[derive(Debug, Clone, Default)]
pub struct GatewaySettings {
    /// Stripe: `stripe_webhook_secret` turns its callback route on, and `stripe_api_key` its payments.
    pub stripe: Option<StripeConfig>,
    /// Alipay: `alipay_app_id`, `alipay_private_key`, `alipay_public_key` and `alipay_seller_id`.
    pub alipay: Option<AlipayConfig>,
    /// WeChat Pay: `wechat_app_id`, `wechat_merchant_id`, `wechat_merchant_serial`, `wechat_private_key`,
    /// `wechat_api_v3_key`, `wechat_platform_key` and `wechat_platform_key_id`.
    pub wechat: Option<WeChatConfig>,
    /// Every key with the text that stands for its value.
    shown: Vec<(String, String)>,
}

impl GatewaySettings {
    /// Reads all keys of gateways. `public_url` is where they send their notices.
    pub(super) fn read(keys: &mut Keys, public_url: Option<&str>) -> Self {
        let mut it = Reader { keys, public_url, shown: Vec::new() };
        let (stripe, alipay, wechat) = (it.read_stripe(), it.read_alipay(), it.read_wechat());
        Self { stripe, alipay, wechat, shown: it.shown }
    }

    /// Whether a gateway that moves money can take payments.
    #[must_use]
    pub fn can_charge(&self) -> bool {
        let stripe = self.stripe.as_ref().is_some_and(|it| it.api_key.is_some());
        stripe || self.alipay.is_some() || self.wechat.is_some()
    }

    /// Whether Stripe is charged without a secret that verifies its notices.
    #[must_use]
    pub fn lacks_notices(&self) -> bool {
        self.stripe.as_ref().is_some_and(|it| it.webhook_secrets.is_empty())
    }

    /// Whether a gateway is known to move real money: Stripe's keys say it, those of the others do not.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.stripe.as_ref().and_then(StripeConfig::is_live_mode) == Some(true)
    }

    /// Every key with the text that stands for its value; secrets are hidden.
    pub(super) fn shown(&self) -> &[(String, String)] {
        &self.shown
    }
}

struct Reader<'a> {
    keys: &'a mut Keys,
    public_url: Option<&'a str>,
    shown: Vec<(String, String)>,
}

impl Reader<'_> {
    fn read_stripe(&mut self) -> Option<StripeConfig> {
        let it = self;
        let api_key = it.read_secret("stripe_api_key");
        let webhook_secret = it.read_secret("stripe_webhook_secret");
        let api_base = it.read_api_base("stripe_api_base", StripeConfig::DEFAULT_API_BASE);
        let return_url = it.read_text("stripe_return_url");
        (api_key.is_some() || webhook_secret.is_some()).then_some(())?;
        let webhook_secrets = webhook_secret.map(|it| split_list(&it)).unwrap_or_default();
        Some(StripeConfig { api_key, webhook_secrets, api_base, return_url })
    }

    fn read_alipay(&mut self) -> Option<AlipayConfig> {
        let it = self;
        let app_id = it.read_text("alipay_app_id");
        let private_key = it.read_secret("alipay_private_key");
        let public_key = it.read_secret("alipay_public_key");
        let seller_id = it.read_text("alipay_seller_id");
        let api_base = it.read_api_base("alipay_api_base", ALIPAY_API_BASE);
        let return_url = it.read_text("alipay_return_url");
        let required = [
            ("alipay_app_id", app_id.is_some()),
            ("alipay_private_key", private_key.is_some()),
            ("alipay_public_key", public_key.is_some()),
            ("alipay_seller_id", seller_id.is_some()),
        ];
        it.check_complete("Alipay", &required).then_some(())?;
        // Before the rest, so that its fault is there also if another setting is missing.
        let notify_url = it.notify_url("alipay");
        Some(AlipayConfig {
            app_id: app_id?,
            private_key: private_key?,
            alipay_public_keys: split_list(&public_key?)
                .iter()
                .map(|it| it.expose_secret().to_owned())
                .collect(),
            seller_id,
            api_base,
            notify_url,
            return_url,
        })
    }

    fn read_wechat(&mut self) -> Option<WeChatConfig> {
        let it = self;
        let app_id = it.read_text("wechat_app_id");
        let merchant_id = it.read_text("wechat_merchant_id");
        let merchant_serial = it.read_text("wechat_merchant_serial");
        let private_key = it.read_secret("wechat_private_key");
        let api_v3_key = it.read_secret("wechat_api_v3_key");
        let platform_key = it.read_secret("wechat_platform_key");
        let platform_key_id = it.read_text("wechat_platform_key_id");
        let api_base = it.read_api_base("wechat_api_base", WECHAT_API_BASE);
        let required = [
            ("wechat_app_id", app_id.is_some()),
            ("wechat_merchant_id", merchant_id.is_some()),
            ("wechat_merchant_serial", merchant_serial.is_some()),
            ("wechat_private_key", private_key.is_some()),
            ("wechat_api_v3_key", api_v3_key.is_some()),
            ("wechat_platform_key", platform_key.is_some()),
            ("wechat_platform_key_id", platform_key_id.is_some()),
        ];
        it.check_complete("WeChat Pay", &required).then_some(())?;
        let notify_url = it.notify_url("wechat");
        Some(WeChatConfig {
            app_id: app_id?,
            merchant_id: merchant_id?,
            merchant_serial: merchant_serial?,
            private_key: private_key?,
            api_v3_key: api_v3_key?,
            platform_keys: it.pair_platform_keys(&platform_key?, &platform_key_id?),
            api_base,
            notify_url,
        })
    }

    /// Each key with the id at the same place.
    fn pair_platform_keys(&mut self, keys: &SecretString, ids: &str) -> Vec<PlatformKey> {
        let keys = split_list(keys);
        let ids: Vec<_> = ids.split(',').map(str::trim).collect();
        if keys.len() != ids.len() {
            let rule = "must be as many ids as there are keys in wechat_platform_key, in the same order";
            self.keys.add_fault(ConfigError::invalid("wechat_platform_key_id", rule));
        }
        let pair = |(id, key): (&&str, &SecretString)| PlatformKey {
            id: (*id).to_owned(),
            pem: key.expose_secret().to_owned(),
        };
        ids.iter().zip(&keys).map(pair).collect()
    }

    /// Whether a gateway is on. Records a fault for each required setting that is missing while another one is set.
    fn check_complete(&mut self, gateway: &str, required: &[(&str, bool)]) -> bool {
        if required.iter().all(|(_, is_set)| !is_set) {
            return false;
        }
        let missing = required.iter().filter(|(_, is_set)| !is_set);
        for (key, _) in missing {
            let rule = format!("must be set too: {gateway} has only some of its settings");
            self.keys.add_fault(ConfigError::invalid(key, rule));
        }
        true
    }

    /// The address for the notices of a gateway that needs one.
    fn notify_url(&mut self, gateway: &str) -> String {
        let Some(base) = self.public_url else {
            let rule = format!("must be set: {gateway} sends its notices to it");
            self.keys.add_fault(ConfigError::invalid("public_url", rule));
            return String::new();
        };
        format!("{base}/v1/callbacks/{gateway}")
    }

    /// Reads a setting that may be shown.
    fn read_text(&mut self, key: &str) -> Option<String> {
        let text = self.keys.get_filled(key, |text| Ok(text.to_owned()));
        self.shown.push((key.to_owned(), text.clone().unwrap_or_else(|| NONE.to_owned())));
        text
    }

    /// Reads the address of an API, which is shown and so must not have a login.
    fn read_api_base(&mut self, key: &str, default: &str) -> String {
        let base = self.keys.get_filled(key, values::parse_api_base).unwrap_or_else(|| default.to_owned());
        self.shown.push((key.to_owned(), base.clone()));
        base
    }

    /// Reads a key or secret, from its setting or from the file that the setting with `_file` names.
    fn read_secret(&mut self, key: &str) -> Option<SecretString> {
        let file_key = format!("{key}_file");
        let direct = self.keys.get_filled(key, |text| Ok(SecretString::from(text)));
        let file = self.keys.get_filled(&file_key, |text| Ok(text.to_owned()));
        let shown = |value: Option<&str>| value.unwrap_or(NONE).to_owned();
        self.shown.push((key.to_owned(), shown(direct.as_ref().map(|_| HIDDEN))));
        self.shown.push((file_key.clone(), shown(file.as_deref())));
        let Some(file) = file else { return direct };
        if direct.is_some() {
            let rule = format!("must not be set together with {key}");
            self.keys.add_fault(ConfigError::invalid(&file_key, rule));
            return direct;
        }
        match read_secret_file(Path::new(&file)) {
            Ok(secret) => Some(secret),
            Err(why) => {
                self.keys.add_fault(ConfigError::invalid(&file_key, format!("the file {file} {why}")));
                // Something stands for the value, so that the setting does not count as missing too.
                Some(SecretString::from(""))
            }
        }
    }
}

/// Reads a file without the white space around its text. An error says nothing about the content.
fn read_secret_file(path: &Path) -> Result<SecretString, String> {
    let unreadable = |it: std::io::Error| format!("cannot be read: {}", it.kind());
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    // Limited: the path may name a device, or a file of another kind.
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        text => Ok(SecretString::from(text)),
    }
}

/// Splits a list: at the ends of PEM blocks if it has any, otherwise at commas.
fn split_list(list: &SecretString) -> Vec<SecretString> {
    let list = list.expose_secret();
    if !list.contains(PEM_END) {
        return list.split(',').map(|it| SecretString::from(it.trim())).collect();
    }
    let mut blocks = Vec::new();
    let mut block = String::new();
    for line in list.lines() {
        // A comma between two blocks is allowed, as between all other elements of lists.
        let line = line.trim().trim_start_matches(',').trim_end_matches(',');
        block.push_str(line);
        block.push('\n');
        if line.starts_with(PEM_END) {
            blocks.push(SecretString::from(std::mem::take(&mut block)));
        }
    }
    if !block.trim().is_empty() {
        blocks.push(SecretString::from(block));
    }
    blocks
}
