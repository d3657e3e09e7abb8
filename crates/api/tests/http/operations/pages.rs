//! What the server tells about itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Server, eventually, raw, shared};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_up_and_ready_and_names_what_it_depends_on() {
    let client = shared().client();
    assert_eq!(client.get("/healthz").await.status, 200);
    let ready = client.get("/readyz").await.ok(200);
    let named = ready["dependencies"].as_array().unwrap();
    let database = json!({"name": "database", "required": true, "status": "ok"});
    assert!(named.contains(&database), "{ready}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens() {
    let server = Server::with(&[("IDEM_ORDER_TTL", "6s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(5)).await;
    let order = customer.order(&product, 1).await;
    customer.pay(&order, "tok_visa").await;
    customer.order_becomes(&customer.order(&product, 1).await, "CLOSED").await;
    let counted = async || {
        let metrics = customer.get("/metrics").await;
        metrics.text.contains("idem_callbacks_total{").then_some(metrics)
    };
    let metrics = eventually("the sandbox's notices are counted", crate::harness::PATIENCE, counted).await;
    assert_eq!(metrics.status, 200);
    let kind = metrics.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain") || kind.starts_with("application/openmetrics-text"), "{kind}");
    let families: BTreeSet<_> =
        metrics.text.lines().filter_map(|it| it.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for word in
        ["request", "duration", "order", "transition", "callback", "commit", "swept", "retries", "replay"]
    {
        assert!(families.iter().any(|it| it.contains(word)), "{word} in {families:?}");
    }
    assert!(metrics.text.contains("\nidem_orders_placed_total 2\n"), "{}", metrics.text);
    let number = order["orderNumber"].as_str().unwrap();
    assert!(!metrics.text.contains(number), "routes, not paths");
    for line in metrics.text.lines().filter(|it| !it.starts_with('#') && !it.is_empty()) {
        let value = line.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_published() {
    let client = shared().client();
    let reply = client.get("/openapi.json").await;
    let document = reply.ok(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/v1/auth/register",
        "/v1/me/sessions/{id}",
        "/v1/products/{productId}",
        "/v1/orders/{orderNumber}/transitions",
        "/v1/orders/{orderNumber}/payments",
        "/v1/payments/{transactionId}/refunds",
        "/v1/callbacks/{gateway}",
        "/v1/operations/findings/{id}/resolution",
        "/healthz",
        "/metrics",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// Every `$ref` of a document.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(all) => {
            found.extend(all.get("$ref").and_then(Value::as_str).map(str::to_owned));
            all.values().for_each(|it| collect(it, found));
        }
        Value::Array(all) => all.iter().for_each(|it| collect(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a page loads: the values of `src` and of the `href` of its `link`s.
pub(super) fn loads(page: &str) -> Vec<String> {
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!("{name}=\""))?.1;
        Some(rest.split('"').next()?.to_owned())
    };
    let tags = page.split('<').map(|it| it.split('>').next().unwrap_or_default());
    tags.filter_map(|tag| match tag.split_whitespace().next() {
        Some("script" | "img") => attribute(tag, "src"),
        Some("link") => attribute(tag, "href"),
        Some(_) | None => None,
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_needs_no_network() {
    let client = shared().client();
    let slash = raw(shared().address(), "GET /docs/ HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!((slash.status, slash.headers["location"].as_str()), (308, "/docs"));
    let page = client.get("/docs").await;
    assert_eq!(page.status, 200);
    let base = page.text.split_once("<base href=\"").unwrap().1.split('"').next().unwrap();
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let loads = loads(&page.text);
    assert!(!loads.is_empty(), "{}", page.text);
    for file in &loads {
        assert!(!file.contains("//") && !file.starts_with("data:"), "{file} comes from elsewhere");
        let path = format!("{base}{}", file.trim_start_matches("./"));
        let loaded = client.get(&path).await;
        assert!(loaded.status == 200 && !loaded.text.is_empty(), "{path}: {}", loaded.status);
        assert!(!loaded.text.contains("fonts.googleapis.com"), "{path}");
    }
    let script = client.get("/docs/swagger-initializer.js").await.text;
    assert!(
        script.contains("url: \"/openapi.json\"") && script.contains("validatorUrl: \"none\""),
        "{script}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_has_a_page() {
    const SLUGS: &[&str] = &[
        "malformed-json",
        "invalid-request",
        "body-too-large",
        "unsupported-media-type",
        "not-found",
        "method-not-allowed",
        "idempotency-key-missing",
        "idempotency-key-invalid",
        "idempotency-key-reused",
        "idempotency-in-progress",
        "unauthorized",
        "invalid-credentials",
        "refresh-token-reused",
        "refresh-token-invalid",
        "forbidden",
        "wrong-password",
        "username-taken",
        "email-taken",
        "too-many-requests",
        "unknown-product",
        "price-changed",
        "out-of-stock",
        "mixed-currencies",
        "transition-not-allowed",
        "precondition-failed",
        "order-not-payable",
        "payment-not-capturable",
        "capture-exceeds-authorized",
        "payment-not-voidable",
        "payment-not-refundable",
        "refund-exceeds-captured",
        "card-data-refused",
        "invalid-signature",
        "unavailable",
        "overloaded",
        "deadline-exceeded",
        "internal-error",
    ];
    let client = shared().client();
    for slug in SLUGS {
        let page = client.get(&format!("/problems/{slug}")).await;
        assert_eq!(page.status, 200, "{slug}");
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{slug}");
        assert!(page.text.contains("<h1>"), "{slug}");
    }
}
