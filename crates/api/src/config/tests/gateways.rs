//! The settings of gateways.

use secrecy::ExposeSecret;

use super::*;

const ALIPAY: [(&str, &str); 5] = [
    ("IDEM_ALIPAY_APP_ID", "2021000000000000"),
    ("IDEM_ALIPAY_PRIVATE_KEY", "private-key-of-alipay"),
    ("IDEM_ALIPAY_PUBLIC_KEY", "one,two"),
    ("IDEM_ALIPAY_SELLER_ID", "2088000000000000"),
    ("IDEM_PUBLIC_URL", "https://shop.example"),
];
const WECHAT: [(&str, &str); 8] = [
    ("IDEM_WECHAT_APP_ID", "wx8888888888888888"),
    ("IDEM_WECHAT_MERCHANT_ID", "1900000109"),
    ("IDEM_WECHAT_MERCHANT_SERIAL", "ABCDEF"),
    ("IDEM_WECHAT_PRIVATE_KEY", "private-key-of-wechat"),
    ("IDEM_WECHAT_API_V3_KEY", "api-v3-key-of-wechat"),
    ("IDEM_WECHAT_PLATFORM_KEY", "one,two"),
    ("IDEM_WECHAT_PLATFORM_KEY_ID", "PUB_KEY_ID_1, PUB_KEY_ID_2"),
    ("IDEM_PUBLIC_URL", "https://shop.example"),
];

/// The settings without the one at this place.
fn without<'a>(settings: &[(&'a str, &'a str)], place: usize) -> Vec<(&'a str, &'a str)> {
    settings.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, it)| *it).collect()
}

#[test]
fn a_gateway_without_its_settings_is_off() {
    let gateways = read("", &[("IDEM_STRIPE_API_BASE", "https://stripe.example")]).unwrap().gateways;
    assert!(gateways.stripe.is_none() && gateways.alipay.is_none() && gateways.wechat.is_none());
    assert!(!gateways.can_charge());
}

#[test]
fn stripe_takes_notices_with_its_secret_and_payments_with_its_key() {
    let notices = read("", &[("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1, whsec_2")]).unwrap().gateways;
    let stripe = notices.stripe.as_ref().unwrap();
    let secrets: Vec<_> = stripe.webhook_secrets.iter().map(|it| it.expose_secret()).collect();
    assert_eq!((secrets, stripe.api_base.as_str()), (vec!["whsec_1", "whsec_2"], "https://api.stripe.com"));
    assert!(stripe.api_key.is_none() && !notices.can_charge());
    let both = [("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1"), ("IDEM_STRIPE_API_KEY", "sk_test_1")];
    assert!(read("", &both).unwrap().gateways.can_charge());
    let key_alone = read("", &[("IDEM_STRIPE_API_KEY", "sk_test_1")]).unwrap().gateways;
    assert!(key_alone.can_charge() && key_alone.lacks_notices() && !notices.lacks_notices());
    assert!(
        read("", &[("IDEM_STRIPE_RETURN_URL", "https://shop.example")]).unwrap().gateways.stripe.is_none()
    );
}

#[test]
fn alipay_and_wechat_are_whole() {
    let alipay = read("", &ALIPAY).unwrap().gateways.alipay.unwrap();
    assert_eq!(alipay.alipay_public_keys, ["one", "two"]);
    assert_eq!(alipay.notify_url, "https://shop.example/v1/callbacks/alipay");
    let wechat = read("", &WECHAT).unwrap().gateways.wechat.unwrap();
    let keys: Vec<_> = wechat.platform_keys.iter().map(|it| (it.id.as_str(), it.pem.as_str())).collect();
    assert_eq!(keys, [("PUB_KEY_ID_1", "one"), ("PUB_KEY_ID_2", "two")]);
    assert_eq!(wechat.notify_url, "https://shop.example/v1/callbacks/wechat");
}

#[test]
fn every_missing_setting_is_named_at_once() {
    for settings in [&ALIPAY[..], &WECHAT] {
        for place in 0..settings.len() {
            let missing = settings[place].0;
            let told = fault("", &without(settings, place));
            assert!(told.contains(&format!("({missing}): must be set")), "{missing}: {told}");
            assert!(!told.contains('\n'), "only one is missing: {told}");
        }
        let told = fault("", &settings[..1]);
        for (name, _) in &settings[1..] {
            assert!(told.contains(&format!("({name}): must be set")), "{name}: {told}");
        }
    }
}

#[test]
fn a_public_url_that_is_wrong_is_not_missing_too() {
    let mut settings = ALIPAY;
    settings[4].1 = "nonsense";
    let told = fault("", &settings);
    assert!(
        told.starts_with("public_url (IDEM_PUBLIC_URL): must be http://") && !told.contains('\n'),
        "{told}"
    );
}

#[test]
fn each_platform_key_has_its_id() {
    let mut settings = WECHAT;
    settings[6].1 = "PUB_KEY_ID_1";
    let told = fault("", &settings);
    assert!(
        told.starts_with("wechat_platform_key_id (IDEM_WECHAT_PLATFORM_KEY_ID): must be as many"),
        "{told}"
    );
}

#[test]
fn a_secret_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "\nwhsec_from_a_file\n").unwrap();
    let path = file.to_str().unwrap();
    let config = read("", &[("IDEM_STRIPE_WEBHOOK_SECRET_FILE", path)]).unwrap();
    let secret = config.gateways.stripe.as_ref().unwrap().webhook_secrets[0].expose_secret().to_owned();
    assert_eq!(secret, "whsec_from_a_file");
    let shown = config.to_redacted_toml();
    assert!(shown.contains(&format!("stripe_webhook_secret_file = \"{path}\"\n")), "{shown}");
    let twice = [("IDEM_STRIPE_WEBHOOK_SECRET_FILE", path), ("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1")];
    let told = fault("", &twice);
    assert!(
        told.starts_with("stripe_webhook_secret_file (IDEM_STRIPE_WEBHOOK_SECRET_FILE): must not"),
        "{told}"
    );
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let absent = folder.path().join("absent").to_str().unwrap().to_owned();
    for path in [of("empty", b" \n"), of("binary", b"nonsense\xff"), absent] {
        let told = fault("", &[("IDEM_STRIPE_WEBHOOK_SECRET_FILE", &path)]);
        assert!(told.contains(&path) && !told.contains("nonsense") && !told.contains('\n'), "{told}");
    }
}

#[test]
fn two_keys_stand_in_one_file_one_behind_the_other() {
    let block = |name: &str| format!("-----BEGIN PUBLIC KEY-----\n{name}\n-----END PUBLIC KEY-----\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.pem");
    for between in ["", ",\n", "\n"] {
        std::fs::write(&file, format!("{}{between}{}", block("one"), block("two"))).unwrap();
        let mut settings = without(&WECHAT, 5);
        settings.push(("IDEM_WECHAT_PLATFORM_KEY_FILE", file.to_str().unwrap()));
        let keys = read("", &settings).unwrap().gateways.wechat.unwrap().platform_keys;
        let pems: Vec<_> = keys.iter().map(|it| it.pem.trim_start().to_owned()).collect();
        assert_eq!(pems, [block("one"), block("two")], "{between:?}");
    }
}

#[test]
fn no_secret_of_a_gateway_is_shown() {
    let stripe = [("IDEM_STRIPE_API_KEY", "sk_test_1"), ("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1")];
    let all: Vec<_> = [&stripe[..], &ALIPAY[..4], &WECHAT].concat();
    let config = read("", &all).unwrap();
    let shown = format!("{} {config:?}", config.to_redacted_toml());
    for secret in ["sk_test_1", "whsec_1", "private-key-of-alipay", "private-key-of-wechat", "api-v3-key"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("stripe_api_key = \"(hidden)\"\n"), "{shown}");
    assert!(shown.contains("wechat_merchant_id = \"1900000109\"\n"), "{shown}");
}

#[test]
fn an_empty_value_turns_nothing_on() {
    let shown = read("", &[]).unwrap().to_redacted_toml();
    let gateways = shown.lines().filter_map(|it| it.split_once(" = ")).map(|(key, _)| key);
    let of_gateway =
        |it: &&str| ["stripe_", "alipay_", "wechat_"].iter().any(|prefix| it.starts_with(prefix));
    let names = gateways.filter(of_gateway).chain(["sandbox_secret", "public_url"]);
    let names: Vec<_> = names.map(|it| format!("IDEM_{}", it.to_uppercase())).collect();
    let empty: Vec<_> = names.iter().map(|it| (it.as_str(), "")).collect();
    assert!(empty.len() > 25, "{empty:?}");
    let config = read("sandbox_secret = \"of the file\"", &empty).unwrap();
    assert_eq!(config.to_redacted_toml(), shown);
    assert!(config.sandbox_secret.is_none() && !config.gateways.can_charge());
}

#[test]
fn a_live_key_and_the_sandbox_exclude_each_other() {
    let start = |key: &str, secret: &str| {
        let settings = [
            ("IDEM_STRIPE_API_KEY", key),
            ("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1"),
            ("IDEM_SANDBOX_SECRET", secret),
        ];
        read("", &settings)
    };
    for key in ["sk_live_hidden", "rk_live_hidden"] {
        let fault = start(key, WEBHOOK).unwrap_err().to_string();
        assert!(fault.starts_with("sandbox_secret (IDEM_SANDBOX_SECRET): must not be set beside"), "{fault}");
        assert!(!fault.contains("hidden") && !fault.contains('\n'), "{fault}");
        assert!(!start(key, "").unwrap().has_sandbox_unasked());
    }
    assert!(start("sk_test_1", WEBHOOK).is_ok());
}

#[test]
fn a_sandbox_is_not_there_unasked_beside_a_gateway_that_takes_money() {
    assert!(read("", &[]).unwrap().has_sandbox_unasked());
    assert!(!read("", &ALIPAY).unwrap().has_sandbox_unasked());
    let notices = [("IDEM_STRIPE_WEBHOOK_SECRET", "whsec_1")];
    assert!(read("", &notices).unwrap().has_sandbox_unasked(), "it takes no money");
}
