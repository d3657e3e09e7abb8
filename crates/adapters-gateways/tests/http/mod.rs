//! A minimal HTTP/1.1 server for the doubles of gateways: a handler answers each request, or closes the connection.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(crate) struct HttpRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// By lower-case name.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl HttpRequest {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// How long the answer takes.
    pub(crate) after: Duration,
}

impl HttpAnswer {
    pub(crate) fn new(status: u16, body: String) -> Self {
        Self { status, headers: Vec::new(), body, after: Duration::ZERO }
    }
}

#[async_trait]
pub(crate) trait HttpHandler: Send + Sync + 'static {
    /// Answers a request; `None` closes the connection without an answer.
    async fn answer(&self, request: HttpRequest) -> Option<HttpAnswer>;
}

/// The server, until it is dropped.
pub(crate) struct HttpServer {
    pub(crate) base: String,
    _serving: JoinSet<()>,
}

impl HttpServer {
    pub(crate) async fn open(handler: Arc<dyn HttpHandler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&handler)));
            }
        });
        Self { base, _serving: serving }
    }
}

async fn serve(stream: TcpStream, handler: Arc<dyn HttpHandler>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await {
        let Some(answer) = handler.answer(request).await else { return };
        sleep(answer.after).await;
        let mut head = format!("HTTP/1.1 {} x\r\n", answer.status);
        // An answer without content must not state a length.
        if answer.status != 204 {
            head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
        }
        for (name, value) in answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // The other side may have given up.
        if stream.write_all(format!("{head}\r\n{}", answer.body).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads the next request of the connection; `None` at its end.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<HttpRequest> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers: HashMap<_, _> = lines
        .iter()
        .filter_map(|it| it.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(HttpRequest { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}
