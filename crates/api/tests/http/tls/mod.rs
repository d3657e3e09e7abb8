//! TLS and HTTP/2 at the service itself.

mod http2;
mod server;

use std::time::Duration;

use test_servers::LoadStopwatch;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{PATIENCE, eventually};
use server::{Certificate, TlsServer, send_signal};

const REQUEST: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Sends a request on a connection that stays open, and returns the line of the status.
async fn ask(stream: &mut server::TlsStream) -> String {
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_http_1_within_tls_and_nothing_without() {
    let server = TlsServer::start(&Certificate::new());
    let mut stream = server.connect("http/1.1").await.unwrap();
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200 OK");
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200 OK", "the connection stays open");
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Closed with or without a word of TLS's own, but never with an answer.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_begin_ends_the_connection() {
    let server = TlsServer::start(&Certificate::new());
    let watch = LoadStopwatch::start();
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut Vec::new())).await;
    assert!(read.is_ok(), "still open after {:?}", watch.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_over_without_closing_a_connection_and_a_bad_one_is_not() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let server = TlsServer::start(&old);
    let mut h2 = server.connect_http2(&old, h2::client::Builder::new()).await;
    assert_eq!(h2.status("/healthz").await, 200);

    server.write_certificate(&new);
    server.hang_up();
    let changed = async || server.connect_trusting(&new, "http/1.1").await.ok().map(drop);
    eventually("the new certificate is in force", PATIENCE, changed).await;
    assert!(server.connect_trusting(&old, "http/1.1").await.is_err());
    assert_eq!(h2.status("/healthz").await, 200, "the connection from before goes on");

    for (certificate, key) in
        [("no certificate", new.key()), (old.chain(), new.key()), (new.chain(), "no key")]
    {
        let before = server.log().matches("not reloaded").count();
        server.write_files(certificate, key);
        server.hang_up();
        let refused = async || (server.log().matches("not reloaded").count() > before).then_some(());
        eventually("the files are refused", PATIENCE, refused).await;
        server.connect_trusting(&new, "http/1.1").await.unwrap();
    }
    assert!(!server.log().contains("PRIVATE KEY"));
}

#[test]
fn a_service_whose_certificate_cannot_be_used_does_not_start() {
    let (one, other) = (Certificate::new(), Certificate::new());
    let said = TlsServer::fail_to_start(one.chain(), other.key());
    assert!(said.contains("the key does not belong to the certificate"), "{said}");
    let said = TlsServer::fail_to_start("nothing", one.key());
    assert!(said.contains("cannot be read as PEM"), "{said}");
}

/// Such as a renewal of the certificate while the service waits for its database.
#[test]
fn a_hangup_during_the_start_ends_nothing() {
    let (place, mut process) = TlsServer::begin_start(&Certificate::new());
    for _ in 0..3 {
        send_signal(&process, "-HUP");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(process.try_wait().unwrap(), None, "it goes on with its start");
    send_signal(&process, "-TERM");
    assert!(process.wait().unwrap().success(), "and ends as it is asked to");
    place.forget(process.id());
}
