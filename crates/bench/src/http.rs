//! A minimal HTTP/1.1 client: one keep-alive connection, one request at a time, a few microseconds for each.
//!
//! It reads only what the service sends to it: responses with a `Content-Length`. Anything else is an error.

mod response;

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use self::response::{Head, parse_head};

/// Longest response that is read, in bytes.
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// How much is read from the socket at once, in bytes. Nearly every response fits.
const READ_BYTES: usize = 4096;

/// A response. Its body is in the connection's buffer until the next request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply<'c> {
    /// The status, such as 200.
    pub(crate) status: u16,
    /// Whether it is the stored response to an earlier request with the same idempotency key.
    pub(crate) replayed: bool,
    /// The body as it came.
    pub(crate) body: &'c [u8],
}

/// A connection that stays open between requests.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Connection {
    /// Connects to the server.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, input: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends the bytes of a request, and reads its response. After an error the connection cannot be used.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.input.clear();
        let head = loop {
            if let Some(head) = parse_head(&self.input).map_err(io::Error::other)? {
                break head;
            }
            self.read_more().await?;
        };
        let Head { status, replayed, body_start, body_length } = head;
        let end = body_start.saturating_add(body_length);
        while self.input.len() < end {
            self.read_more().await?;
        }
        // More than one response would mean that the two sides no longer agree which request is answered.
        match self.input.get(body_start..) {
            Some(body) if body.len() == body_length => Ok(Reply { status, replayed, body }),
            Some(_) | None => Err(io::Error::other("more bytes came than the response has")),
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.input.len() > RESPONSE_BYTES_MAX {
            return Err(io::Error::other("the response is too long"));
        }
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The bytes of a request. A body makes it JSON.
pub(crate) fn encode_request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: idem\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() {
        request.push_str("content-type: application/json\r\ncontent-length: ");
        request.push_str(&body.len().to_string());
        request.push_str("\r\n");
    }
    request.extend(["\r\n", body]);
    request.into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_request_has_its_headers_and_the_length_of_its_body() {
        let request = encode_request("POST", "/v1/orders", &[("idempotency-key", "k1")], "{}");
        assert_eq!(
            String::from_utf8(request).unwrap(),
            "POST /v1/orders HTTP/1.1\r\nhost: idem\r\nidempotency-key: k1\r\n\
             content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
        assert!(encode_request("GET", "/", &[], "").ends_with(b"host: idem\r\n\r\n"));
    }

    /// The outcome of one request to a server that writes these pieces, one after the other, and closes.
    async fn outcome_of(pieces: &[&str]) -> Result<(u16, bool, String), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let ask = async {
            let mut connection = Connection::open(address).await.unwrap();
            let reply = connection.send(&encode_request("GET", "/", &[], "")).await;
            reply
                .map(|it| (it.status, it.replayed, String::from_utf8_lossy(it.body).into_owned()))
                .map_err(|it| it.to_string())
        };
        tokio::join!(answer, ask).1
    }

    #[tokio::test]
    async fn a_response_may_come_in_pieces() {
        let pieces =
            ["HTTP/1.1 201 Created\r\nIdempotent-", "Replayed: true\r\ncontent-length: 4\r\n\r\nab", "cd"];
        assert_eq!(outcome_of(&pieces).await.unwrap(), (201, true, "abcd".to_owned()));
    }

    #[tokio::test]
    async fn a_response_that_ends_early_or_goes_on_is_an_error() {
        assert!(outcome_of(&["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"]).await.is_err());
        let error = outcome_of(&["HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab"]).await.unwrap_err();
        assert!(error.contains("more bytes"), "{error}");
    }
}
