//! A disk that is full.

use std::{process::Command, time::Duration};

use serde_json::json;

use crate::harness::{Server, eventually, item, raw};

/// How long something that happens in the background may take.
const SOON: Duration = Duration::from_secs(30);
/// A process that writes more than it may is ended, unless it does not mind. And it says which one it is.
const NOT_MINDING: &str = "trap '' XFSZ; echo $$ > process";

/// Lets the server write no more to files than so many bytes.
fn limit_files(server: &Server, bytes: &str) {
    let limit = format!("--fsize={bytes}:");
    let process = std::fs::read_to_string(server.place().folder().join("process")).unwrap();
    let set = Command::new("prlimit").args(["--pid", process.trim(), &limit]).status().unwrap();
    assert!(set.success());
}

fn readyz(server: &Server) -> (u16, String) {
    let asked = "GET /readyz HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n";
    let it = raw(server.address(), asked).unwrap();
    (it.status, it.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_by_readyz_and_over_as_soon_as_there_is_space() {
    let server = Server::with(&[("TEST_PRELUDE", NOT_MINDING)]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(100)).await;
    let before = customer.order(&product, 1).await;
    assert_eq!(readyz(&server).0, 200);
    limit_files(&server, "1");
    let order = json!({"items": [item(&product, 1)]});
    for _ in 0..3 {
        customer.post_once("/v1/orders", &order).await.refused(503, "unavailable");
    }
    for _ in 0..2 {
        let (status, body) = readyz(&server);
        assert_eq!(status, 503, "{body}");
        assert!(body.contains("unavailable"), "{body}");
    }
    assert_eq!(customer.reread(&before).await["status"], "PENDING", "what is there can be read");
    limit_files(&server, "unlimited");
    let look = async || (readyz(&server).0 == 200).then_some(());
    eventually("it is ready without traffic", SOON, look).await;
    customer.post_once("/v1/orders", &order).await.ok(201);
    assert_eq!(operator.stock(&product).await, 98, "nothing that was refused has taken anything");
}
