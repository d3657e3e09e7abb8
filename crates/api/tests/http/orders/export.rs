//! All orders in one response.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, Server, eventually, field, item, shared};

async fn place(customer: &Client, product: &str, details: &Value) -> Value {
    let mut body = json!({"items": [item(product, 1)]});
    for (name, value) in details.as_object().unwrap() {
        body[name] = value.clone();
    }
    customer.post_once("/v1/orders", &body).patiently().await.ok(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_what_the_list_shows_on_all_its_pages() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    for number in 0..103 {
        place(&customer, &product, &json!({"reference": format!("R-{number}")})).await;
    }
    let id = field(&customer.get("/v1/me").await.ok(200), "id").to_owned();
    for filters in
        [format!("userId={id}"), format!("userId={id}&sort=createdAt"), format!("userId={id}&q=R-10")]
    {
        let listed = operator.all(&format!("/v1/orders?{filters}")).await;
        assert!(listed.len() == 103 || listed.len() == 4, "{}", listed.len());
        let reply = operator.get(&format!("/v1/orders/export?format=ndjson&{filters}")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/x-ndjson")));
        assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"orders.ndjson\""));
        let lines: Vec<Value> = reply.text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        assert_eq!(lines, listed, "{filters}");
        let reply = operator.get(&format!("/v1/orders/export?format=csv&{filters}")).await;
        assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
        let mut rows = csv::Reader::from_reader(reply.text.as_bytes());
        let rows: Vec<_> = rows.records().map(|it| it.unwrap().get(0).unwrap().to_owned()).collect();
        assert_eq!(rows, listed.iter().map(|it| field(it, "orderNumber").to_owned()).collect::<Vec<_>>());
    }
    let none = operator.get("/v1/orders/export?format=ndjson&email=stranger%40example.com").await;
    assert_eq!((none.status, none.text.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_has_every_text_and_no_formula() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.50", None).await;
    let details = json!({
        "reference": "=HYPERLINK(\"https://evil.example\")", "metadata": {"a": "1"},
        "contact": {"name": "Ada, \"Countess\"", "email": "ada@example.com", "phone": "+49 30 1"},
        "shippingAddress": {"lines": ["-1", "Second"], "city": "@Home", "country": "DE"},
    });
    let order = place(&customer, &product, &details).await;
    let path = format!("/v1/orders/export?format=csv&q={}", field(&order, "orderNumber"));
    let text = operator.get(&path).await.text;
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let names = rows.headers().unwrap().clone();
    let row = rows.records().next().unwrap().unwrap();
    let cell = |name: &str| row.get(names.iter().position(|it| it == name).unwrap()).unwrap();
    let me = customer.get("/v1/me").await.ok(200);
    let items =
        json!([{"productId": product, "name": "Tea", "quantity": 1, "price": "1.50", "subtotal": "1.50"}]);
    for (name, value) in [
        ("reference", "'=HYPERLINK(\"https://evil.example\")"),
        ("contactName", "Ada, \"Countess\""),
        ("contactPhone", "'+49 30 1"),
        ("addressLines", "'-1\nSecond"),
        ("city", "'@Home"),
        ("region", ""),
        ("amount", "1.50"),
        ("customerId", field(&me, "id")),
        ("customerEmail", field(&me, "email")),
        ("createdAt", field(&order, "createdAt")),
        ("metadata", "{\"a\":\"1\"}"),
    ] {
        assert_eq!(cell(name), value, "{name}");
    }
    assert_eq!(serde_json::from_str::<Value>(cell("items")).unwrap(), items);
    assert_eq!(names.len(), 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_for_operators_and_names_every_fault() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    customer.get("/v1/orders/export?format=csv").await.refused(403, "forbidden");
    assert_eq!(operator.get("/v1/orders/export").await.faults(), ["format"]);
    let wrong = "/v1/orders/export?format=xml&sort=updatedAt&limit=5&q=a&status=LOST";
    assert_eq!(operator.get(wrong).await.faults(), ["format", "limit", "q", "sort", "status"]);
}

/// Opens an export and reads the head of the response and no more.
fn begin(server: &Server, token: &str) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let ask = format!(
        "GET /v1/orders/export?format=ndjson HTTP/1.1\r\nHost: idem\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).unwrap();
    let mut begun = vec![0; 1024];
    let bytes = stream.read(&mut begun).unwrap();
    begun.truncate(bytes);
    assert!(begun.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&begun));
    (stream, begun)
}

async fn logs_line(server: &Server, text: &str) {
    eventually(text, PATIENCE, async || server.log().contains(text).then_some(())).await;
}

fn read_rest((mut stream, mut text): (TcpStream, Vec<u8>)) -> Vec<u8> {
    // A connection that is reset ends, too.
    let _ = stream.read_to_end(&mut text);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_reads_no_further_than_its_reader_and_is_cut_when_the_record_is_gone() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("1.00", None).await;
    // More than all buffers between the two hold.
    let pairs: serde_json::Map<_, _> = (0..50).map(|it| (format!("k{it}"), json!("x".repeat(500)))).collect();
    let details = json!({"metadata": pairs});
    for _ in 0..500 {
        place(&customer, &product, &details).await;
    }
    let token = operator.token.clone().unwrap();
    let whole = operator.get("/v1/orders/export?format=ndjson").await;
    assert_eq!(whole.text.lines().count(), 500);

    // Four run, and a fifth is refused until one of them has ended.
    let begun: Vec<_> = (0..4).map(|_| begin(&server, &token)).collect();
    operator.get("/v1/orders/export?format=csv").await.refused(503, "overloaded");
    drop(begun);
    let look = async || (operator.get("/v1/orders/export?format=csv").await.status == 200).then_some(());
    eventually("there is room again", PATIENCE, look).await;
    logs_line(&server, "export was cut off: its connection ended first").await;

    // Begun at the last moment: a reader that takes nothing for 10 s is cut off for that.
    let begun = begin(&server, &token);
    server.corrupt("ALTER TABLE order_items RENAME TO order_items_gone");
    let text = read_rest(begun);
    assert!(text.len() < whole.text.len(), "{} of {}", text.len(), whole.text.len());
    assert!(!text.ends_with(b"\r\n0\r\n\r\n"), "a part must not look like the whole");
    logs_line(&server, "export was cut off: orders could not be read").await;
}
