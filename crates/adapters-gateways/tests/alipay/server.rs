//! A small HTTP server for the double: one request at a time on each connection.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// What the server does with a request.
pub(crate) enum Response {
    /// Answers with this status, these header lines and this body.
    Answer { status: u16, headers: &'static str, body: String },
    /// The same after this time.
    Late(Duration, String),
    /// Closes the connection without an answer.
    Nothing,
}

/// Handles a request: its path with the query, and its body.
pub(crate) type Handle = dyn Fn(&str, &[u8]) -> Response + Send + Sync;

/// A running server; dropping it ends it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: AbortHandle,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn open(handle: Arc<Handle>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let accepting = tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve_connection(stream, Arc::clone(&handle)));
            }
        });
        Self { address, accepting, _tasks: tasks }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve_connection(stream: TcpStream, handle: Arc<Handle>) {
    let mut stream = BufReader::new(stream);
    while let Some((path, body)) = read_request(&mut stream).await {
        let (status, headers, body) = match handle(&path, &body) {
            Response::Answer { status, headers, body } => (status, headers, body),
            Response::Late(pause, body) => {
                tokio::time::sleep(pause).await;
                (200, "", body)
            }
            Response::Nothing => return,
        };
        let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return; // The caller gave up waiting.
        }
    }
}

/// Reads the next request of the connection; `None` at its end.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
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
    let path = lines.first()?.strip_prefix("POST ")?.strip_suffix(" HTTP/1.1")?.to_owned();
    let headers: HashMap<_, _> = lines.iter().filter_map(|it| it.split_once(": ")).collect();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded;charset=utf-8");
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, body))
}
