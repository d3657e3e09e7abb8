//! Alipay: a QR code, signed forms, and refunds that only a query tells.

use std::sync::Arc;

use domain::Timestamp;
use ports::Clock;
use serde_json::{Value, json};

use crate::{
    alipay_side::{
        double::{APP_ID, Double, Failure, SELLER_ID},
        keys::{self, Form, test_key},
    },
    harness::{Reply, field, now},
    shop::{Shop, statuses},
};

const CHARGE: &str = "alipay.trade.precreate";
const REFUND: &str = "alipay.trade.refund";
const QUERY: &str = "alipay.trade.query";

struct Story {
    double: Arc<Double>,
    shop: Shop,
}

impl Story {
    async fn open() -> Self {
        let double = Double::open(Timestamp::from_millis(now().as_millisecond())).await;
        let settings = vec![
            ("IDEM_PUBLIC_URL", "https://shop.example".to_owned()),
            ("IDEM_ALIPAY_APP_ID", APP_ID.to_owned()),
            ("IDEM_ALIPAY_SELLER_ID", SELLER_ID.to_owned()),
            ("IDEM_ALIPAY_PRIVATE_KEY", test_key("testAppPrivateKey")),
            ("IDEM_ALIPAY_PUBLIC_KEY", test_key("testAlipayPublicKey")),
            ("IDEM_ALIPAY_API_BASE", double.base.clone()),
        ];
        Self { double, shop: Shop::open(settings).await }
    }

    /// Brings a body to the address of notices.
    async fn bring(&self, body: Vec<u8>) -> Reply {
        let request = self.shop.customer.request(reqwest::Method::POST, "/v1/callbacks/alipay");
        let text = String::from_utf8(body).unwrap();
        request.body("application/x-www-form-urlencoded; charset=utf-8", text).await
    }

    /// Brings a signed notice, which is acknowledged as Alipay wants it.
    async fn deliver(&self, notice: &Form) {
        let reply = self.bring(keys::sign_notice(notice)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "success"));
    }

    /// The notice about the present state, at the present time.
    fn notice(&self, payment: &Value) -> Form {
        let gap = now().as_millisecond() - self.double.clock.now().as_millis();
        self.double.clock.advance(gap.max(0) / 1_000);
        self.double.notice(field(payment, "transactionId"))
    }

    /// From now on only notices tell of payments.
    fn hide_payments(&self) {
        self.double.fail_next(QUERY, &[Failure::Drop; 1_000]);
    }

    /// The buyer scans the code and pays.
    fn buyer_pays(&self, payment: &Value) {
        self.double.scan_code(field(payment, "transactionId"));
        self.double.pay_opened(field(payment, "transactionId"));
    }

    async fn refund(&self, payment: &Value, amount: &str) -> Value {
        self.shop.operator.operate(payment, "refunds", &json!({ "amount": amount })).await.ok(201)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_scanned_paid_and_refunded() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("alipay", "qr").await;
    assert_eq!(payment["nextAction"]["type"], "QR_CODE", "{payment}");
    it.buyer_pays(&payment);
    it.deliver(&it.notice(&payment)).await;
    it.shop.customer.order_becomes(&order, "PAID").await;
    let paid = it.shop.customer.payment(&payment).await;
    assert_eq!((&paid["status"], &paid["capturedAmount"]), (&json!("CAPTURED"), &json!("19.98")), "{paid}");
    assert!(field(&paid, "gatewayReference").starts_with("2026"), "{paid}");
    assert_eq!(it.refund(&payment, "5.00").await["status"], "SUCCEEDED");
    // This one is accepted and done later, which only a query tells.
    it.double.state().refunds_later = true;
    let later = it.refund(&payment, "14.98").await;
    assert_eq!(later["status"], "PENDING", "{later}");
    it.double.state().refunds_later = false;
    it.shop.refund_succeeds(&payment, &later).await;
    it.shop.customer.order_becomes(&order, "REFUNDED").await;
    it.shop.agrees_with("alipay");
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_without_an_answer_is_looked_up() {
    let it = Story::open().await;
    it.double.fail_next(CHARGE, &[Failure::Lose; 3]);
    let (order, payment) = it.shop.begin("alipay", "qr").await;
    assert!(payment["nextAction"].is_null(), "{payment}");
    assert_eq!(it.shop.action_appears(&payment).await["type"], "QR_CODE");
    it.buyer_pays(&payment);
    // No notice comes.
    it.shop.customer.order_becomes(&order, "PAID").await;
    it.double.fail_next(REFUND, &[Failure::Lose; 3]);
    let refund = it.refund(&payment, "5.00").await;
    assert_eq!(refund["status"], "PENDING", "{refund}");
    it.shop.refund_succeeds(&payment, &refund).await;
    let refunds = it.double.state().trades.values().map(|it| it.refunds.len()).sum::<usize>();
    assert_eq!(refunds, 1, "the money went back once");
    it.shop.agrees_with("alipay");
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_repeat_or_overtake_each_other_change_nothing_more() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("alipay", "qr").await;
    it.double.scan_code(field(&payment, "transactionId"));
    let scanned = it.notice(&payment);
    it.double.pay_opened(field(&payment, "transactionId"));
    let paid = it.notice(&payment);
    let paid_too = it.notice(&payment);
    for notice in [&paid, &scanned, &paid, &paid_too] {
        it.deliver(notice).await;
    }
    it.shop.customer.order_becomes(&order, "PAID").await;
    it.refund(&payment, "19.98").await;
    let refunded = it.notice(&payment);
    for notice in [&refunded, &paid, &paid_too, &scanned, &refunded] {
        it.deliver(notice).await;
    }
    let expected = ["PENDING", "PAID", "REFUND_PENDING", "REFUNDED"];
    assert_eq!(statuses(&it.shop.customer, &order).await, expected);
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
    assert_eq!(it.shop.count_notices("duplicate").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_about_another_amount_application_or_account_pays_nothing() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("alipay", "qr").await;
    it.hide_payments();
    it.buyer_pays(&payment);
    let changed = |name: &str, value: &str| {
        let mut form = it.notice(&payment);
        form.insert(name.to_owned(), value.to_owned());
        form
    };
    it.deliver(&changed("total_amount", "19.99")).await;
    assert_eq!(it.shop.operator.kinds(&payment).await, ["amount-mismatch"]);
    it.deliver(&changed("app_id", "2014072300007149")).await;
    it.deliver(&changed("seller_id", "2088101106499365")).await;
    assert_eq!(it.shop.finding_kinds().await, ["amount-mismatch", "unintelligible", "unintelligible"]);
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
    assert_eq!(it.shop.customer.payment(&payment).await["status"], "PENDING");
    // Less than the whole is recorded, and does not pay the order.
    it.deliver(&changed("total_amount", "0.01")).await;
    assert_eq!(it.shop.operator.kinds(&payment).await, ["amount-mismatch", "partial-capture"]);
    assert_eq!(it.shop.customer.payment(&payment).await["capturedAmount"], "0.01");
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_alipay_has_not_signed_leaves_nothing_but_a_counter() {
    let it = Story::open().await;
    let (order, payment) = it.shop.begin("alipay", "qr").await;
    it.hide_payments();
    it.buyer_pays(&payment);
    let genuine = it.notice(&payment);
    let signed = String::from_utf8(keys::sign_notice(&genuine)).unwrap();
    let forged = signed.replace("19.98", "19.97");
    let (unsigned, _) = signed.split_once("&sign=").unwrap();
    for body in [forged.as_str(), unsigned] {
        it.bring(body.as_bytes().to_vec()).await.refused(401, "invalid-signature");
    }
    assert_eq!(it.shop.count_notices("refused").await, 2);
    assert_eq!(it.shop.finding_kinds().await, Vec::<String>::new());
    assert_eq!(it.shop.customer.reread(&order).await["status"], "PENDING");
    // Their id is new: nothing of them was kept.
    it.deliver(&genuine).await;
    it.shop.customer.order_becomes(&order, "PAID").await;
    assert_eq!(it.shop.count_notices("duplicate").await, 0);
}
