use std::sync::Arc;

use super::*;
use crate::alipay::{
    Alipay,
    testing::{NOW, config, text_of, vectors},
};

struct Stopped;

impl ports::Clock for Stopped {
    fn now(&self) -> domain::Timestamp {
        NOW
    }
}

fn faults(config: AlipayConfig) -> Vec<&'static str> {
    let error = Alipay::open(config, Arc::new(Stopped)).unwrap_err();
    error.faults.iter().map(|it| it.setting).collect()
}

#[test]
fn every_fault_is_named_with_its_setting_and_no_value_is_repeated() {
    let bad = AlipayConfig {
        app_id: "app".to_owned(),
        private_key: SecretString::from("hunter2".to_owned()),
        alipay_public_keys: vec!["wrong1".to_owned()],
        seller_id: Some(String::new()),
        api_base: "http://openapi.alipay.com/gateway.do".to_owned(),
        notify_url: "/v1/callbacks/alipay".to_owned(),
        return_url: Some("ftp://shop.example".to_owned()),
    };
    let all =
        ["app_id", "private_key", "alipay_public_keys", "seller_id", "notify_url", "return_url", "api_base"];
    assert_eq!(faults(bad.clone()), all);
    let text = Alipay::open(bad, Arc::new(Stopped)).unwrap_err().to_string();
    assert!(all.iter().all(|it| text.contains(it)), "{text}");
    assert!(!["hunter2", "wrong1", "ftp:"].iter().any(|it| text.contains(it)), "{text}");
}

#[test]
fn there_are_one_to_four_public_keys() {
    let key = text_of(&vectors()["keys"]["testAlipayPublicKey"]);
    for count in 0..=5 {
        let it = AlipayConfig { alipay_public_keys: vec![key.clone(); count], ..config() };
        assert_eq!(Settings::parse(it).is_ok(), (1..=4).contains(&count), "{count}");
    }
    let mixed = AlipayConfig { alipay_public_keys: vec![key, "no key".to_owned()], ..config() };
    assert_eq!(faults(mixed), ["alipay_public_keys"]);
}

#[test]
fn what_is_optional_may_be_missing() {
    let it = AlipayConfig { seller_id: None, return_url: None, ..config() };
    assert!(Alipay::open(it, Arc::new(Stopped)).is_ok());
}

#[test]
fn no_secret_is_shown() {
    let key = text_of(&vectors()["keys"]["testAppPrivateKey"]);
    let opened = Alipay::open(config(), Arc::new(Stopped)).unwrap();
    for shown in [format!("{:?}", config()), format!("{opened:?}")] {
        assert!(shown.contains("2014072300007148"), "{shown}");
        assert!(!shown.contains(key.get(1_000..1_040).unwrap()), "{shown}");
    }
}
