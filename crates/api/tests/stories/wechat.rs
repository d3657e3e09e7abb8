//! WeChat Pay: a QR code, encrypted notices, and refunds that end later.

use std::{sync::Arc, time::Duration};

use domain::Timestamp;
use ports::{Clock, NoticeHeaders};
use serde_json::{Value, json};

use crate::{
    harness::{Reply, field, now},
    shop::{Shop, statuses},
    wechat_side::{
        double::{Double, Fault, TestClock, beijing},
        keys::{self, vector},
    },
};

const CHARGE: &str = "POST /v3/pay/transactions/native";
const REFUND: &str = "POST /v3/refund/domestic/refunds";
const QUERY: &str = "GET /v3/pay/transactions/";

/// The headers and the body of a notice.
type Notice = (NoticeHeaders, Vec<u8>);

struct Story {
    double: Double,
    shop: Shop,
}

impl Story {
    async fn open() -> Self {
        let clock = TestClock::new(Timestamp::from_millis(now().as_millisecond()));
        let double = Double::open(Arc::clone(&clock)).await;
        let settings = vec![
            ("IDEM_PUBLIC_URL", "https://shop.example".to_owned()),
            ("IDEM_WECHAT_APP_ID", vector("app_id").to_owned()),
            ("IDEM_WECHAT_MERCHANT_ID", vector("merchant_id").to_owned()),
            ("IDEM_WECHAT_MERCHANT_SERIAL", vector("merchant_serial").to_owned()),
            ("IDEM_WECHAT_PRIVATE_KEY", vector("merchant_test_key").to_owned()),
            ("IDEM_WECHAT_API_V3_KEY", vector("api_v3_test_key").to_owned()),
            ("IDEM_WECHAT_PLATFORM_KEY", vector("public_key").to_owned()),
            ("IDEM_WECHAT_PLATFORM_KEY_ID", vector("public_key_id").to_owned()),
            ("IDEM_WECHAT_API_BASE", double.base.clone()),
        ];
        Self { double, shop: Shop::open(settings).await }
    }

    /// Lets the double's clock show the present time.
    fn set_clock(&self) {
        let gap = now().as_millisecond() - self.double.clock.now().as_millis();
        self.double.clock.advance(Duration::from_millis(u64::try_from(gap).unwrap_or(0)));
    }

    async fn bring(&self, (headers, body): &Notice) -> Reply {
        let request = self.shop.customer.request(reqwest::Method::POST, "/v1/callbacks/wechat");
        let request = request.body("application/json", body.clone());
        headers.iter().fold(request, |it, (name, value)| it.header(name, value)).await
    }

    /// Brings a signed notice, which is acknowledged as WeChat Pay wants it.
    async fn deliver(&self, notice: &Notice) {
        let reply = self.bring(notice).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    }

    fn trade_notice(&self, payment: &Value) -> Notice {
        self.set_clock();
        self.double.notify_trade(field(payment, "transactionId"))
    }

    fn refund_notice(&self, refund: &Value) -> Notice {
        self.set_clock();
        self.double.notify_refund(field(refund, "refundId"))
    }

    /// A notice with this id about the paid trade, with another value of one member of its content.
    fn changed_notice(&self, id: &str, payment: &Value, pointer: &str, value: Value) -> Notice {
        self.set_clock();
        let number = field(payment, "transactionId");
        let mut content = self.double.state().trades[number].describe(number);
        *content.pointer_mut(pointer).unwrap() = value;
        let (now, key) = (self.double.clock.now(), vector("api_v3_test_key"));
        let content = content.to_string();
        let body = keys::write_notice(id, "TRANSACTION.SUCCESS", &beijing(now), content.as_bytes(), key);
        (keys::sign_as_platform(&body, now), body)
    }

    /// From now on only notices tell of payments.
    fn hide_payments(&self) {
        self.double.plan(QUERY, Fault::Dropped, 1_000);
    }

    fn buyer_pays(&self, payment: &Value) {
        self.set_clock();
        self.double.pay(field(payment, "transactionId"));
    }

    async fn refund(&self, payment: &Value, amount: &str) -> Value {
        let refund =
            self.shop.operator.operate(payment, "refunds", &json!({ "amount": amount })).await.ok(201);
        assert_eq!(refund["status"], "PENDING", "{refund}");
        refund
    }

    fn end_refund(&self, refund: &Value) {
        self.set_clock();
        self.double.end_refund(field(refund, "refundId"), "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_scanned_paid_and_refunded() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("wechat", "native").await;
    assert_eq!(payment["nextAction"]["type"], "QR_CODE", "{payment}");
    it.buyer_pays(&payment);
    it.deliver(&it.trade_notice(&payment)).await;
    it.shop.customer.order_becomes(&order, "PAID").await;
    let paid = it.shop.customer.payment(&payment).await;
    assert_eq!((&paid["status"], &paid["capturedAmount"]), (&json!("CAPTURED"), &json!("19.98")), "{paid}");
    assert!(field(&paid, "gatewayReference").starts_with("4200"), "{paid}");
    // One refund is known by its notice, the other one by a query.
    let noticed = it.refund(&payment, "5.00").await;
    it.end_refund(&noticed);
    it.deliver(&it.refund_notice(&noticed)).await;
    it.shop.refund_succeeds(&payment, &noticed).await;
    let queried = it.refund(&payment, "14.98").await;
    it.end_refund(&queried);
    it.shop.refund_succeeds(&payment, &queried).await;
    it.shop.customer.order_becomes(&order, "REFUNDED").await;
    it.set_clock();
    it.shop.agrees_with("wechat");
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_without_an_answer_is_looked_up() {
    let it = Story::open().await;
    it.double.plan(CHARGE, Fault::AnswerLost, 3);
    let (order, payment) = it.shop.begin("wechat", "native").await;
    assert!(payment["nextAction"].is_null(), "{payment}");
    assert_eq!(it.shop.action_appears(&payment).await["type"], "QR_CODE");
    it.buyer_pays(&payment);
    // No notice comes.
    it.shop.customer.order_becomes(&order, "PAID").await;
    it.double.plan(REFUND, Fault::AnswerLost, 3);
    let refund = it.refund(&payment, "5.00").await;
    it.end_refund(&refund);
    it.shop.refund_succeeds(&payment, &refund).await;
    assert_eq!(it.double.sizes(), (1, 1), "one trade, and the money went back once");
    it.set_clock();
    it.shop.agrees_with("wechat");
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_repeat_or_overtake_each_other_change_nothing_more() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("wechat", "native").await;
    it.buyer_pays(&payment);
    let paid = it.trade_notice(&payment);
    // The same fact, as a notice of its own.
    let paid_too = it.changed_notice("EV-2", &payment, "/trade_state_desc", json!("支付成功"));
    it.deliver(&paid).await;
    it.deliver(&paid).await;
    it.shop.customer.order_becomes(&order, "PAID").await;
    let refund = it.refund(&payment, "19.98").await;
    it.end_refund(&refund);
    let refunded = it.refund_notice(&refund);
    for notice in [&refunded, &paid_too, &paid, &refunded] {
        it.deliver(notice).await;
    }
    let expected = ["PENDING", "PAID", "REFUND_PENDING", "REFUNDED"];
    assert_eq!(statuses(&it.shop.customer, &order).await, expected);
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
    assert_eq!(it.shop.count_notices("duplicate").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_about_another_amount_application_or_merchant_pays_nothing() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("wechat", "native").await;
    it.hide_payments();
    it.buyer_pays(&payment);
    it.deliver(&it.changed_notice("EV-1", &payment, "/amount/total", json!(1_999))).await;
    assert_eq!(it.shop.operator.kinds(&payment).await, ["amount-mismatch"]);
    it.deliver(&it.changed_notice("EV-2", &payment, "/appid", json!("wx0000000000000000"))).await;
    it.deliver(&it.changed_notice("EV-3", &payment, "/mchid", json!("1900000000"))).await;
    assert_eq!(it.shop.finding_kinds().await, ["amount-mismatch", "unintelligible", "unintelligible"]);
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
    assert_eq!(it.shop.customer.payment(&payment).await["status"], "PENDING");
    // Less than the whole is recorded, and does not pay the order.
    it.deliver(&it.changed_notice("EV-4", &payment, "/amount/total", json!(1))).await;
    assert_eq!(it.shop.operator.kinds(&payment).await, ["amount-mismatch", "partial-capture"]);
    assert_eq!(it.shop.customer.payment(&payment).await["capturedAmount"], "0.01");
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_wechat_pay_has_not_signed_leaves_nothing_but_a_counter() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("wechat", "native").await;
    it.hide_payments();
    it.buyer_pays(&payment);
    let genuine = it.trade_notice(&payment);
    let mut forged = genuine.clone();
    forged.1.push(b' ');
    let mut unsigned = genuine.clone();
    unsigned.0.remove("wechatpay-signature");
    for notice in [&forged, &unsigned] {
        it.bring(notice).await.refused(401, "invalid-signature");
    }
    assert_eq!(it.shop.count_notices("refused").await, 2);
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
    // Their id is new: nothing of them was kept.
    it.deliver(&genuine).await;
    it.shop.customer.order_becomes(&order, "PAID").await;
    assert_eq!(it.shop.count_notices("duplicate").await, 0);
}
