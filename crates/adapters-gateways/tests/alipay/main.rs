//! The Alipay adapter against a double of Alipay: the suite of the port, and what only Alipay has.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failing test may panic")]

mod calls;
mod double;
mod expiry;
#[path = "../http/mod.rs"]
mod http;
mod keys;
mod methods;
mod refunds;

use std::sync::Arc;

use adapters_gateways::{Alipay, AlipayConfig};
use domain::{
    Money, OrderNumber, Timestamp, TransactionId,
    payment::{CaptureMethod, EventKind, EventTarget, PaymentEvent, PaymentToken},
};
use double::{Double, notice_form};
use keys::test_key;
use port_contracts::gateway::{GatewayFixture, GatewayTraits, sample_event};
use ports::{Charge, Clock, NoticeHeaders};
use secrecy::SecretString;

/// 2026-11-26 16:30:07.123 in China.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_681_807_123);

pub(crate) fn config(base: &str) -> AlipayConfig {
    AlipayConfig {
        api_base: base.to_owned(),
        seller_id: Some(double::SELLER_ID.to_owned()),
        ..AlipayConfig::new(
            double::APP_ID.to_owned(),
            SecretString::from(test_key("testAppPrivateKey")),
            vec![test_key("testAlipayPublicKey")],
            "https://shop.example/v1/callbacks/alipay".to_owned(),
        )
    }
}

pub(crate) async fn open() -> (Arc<Double>, Alipay) {
    let double = Double::open(NOW).await;
    let alipay = open_adapter(&double);
    (double, alipay)
}

fn open_adapter(double: &Double) -> Alipay {
    let clock: Arc<dyn Clock> = double.clock.clone();
    Alipay::open(config(&double.base), clock).unwrap()
}

pub(crate) fn charge(token: &str) -> Charge {
    Charge {
        transaction: TransactionId::new("k3vq7xk2m5n4p6r7s2t3u4v5w6".to_owned()),
        reference: None,
        order: OrderNumber::new("n7m2k4vq7xk2m5n4p6r7s2t3u4".to_owned()),
        token: PaymentToken::new(token.to_owned()),
        amount: yuan("88.88"),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

pub(crate) fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").unwrap()
}

/// Writes the notice about an event, as far as Alipay has one.
fn write_notice(id: &str, event: &PaymentEvent, text: &str) -> Vec<u8> {
    let EventTarget::Transaction(ours) = &event.target else { panic!("Alipay names our id") };
    let (at, number) = (methods::china_time(event.at), event.references.payment.clone().unwrap());
    let status = if event.kind == EventKind::Captured { "TRADE_SUCCESS" } else { "TRADE_CLOSED" };
    let mut form = notice_form(id, &at, ours.as_str(), number.as_str(), status);
    let mut set = |name: &str, value: &str| form.insert(name.to_owned(), value.to_owned());
    set("total_amount", &event.reported.amount);
    set("passback_params", event.order.as_ref().unwrap().as_str());
    set("subject", text);
    set(if event.kind == EventKind::Captured { "gmt_payment" } else { "gmt_close" }, &at);
    keys::sign_notice(&form)
}

async fn fixture() -> GatewayFixture {
    let double = Double::open(NOW).await;
    GatewayFixture {
        gateway: Arc::new(open_adapter(&double)),
        other_instance: Arc::new(open_adapter(&double)),
        traits: GatewayTraits {
            waits_for_buyer: true,
            has_manual_capture: false,
            finds_by_our_id: true,
            has_refund_references: false,
            signs_in_headers: false,
            signs_time: false,
        },
        control: double,
        now: NOW,
        good_token: "qr",
        declined_token: None,
        sign_notice: Box::new(|_, _, _| NoticeHeaders::new()),
        write_notice: Box::new(|id, event| write_notice(id, event, "订单")),
        write_notice_with_text: Box::new(|text| {
            write_notice("1", &sample_event(EventKind::Captured, NOW), text)
        }),
        tamper: |body| String::from_utf8_lossy(body).replace("19.98", "19.97").into_bytes(),
        sample_event: |kind, at| {
            matches!(kind, EventKind::Captured | EventKind::Failed).then(|| sample_event(kind, at))
        },
        dashboard_event: |_, _| None,
        unknown_type: {
            let mut form = notice_form("1", "2026-11-26 16:30:07", "t1", "n1", "TRADE_SUCCESS");
            form.insert("notify_type".to_owned(), "batch_refund_notify".to_owned());
            keys::sign_notice(&form)
        },
    }
}

port_contracts::gateway!(fixture);
