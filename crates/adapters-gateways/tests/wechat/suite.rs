//! The contract suite of gateways.

use std::{sync::Arc, time::Duration};

use domain::{
    RefundId, Timestamp,
    payment::{EventKind, EventTarget, PaymentEvent},
};
use port_contracts::gateway::{GatewayControl, GatewayFixture, GatewayTraits, sample_event};
use ports::Charge;
use serde_json::{Value, json};

use crate::{
    bench::{NOW, open},
    double::{Double, Fault, TestClock, beijing},
    keys::{self, vector},
};

port_contracts::gateway!(fixture);

const PREPAY: &str = "POST /v3/pay/transactions/native";
const MANY: usize = 100;

impl GatewayControl for Double {
    fn lose_answers(&self) -> &'static str {
        self.plan(PREPAY, Fault::AnswerLost, MANY);
        "native"
    }

    fn drop_requests(&self) -> &'static str {
        self.plan(PREPAY, Fault::Dropped, MANY);
        "native"
    }

    fn restore(&self) {
        self.recover();
    }

    fn pay(&self, charge: &Charge) {
        self.pay(charge.transaction.as_str());
    }

    fn complete_refund(&self, refund: &RefundId) {
        self.end_refund(refund.as_str(), "SUCCESS");
    }
}

async fn fixture() -> GatewayFixture {
    let clock = TestClock::new(NOW);
    let double = Double::open(Arc::clone(&clock)).await;
    GatewayFixture {
        gateway: Arc::new(open(&double.base, clock.clone())),
        other_instance: Arc::new(open(&double.base, clock)),
        control: Arc::new(double),
        traits: GatewayTraits { waits_for_buyer: true, has_manual_capture: false, ..GatewayTraits::CARDS },
        now: NOW,
        good_token: "native",
        declined_token: None,
        sign_notice: Box::new(|_, body, at| keys::sign_as_platform(body, at)),
        write_notice: Box::new(|id, event| write_event(id, event, "状态")),
        write_notice_with_text: Box::new(|text| {
            write_event("evt_1", &sample_event(EventKind::Captured, NOW), text)
        }),
        tamper: |body| String::from_utf8_lossy(body).replace("evt_1", "evt_2").into_bytes(),
        sample_event: sample,
        // WeChat Pay names every refund by our number of the trade, also one that began in the merchant platform.
        dashboard_event: |_, _| None,
        unknown_type: write("evt_1", "PAYSCORE.USER_PAID", NOW, &json!({ "mchid": vector("merchant_id") })),
    }
}

/// WeChat Pay notifies of payments and refunds; a refund does not repeat the order.
fn sample(kind: EventKind, at: Timestamp) -> Option<PaymentEvent> {
    match kind {
        EventKind::Captured => Some(sample_event(kind, at)),
        EventKind::RefundSucceeded | EventKind::RefundFailed => {
            Some(PaymentEvent { order: None, ..sample_event(kind, at) })
        }
        EventKind::Authorized
        | EventKind::Failed
        | EventKind::Voided
        | EventKind::Disputed
        | EventKind::DisputeWon
        | EventKind::DisputeLost => None,
    }
}

fn write(id: &str, kind: &str, at: Timestamp, content: &Value) -> Vec<u8> {
    keys::write_notice(id, kind, &beijing(at), content.to_string().as_bytes(), vector("api_v3_test_key"))
}

fn write_event(id: &str, event: &PaymentEvent, text: &str) -> Vec<u8> {
    let EventTarget::Transaction(number) = &event.target else { panic!("a trade has a number of ours") };
    let fen: u64 = event.reported.amount.replace('.', "").parse().unwrap();
    let transaction_id = event.references.payment.as_ref().map(|it| it.as_str());
    let (kind, status) = match event.kind {
        EventKind::RefundSucceeded => ("REFUND.SUCCESS", "SUCCESS"),
        EventKind::RefundFailed => ("REFUND.CLOSED", "CLOSED"),
        EventKind::Authorized
        | EventKind::Captured
        | EventKind::Failed
        | EventKind::Voided
        | EventKind::Disputed
        | EventKind::DisputeWon
        | EventKind::DisputeLost => {
            let content = json!({
                "mchid": vector("merchant_id"), "appid": vector("app_id"), "out_trade_no": number.as_str(),
                "transaction_id": transaction_id, "trade_state": "SUCCESS", "trade_state_desc": text,
                "attach": event.order.as_ref().map(|it| it.as_str()), "success_time": beijing(event.at),
                "payer": { "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" },
                "amount": { "total": fen, "payer_total": fen, "currency": event.reported.currency },
            });
            // A notice is made some time after the payment.
            let later = event.at.saturating_add(Duration::from_secs(5));
            return write(id, "TRANSACTION.SUCCESS", later, &content);
        }
    };
    let mut content = json!({
        "mchid": vector("merchant_id"), "out_trade_no": number.as_str(), "transaction_id": transaction_id,
        "out_refund_no": event.refund.as_ref().map(|it| it.as_str()),
        "refund_id": event.references.refund.as_ref().map(|it| it.as_str()),
        "refund_status": status, "user_received_account": "招商银行信用卡0403",
        "amount": { "total": fen, "refund": fen, "payer_total": fen, "payer_refund": fen },
    });
    if status == "SUCCESS" {
        content["success_time"] = beijing(event.at).into();
    }
    write(id, kind, event.at, &content)
}
