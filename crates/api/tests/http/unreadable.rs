//! One row that cannot be read stops nothing else: the requests that need it fail, and one finding tells an operator.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Notice, Person, Server, eventually, field, gateway, is_dead, item};

/// How long something that happens in the background may take.
const SOON: Duration = Duration::from_secs(20);

impl Client {
    /// What operators were notified of about rows that cannot be read.
    async fn unreadable(&self) -> Vec<Value> {
        let all = self.all("/v1/operations/findings").await;
        all.into_iter().filter(|it| it["kind"] == "unreadable").collect()
    }

    /// Waits until operators were notified of that many rows, and gives the tables that they name, sorted.
    async fn unreadable_tables(&self, count: usize) -> Vec<String> {
        let look = async || Some(self.unreadable().await).filter(|it| it.len() >= count);
        let findings = eventually(&format!("{count} findings"), SOON, look).await;
        let table = |it: &Value| {
            let detail = field(it, "detail");
            detail.strip_prefix("A row of ").unwrap().split(' ').next().unwrap().to_owned()
        };
        let mut tables: Vec<_> = findings.iter().map(table).collect();
        tables.sort();
        tables
    }

    /// Waits until an order that is placed and due now was closed: every sweep has passed everything that is longer due.
    async fn lets_an_order_expire(&self, server: &Server, product: &str) {
        let order = self.order(product, 1).await;
        server.corrupt(&make_due(&order));
        self.order_becomes(&order, "CLOSED").await;
    }
}

/// SQL that ends the time in which an order may be paid.
fn make_due(order: &Value) -> String {
    format!("UPDATE orders SET expiresAt = createdAt WHERE orderNumber = '{}';", number(order))
}

fn number(order: &Value) -> &str {
    field(order, "orderNumber")
}

fn id(transaction: &Value) -> &str {
    field(transaction, "transactionId")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_cannot_be_read_keeps_no_other_from_being_seen_and_sold() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (bad, good) = (operator.product("5.00", Some(5)).await, operator.product("5.00", Some(5)).await);
    let last = operator.product("5.00", Some(5)).await;
    operator.adjust(&good, 1).await.ok(201);
    server.corrupt(&format!(
        "UPDATE products SET currency = 'ZZZ' WHERE productId = '{bad}'; \
         UPDATE products SET price = -1 WHERE productId = '{last}'; \
         UPDATE product_changes SET actor = 'X' WHERE stock = 'ADJUSTED';"
    ));

    let mut seen = Vec::new();
    let mut asked = "/v1/products?limit=1".to_owned();
    for page in 0..3 {
        let it = customer.get(&asked).await.ok(200);
        seen.extend(it["data"].as_array().unwrap().iter().map(|it| it["productId"].clone()));
        assert_eq!(it["nextCursor"].is_null(), page == 2, "a page ends where its last row is, read or not");
        asked = format!("/v1/products?limit=1&cursor={}", it["nextCursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, [json!(good)]);
    customer.get(&format!("/v1/products/{bad}")).await.refused(500, "internal-error");
    customer.order(&good, 1).await;
    let both = json!({"items": [item(&good, 1), item(&bad, 1)]});
    customer.post_once("/v1/orders", &both).await.refused(500, "internal-error");
    assert_eq!(customer.stock(&good).await, 5);
    let changes = operator.all(&format!("/v1/products/{good}/changes")).await;
    assert_eq!(changes.len(), 1, "all but one of two can be read: {changes:?}");

    assert_eq!(operator.unreadable_tables(3).await, ["product_changes", "products", "products"]);
    let findings = operator.unreadable().await;
    for product in [&bad, &last, &good] {
        assert_eq!(
            findings.iter().filter(|it| field(it, "detail").contains(product)).count(),
            1,
            "{findings:?}"
        );
    }
    let log = server.log();
    assert!(log.contains("\"table\":\"products\"") && log.contains("\"column\":\"currency\""), "{log}");
    assert!(!log.contains("ZZZ"), "a value may be a secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_read_keeps_no_other_from_moving_on() {
    // Nothing is due before it cannot be read.
    let server = Server::with(&[("IDEM_COMPLETION_AFTER", "1s"), ("IDEM_AFTER_SALES_PERIOD", "1s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let currency = customer.order(&product, 1).await;
    let items = customer.order(&product, 1).await;
    let history = customer.order(&product, 1).await;
    let (stuck, delivered) = (customer.order(&product, 1).await, customer.order(&product, 1).await);
    for it in [&stuck, &delivered] {
        customer.pay(it, "tok_visa").await;
        for to in ["PROCESSING", "SHIPPED"] {
            operator.moved(it, to).await;
        }
    }
    server.corrupt(&format!(
        "UPDATE orders SET currency = 'ZZZ', revision = revision + 1 WHERE orderNumber = '{}'; \
         UPDATE orders SET revision = revision + 1 WHERE orderNumber = '{items}'; \
         UPDATE order_items SET quantity = -1 WHERE orderId = (SELECT id FROM orders WHERE orderNumber = '{items}'); \
         UPDATE order_status_history SET actor = 'X' WHERE orderId = \
             (SELECT id FROM orders WHERE orderNumber = '{}'); \
         UPDATE orders SET status = 'DELIVERED', cameFrom = 'X', revision = revision + 1 WHERE orderNumber = '{}';",
        number(&currency),
        number(&history),
        number(&stuck),
        items = number(&items),
    ));
    server.corrupt(&[&currency, &items, &history].map(make_due).concat());
    operator.moved(&delivered, "DELIVERED").await;

    customer.lets_an_order_expire(&server, &product).await;
    customer.order_becomes(&delivered, "CLOSED").await;
    for bad in [&currency, &items, &stuck] {
        customer.get(&format!("/v1/orders/{}", number(bad))).await.refused(500, "internal-error");
        let listed = customer.all("/v1/orders").await;
        assert!(listed.iter().all(|it| it["orderNumber"] != bad["orderNumber"]), "{bad}");
        assert_eq!(listed.len(), 3, "the others are listed");
    }
    assert!(customer.history(&history).await.len() < 2, "the entry is left out");

    let tables = ["order_items", "order_status_history", "orders", "orders"];
    assert_eq!(operator.unreadable_tables(4).await, tables);
    customer.lets_an_order_expire(&server, &product).await;
    assert_eq!(operator.unreadable_tables(4).await, tables, "notified of once, however often they are read");
    let findings = operator.unreadable().await;
    for bad in [&currency, &items, &history, &stuck] {
        assert_eq!(findings.iter().filter(|it| it["orderNumber"] == bad["orderNumber"]).count(), 1);
    }
    customer.get("/readyz").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_cannot_be_read_keeps_no_other_from_being_settled() {
    let server = Server::with(&[("IDEM_SANDBOX_PENDING_DELAY", "2s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let (broken, bad) = customer.undecided(&product).await;
    let given_back = customer.order(&product, 1).await;
    let refunded = customer.pay(&given_back, "tok_visa").await;
    operator.operate(&refunded, "refunds", &json!({})).await.ok(201);
    customer.payment_becomes(&refunded, "REFUNDED").await;
    server.corrupt(&format!(
        "UPDATE payment_transactions SET capture_method = 'X' WHERE transaction_id = '{}'; \
         UPDATE refunds SET actor = 'X';",
        id(&bad)
    ));
    let (order, waiting) = customer.undecided(&product).await;
    customer.payment_becomes(&waiting, "CAPTURED").await;
    customer.order_becomes(&order, "PAID").await;
    for (order, payment) in [(&broken, &bad), (&given_back, &refunded)] {
        customer.get(&format!("/v1/payments/{}", id(payment))).await.refused(500, "internal-error");
        let payments = format!("/v1/orders/{}/payments", number(order));
        assert_eq!(customer.get(&payments).await.ok(200)["data"], json!([]), "it is left out");
        let refunds = format!("/v1/payments/{}/refunds", id(payment));
        assert_eq!(operator.get(&refunds).await.ok(200)["data"], json!([]));
        // A decision never leaves one out.
        operator.operate(payment, "refunds", &json!({"amount": "1.00"})).await.refused(500, "internal-error");
    }
    let second = format!("/v1/orders/{}/payments", number(&broken));
    customer.post_once(&second, &gateway("tok_visa", "AUTOMATIC")).await.refused(500, "internal-error");
    customer.get(&format!("/v1/orders/{}/payments", number(&order))).await.ok(200);
    let notice = Notice::of("payment.captured", &bad);
    // It is kept, and applied when the row is repaired: the gateway does not repeat it forever.
    notice.signed(&customer).await.ok(200);
    assert_eq!(notice.signed(&customer).await.ok(200)["duplicate"], true);

    assert_eq!(operator.unreadable_tables(2).await, ["payment_transactions", "refunds"]);
    let findings = operator.unreadable().await;
    for payment in [&bad, &refunded] {
        let of = |it: &&Value| {
            it["transactionId"] == payment["transactionId"] && it["orderNumber"] == payment["orderNumber"]
        };
        assert_eq!(findings.iter().filter(of).count(), 1, "{findings:?}");
    }
    let order = customer.order(&product, 1).await;
    let pay = format!("/v1/orders/{}/payments", number(&order));
    customer.post_once(&pay, &gateway("tok_visa", "AUTOMATIC")).await.ok(201);
    server.corrupt(&format!(
        "UPDATE payment_transactions SET capture_method = 'AUTOMATIC' WHERE transaction_id = '{}';",
        id(&bad)
    ));
    customer.payment_becomes(&bad, "CAPTURED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_session_key_or_finding_that_cannot_be_read_affects_no_other() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let (bad, good) = (Person::new("bad"), Person::new("good"));
    bad.register(&server.client()).await;
    let ended = good.register(&server.client()).await;
    let body = json!({"items": [item(&product, 1)]});
    let spent_key = crate::harness::unique("key");
    customer.post("/v1/orders", &body).idempotent(&spent_key).await.ok(201);
    let logged_out = ended.post("/v1/auth/logout", &json!({})).await.status;
    assert!((200..300).contains(&logged_out));
    let live = good.login(&server.client()).await;
    server.corrupt(&format!(
        "UPDATE user SET role = 'X' WHERE username = '{}'; \
         UPDATE sessions SET spent = 'X' WHERE revokedAt IS NOT NULL; \
         UPDATE idempotency_claims SET replyStatus = -1 WHERE idempotencyKey = '{spent_key}';",
        bad.username
    ));
    let again = server.beside(&[]);
    is_dead(&ended.at(again.address())).await;

    let credentials = bad.credentials(crate::harness::PASSWORD);
    server.client().post("/v1/auth/login", &credentials).await.refused(500, "internal-error");
    good.login(&server.client()).await;
    // The first instance still has the reply in its memory.
    let retried = customer.at(again.address()).post("/v1/orders", &body).idempotent(&spent_key).await;
    retried.refused(500, "internal-error");
    customer.post_once("/v1/orders", &body).await.ok(201);
    server.corrupt(
        "UPDATE sessions SET spent = 'X' WHERE id = (SELECT min(id) FROM sessions WHERE revokedAt IS NULL)",
    );
    live.get("/v1/me/sessions").await.ok(200);

    assert_eq!(operator.unreadable_tables(2).await, ["idempotency_claims", "user"]);
    server.corrupt("UPDATE findings SET kind = 'X' WHERE detail LIKE 'A row of user%'");
    let tables = operator.unreadable_tables(2).await;
    assert_eq!(
        tables,
        ["findings", "idempotency_claims"],
        "operators are notified of a finding that cannot be read"
    );
}

/// By the number of an order, the id of an event, or the id of a user: an operator has no row's key.
#[tokio::test(flavor = "multi_thread")]
async fn a_finding_of_an_unreadable_row_says_whose_it_is() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let spent_key = crate::harness::unique("key");
    let body = json!({"items": [item(&product, 1)]});
    customer.post("/v1/orders", &body).idempotent(&spent_key).await.ok(201);
    let person = Person::new("whose");
    let logged_in = person.register(&server.client()).await;
    let [me, buyer] = [&logged_in, &customer].map(|it| it.get("/v1/me"));
    let (me, buyer) = (me.await.ok(200), buyer.await.ok(200));
    let notice = Notice::of("payment.captured", &json!({"transactionId": crate::harness::unique("none")}));
    notice.signed(&customer).await.ok(200);
    server.corrupt(&format!(
        "UPDATE order_status_history SET actor = 'X' WHERE orderId = \
             (SELECT id FROM orders WHERE orderNumber = '{}'); \
         UPDATE idempotency_claims SET replyStatus = -1 WHERE idempotencyKey = '{spent_key}'; \
         UPDATE payment_events SET disposition = 'X' WHERE event_id = '{}'; \
         UPDATE sessions SET spent = 'X' WHERE userId = (SELECT id FROM user WHERE username = '{}'); \
         UPDATE user SET changed_at = NULL, role = 'X' WHERE username = '{}';",
        number(&order),
        notice.id,
        person.username,
        person.username,
    ));
    customer.history(&order).await;
    // The first instance still has the reply in its memory, and knows that the notice is stored.
    let other = server.beside(&[]);
    let retried = customer.at(other.address()).post("/v1/orders", &body).idempotent(&spent_key).await;
    retried.refused(500, "internal-error");
    logged_in.get("/v1/me/sessions").await;
    notice.signed(&customer.at(other.address())).await;
    let credentials = person.credentials(crate::harness::PASSWORD);
    server.client().post("/v1/auth/login", &credentials).await.refused(500, "internal-error");

    let tables = ["idempotency_claims", "order_status_history", "payment_events", "sessions", "user"];
    assert_eq!(operator.unreadable_tables(tables.len()).await, tables);
    let findings = operator.unreadable().await;
    let of = |table: &str| {
        let begins = format!("A row of {table} ");
        findings.iter().find(|it| field(it, "detail").starts_with(&begins)).unwrap()
    };
    assert_eq!(of("order_status_history")["orderNumber"], order["orderNumber"]);
    assert_eq!(
        (&of("payment_events")["eventId"], &of("payment_events")["gateway"]),
        (&json!(notice.id), &json!("sandbox"))
    );
    for (table, user) in [("idempotency_claims", &buyer), ("user", &me)] {
        assert!(field(of(table), "detail").contains(field(user, "id")), "{}", of(table));
    }
}
