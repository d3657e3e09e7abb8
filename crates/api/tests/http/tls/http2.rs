//! Limits of HTTP/2 connections.

use std::time::Duration;

use futures_util::future::join_all;
use h2::client::Builder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{Certificate, TlsServer};
use crate::harness::PATIENCE;

/// As many as the service handles on one connection at a time.
const UNDER_WAY_MAX: usize = 100;
/// What a client sends first, with settings that are all as usual.
const BEGINNING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_with_many_streams_is_bounded_and_delays_no_other() {
    let certificate = Certificate::new();
    let server = TlsServer::start(&certificate);
    let mut builder = Builder::new();
    // A reader that never takes a byte of any answer, and a client that takes no advice about how much it may send.
    builder.initial_window_size(0).initial_max_send_streams(1_000);
    let mut greedy = server.connect_http2(&certificate, builder).await;
    let mut answers = Vec::new();
    for _ in 0..3 * UNDER_WAY_MAX {
        answers.push(greedy.send("/openapi.json").await.unwrap());
    }
    // All are kept, so that no stream is reset.
    let answers: Vec<_> = join_all(answers).await.into_iter().map(Result::unwrap).collect();
    let count = |status: u16| answers.iter().filter(|it| it.status() == status).count();
    // A refusal that is not read counts as a stream too, up to a thousand of them.
    assert_eq!((count(200), count(503)), (UNDER_WAY_MAX, 2 * UNDER_WAY_MAX));
    let mut other = server.connect_http2(&certificate, Builder::new()).await;
    assert_eq!(other.status("/healthz").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_resets_what_it_begins_is_cut_off_and_delays_no_other() {
    let certificate = Certificate::new();
    let server = TlsServer::start(&certificate);
    let mut hasty = server.connect_http2(&certificate, Builder::new()).await;
    for _ in 0..5_000 {
        // Dropped at once, which resets the stream. In the end the server closes the connection.
        if hasty.send("/v1/products").await.is_err() {
            break;
        }
    }
    let mut other = server.connect_http2(&certificate, Builder::new()).await;
    assert_eq!(other.status("/healthz").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_in_more_than_one_frame_ends_its_connection() {
    let server = TlsServer::start(&Certificate::new());
    let mut stream = server.connect("h2").await.unwrap();
    stream.write_all(BEGINNING).await.unwrap();
    // A head of one byte that has not ended.
    stream.write_all(&[0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82]).await.unwrap();
    let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "it waits for the rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_long_when_unpacked_is_refused_as_over_http1() {
    const VALUE_BYTES: usize = 3_000;
    let server = TlsServer::start(&Certificate::new());
    let mut stream = server.connect("h2").await.unwrap();
    // `GET https /`, an authority, and a header that is kept in the table (RFC 7541, 6.2.1) and then named twenty times by
    // one byte each: 3 KiB that become 60.
    let mut head = vec![0x82, 0x87, 0x84, 0x41, 9];
    head.extend(b"localhost");
    head.extend([0x40, 6]);
    head.extend(b"x-long");
    head.extend([0x7f, 0xb9, 0x16]);
    head.extend([b'a'; VALUE_BYTES]);
    head.extend([0xbe; 20]);
    let length = u32::try_from(head.len()).unwrap().to_be_bytes();
    stream.write_all(BEGINNING).await.unwrap();
    stream.write_all(&[length[1], length[2], length[3], 1, 5, 0, 0, 0, 1]).await.unwrap();
    stream.write_all(&head).await.unwrap();
    let head = tokio::time::timeout(PATIENCE, first_frame(&mut stream, 1)).await.unwrap();
    // The name `:status` of the table, and `431` in the code of RFC 7541, appendix B.
    assert_eq!(head[..5], [0x48, 0x83, 0x69, 0x90, 0xff]);
    let body = tokio::time::timeout(PATIENCE, first_frame(&mut stream, 0)).await.unwrap();
    assert!(String::from_utf8(body).unwrap().contains("/problems/request-head-too-large"));
}

/// What is in the first frame of that type that comes.
async fn first_frame(stream: &mut super::server::TlsStream, kind: u8) -> Vec<u8> {
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        if header[3] == kind {
            return payload;
        }
    }
}

/// A client that asks for an answer to a ping again and again does nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn pings_keep_no_connection_open() {
    /// A connection may be idle for a minute.
    const LONGEST: Duration = PATIENCE.saturating_mul(5);
    /// A ping (RFC 9113, 6.7).
    const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let server = TlsServer::start(&Certificate::new());
    let mut stream = server.connect("h2").await.unwrap();
    stream.write_all(BEGINNING).await.unwrap();
    let pings = async {
        let mut taken = [0; 1024];
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if stream.write_all(PING).await.is_err() || !matches!(stream.read(&mut taken).await, Ok(1..)) {
                return;
            }
        }
    };
    assert!(tokio::time::timeout(LONGEST, pings).await.is_ok(), "it is open");
}
