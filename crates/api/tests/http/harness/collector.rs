//! A collector of OpenTelemetry, as far as the service needs one.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use adapters_otlp::testing::{ReceivedSpan, decode_spans};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{PATIENCE, eventually};

/// Keeps the spans that arrive. It ends with the runtime of its test.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<ReceivedSpan>>>,
}

impl Collector {
    /// A collector that takes everything.
    pub(crate) async fn new() -> Self {
        Self::start(true).await
    }

    /// A collector that reads everything and never answers.
    pub(crate) async fn hung() -> Self {
        Self::start(false).await
    }

    #[expect(clippy::disallowed_methods, reason = "a collector ends with the runtime of its test")]
    async fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let spans = Arc::<Mutex<Vec<ReceivedSpan>>>::default();
        let kept = Arc::clone(&spans);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), answers));
            }
        });
        Self { address, spans }
    }

    /// The value of `IDEM_OTLP_ENDPOINT`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans of a trace that have arrived.
    pub(crate) fn trace(&self, trace: &str) -> Vec<ReceivedSpan> {
        self.spans.lock().unwrap().iter().filter(|it| it.trace == trace).cloned().collect()
    }

    /// All spans that have arrived.
    pub(crate) fn all(&self) -> Vec<ReceivedSpan> {
        self.spans.lock().unwrap().clone()
    }

    /// Waits until a trace has a span of that name, and gives the spans of the trace.
    pub(crate) async fn wait_for(&self, trace: &str, name: &str) -> Vec<ReceivedSpan> {
        let look = async || Some(self.trace(trace)).filter(|all| all.iter().any(|it| it.name == name));
        eventually(&format!("{name} arrives"), PATIENCE, look).await
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<ReceivedSpan>>>, answers: bool) {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 8192];
        let length = stream.read(&mut part).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        bytes.extend(&part[..length]);
        while let Some((body, rest)) = split_request(&bytes) {
            kept.lock().unwrap().extend(decode_spans(&body).unwrap());
            bytes = rest;
            if answers {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        }
    }
}

/// The body of the first request, and what comes after it; `None` until it is complete.
fn split_request(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let begin = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..begin]).to_lowercase();
    let length: usize = head.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
    let end = begin + length;
    (bytes.len() >= end).then(|| (bytes[begin..end].to_vec(), bytes[end..].to_vec()))
}
