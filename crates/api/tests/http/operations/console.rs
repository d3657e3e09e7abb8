//! The operators' console, as a browser gets it. What it does there is tested in `crates/console`.

use reqwest::Method;

use super::pages::loads;
use crate::harness::{raw, shared};

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_a_page_that_brings_everything_it_loads() {
    let client = shared().client();
    let page = client.get("/console").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let loads = loads(&page.text);
    assert!(loads.len() >= 3, "a script, a style and an icon: {}", page.text);
    for file in &loads {
        assert!(file.starts_with("/console/assets/"), "{file} comes from elsewhere");
        let loaded = client.get(file).await;
        assert!(loaded.status == 200 && !loaded.text.is_empty(), "{file}: {}", loaded.status);
        let kind = loaded.header("content-type").unwrap();
        let expected = match file.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "nothing else",
        };
        assert_eq!(kind, expected, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_runs_its_own_script_and_no_other() {
    let client = shared().client();
    for path in ["/console", "/console/orders", "/console/assets/console.js"] {
        let page = client.get(path).await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains("http") && !policy.contains("data:"),
            "{policy}"
        );
        assert!(
            policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
    }
    let page = client.get("/console").await.text;
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("onload="), "{page}");
    assert!(page.matches("<script").count() == page.matches("src=\"/console/").count(), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_screen_of_the_console_has_an_address() {
    let client = shared().client();
    let page = client.get("/console").await;
    for path in [
        "/console/orders",
        "/console/orders/a1b2",
        "/console/products/!import",
        "/console/orders?status=PAID",
    ] {
        let screen = client.get(path).await;
        assert_eq!((screen.status, screen.text.as_str()), (200, page.text.as_str()), "{path}");
    }
    let (long, long_id) =
        (format!("/console/{}", "a".repeat(256)), format!("/console/orders/{}", "a".repeat(256)));
    let files = ["/console/assets/none.js", "/console/assets/index.html"];
    for missing in files.into_iter().chain([long.as_str(), &long_id, "/console/a%20b", "/console/orders/%0a"])
    {
        client.get(missing).await.refused(404, "not-found");
    }
    client.request(Method::POST, "/console/orders").await.refused(405, "method-not-allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_leads_to_the_console_and_a_slash_too_many_to_its_page() {
    for (path, status, page) in [
        ("/", 307, "/console"),
        ("/console/", 308, "/console"),
        ("/docs/", 308, "/docs"),
        ("/problems/", 308, "/problems"),
        ("/problems/not-found/", 308, "/problems/not-found"),
        ("/v1/orders/?limit=5&status=PAID", 308, "/v1/orders?limit=5&status=PAID"),
        ("/v1/orders/o-1/history//", 308, "/v1/orders/o-1/history"),
        ("/healthz/", 308, "/healthz"),
    ] {
        // Without a client that tidies the path up.
        for method in ["GET", "POST"].into_iter().take(if path == "/" { 1 } else { 2 }) {
            let reply =
                raw(shared().address(), format!("{method} {path} HTTP/1.0\r\ncontent-length: 0\r\n\r\n"))
                    .unwrap();
            assert_eq!((reply.status, reply.headers["location"].as_str()), (status, page), "{method} {path}");
        }
    }
    for path in ["//evil.example/", "//evil.example/..//", "/\\evil.example/", "/v1/nothing/", "//", "/v1//"]
    {
        let reply = raw(shared().address(), format!("GET {path} HTTP/1.0\r\n\r\n")).unwrap();
        assert!(!reply.headers.contains_key("location"), "{path}: {:?}", reply.headers);
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
    }
}
