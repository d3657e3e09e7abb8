//! What is the same for all who ask: kept once, packed once, and not sent twice.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::harness::{Client, Server, shared};

const DOCUMENTS: [&str; 11] = [
    "/console",
    "/console/orders/some-number",
    "/console/assets/console.js",
    "/console/assets/console.css",
    "/docs",
    "/docs/index.html",
    "/docs/swagger-ui.css",
    "/docs/swagger-ui-bundle.js",
    "/openapi.json",
    "/problems",
    "/problems/not-found",
];
/// The largest of them, and how long it is at least.
const LARGE: (&str, u64) = ("/docs/swagger-ui-bundle.js", 1_000_000);
/// How long an answer may take to begin, on a machine that does other things too.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_document_may_be_kept_and_is_not_sent_again() {
    let client = shared().client();
    for path in DOCUMENTS {
        let first = client.get(path).await;
        assert_eq!(first.status, 200, "{path}");
        assert_eq!(first.header("cache-control"), Some("public, no-cache"), "{path}");
        assert!(first.header("vary").unwrap().contains("accept-encoding"), "{path}");
        let etag = first.header("etag").unwrap();
        assert!(etag.starts_with('"'), "{etag} is a strong one");
        let again = client.get(path).header("if-none-match", etag).await;
        assert_eq!(
            (again.status, again.text.as_str(), again.header("etag")),
            (304, "", Some(etag)),
            "{path}"
        );
        assert_eq!(again.header("cache-control"), Some("public, no-cache"), "{path}");
        let other = client.get(path).header("if-none-match", "\"other\"").await;
        assert_eq!((other.status, other.text.len()), (200, first.text.len()), "{path}");
        let head = client.request(reqwest::Method::HEAD, path).await;
        let length = first.text.len().to_string();
        assert_eq!(
            (head.text.as_str(), head.header("content-length")),
            ("", Some(length.as_str())),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_packed_for_those_who_take_that() {
    let client = shared().client();
    let length = async |path: &str, takes: &str| {
        let reply = client.request(reqwest::Method::HEAD, path).header("accept-encoding", takes).await;
        let length: u64 = reply.header("content-length").unwrap().parse().unwrap();
        (
            length,
            reply.header("content-encoding").map(str::to_owned),
            reply.header("etag").unwrap().to_owned(),
        )
    };
    for path in DOCUMENTS {
        let (plain, coding, etag) = length(path, "identity").await;
        assert_eq!(coding, None, "{path}");
        let (packed, coding, other) = length(path, "gzip, deflate, br").await;
        if coding.as_deref() == Some("gzip") {
            assert!(packed < plain && other != etag, "{path}: {packed} of {plain}");
        } else {
            assert!(plain < 500, "{path} is too short to be packed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_about_problems_is_one_of_two_forms() {
    let client = shared().client();
    for path in ["/problems", "/problems/not-found"] {
        let html = client.get(path).await;
        let markdown = client.get(path).header("accept", "text/markdown").await;
        assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert!(markdown.text.starts_with("# ") && html.text.contains("<h1>"));
        assert_eq!(html.header("vary"), Some("accept, accept-encoding"));
        assert_ne!(html.header("etag"), markdown.header("etag"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_do_no_more_than_it_must() {
    let client = shared().client();
    let policy = async |path: &str| {
        let reply = client.get(path).await;
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        let policy = reply.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("http") && !policy.contains('*'), "{path}: {policy}");
        policy
    };
    assert!(policy("/docs").await.contains("script-src 'self';"));
    assert!(!policy("/problems").await.contains("script-src"));
    for path in ["/v1/me", "/v1/products", "/healthz", "/openapi.json", "/nothing"] {
        assert_eq!(policy(path).await, "default-src 'none'; frame-ancestors 'none'", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_document_is_kept_nowhere_however_its_path_is_written() {
    let customer = shared().customer().await;
    for path in
        ["/v1/me", "/%761/me", "/v1/%6de", "//v1/me", "/v1/products", "/healthz", "/metrics", "/docs/none"]
    {
        let kept = async |client: &Client| client.get(path).await.header("cache-control").map(str::to_owned);
        assert_eq!(kept(&customer).await.as_deref(), Some("no-store"), "{path}");
    }
}

/// Asks for the large document, and reads no more of it than its first bytes. What the system keeps for it is little.
async fn begin(server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.address()).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: idem\r\n\r\n", LARGE.0);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    timeout(ANSWERED_WITHIN, stream.read_exact(&mut first)).await.unwrap().unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_costs_no_copy_of_what_is_sent() {
    const READERS: u64 = 64;
    let server = Server::with(&[]);
    let first = begin(&server).await;
    let before = server.resident_kib();
    let mut waiting = Vec::new();
    for _ in 0..READERS {
        waiting.push(begin(&server).await);
    }
    let grown = server.resident_kib().saturating_sub(before);
    let copies = READERS * LARGE.1 / 1024;
    assert!(grown < copies / 4, "{grown} KiB for {READERS} readers, {copies} KiB if each had a copy");
    drop((first, waiting));
}
