//! What several tests need: the committed vectors, and settings with their keys.

use domain::{
    Money, OrderNumber, Timestamp, TransactionId,
    payment::{CaptureMethod, PaymentToken},
};
use ports::Charge;
use secrecy::SecretString;
use serde_json::Value;

use super::{AlipayConfig, config::Settings};

/// 2026-11-26 16:30:07.123 in China.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_681_807_123);
pub(super) const APP_ID: &str = "2014072300007148";

pub(super) fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/alipay/vectors.json")).unwrap()
}

pub(super) fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(super) fn config() -> AlipayConfig {
    let keys = &vectors()["keys"];
    AlipayConfig {
        return_url: Some("https://shop.example/orders".to_owned()),
        seller_id: Some("2088101106499364".to_owned()),
        ..AlipayConfig::new(
            APP_ID.to_owned(),
            SecretString::from(text_of(&keys["testAppPrivateKey"])),
            vec![text_of(&keys["testAppPublicKey"]), text_of(&keys["testAlipayPublicKey"])],
            "https://shop.example/v1/callbacks/alipay".to_owned(),
        )
    }
}

pub(super) fn settings() -> Settings {
    Settings::parse(config()).unwrap()
}

pub(super) fn charge(token: &str) -> Charge {
    Charge {
        transaction: TransactionId::new("k3vq7xk2m5n4p6r7s2t3u4v5w6".to_owned()),
        reference: None,
        order: OrderNumber::new("n7m2k4vq7xk2m5n4p6r7s2t3u4".to_owned()),
        token: PaymentToken::new(token.to_owned()),
        amount: Money::parse("88.88", "CNY").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}
