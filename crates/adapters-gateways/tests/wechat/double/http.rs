//! HTTP/1.1 with a `Content-Length`, one task for each connection.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use ports::Clock;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use super::{Fault, Reply, State, TestClock};
use crate::keys;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn target(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> Result<Value, String> {
        let is_json = self.headers.get("content-type").is_some_and(|it| it == "application/json");
        is_json.then_some(()).ok_or("the content-type is not application/json")?;
        serde_json::from_str(&self.body).map_err(|it| it.to_string())
    }
}

pub(super) async fn serve(state: Arc<Mutex<State>>, clock: Arc<TestClock>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve_connection(stream, Arc::clone(&state), Arc::clone(&clock)));
        }
    });
    (base, serving)
}

async fn serve_connection(stream: TcpStream, state: Arc<Mutex<State>>, clock: Arc<TestClock>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await {
        let now = clock.now();
        let (fault, reply) = {
            let mut state = state.lock().unwrap();
            let fault = state.take_fault(&request.target());
            state.requests.push(request.clone());
            let reply = match fault {
                Some(Fault::Dropped) => return,
                Some(Fault::Error(status, code, _)) => Reply::error(status, code),
                _ => state.handle(&request, now),
            };
            (fault, reply)
        };
        let Some(text) = write_reply(reply, fault, now).await else { return };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Returns the answer as it is sent; `None` if it is lost.
async fn write_reply(mut reply: Reply, fault: Option<Fault>, now: domain::Timestamp) -> Option<String> {
    if let Some(Fault::DoneBut(status, code)) = fault {
        reply = Reply::error(status, code);
    }
    if let Some(Fault::Says(body)) = fault {
        reply = Reply { status: 200, body: body.to_owned() };
    }
    let mut headers = keys::sign_as_platform(reply.body.as_bytes(), now);
    match fault {
        Some(Fault::AnswerLost) => return None,
        Some(Fault::Late(by)) => sleep(by).await,
        Some(Fault::Error(_, _, false)) => headers.clear(),
        Some(Fault::Header(name, None)) => drop(headers.remove(name)),
        Some(Fault::Header(name, Some(value))) => drop(headers.insert(name.to_owned(), value.to_owned())),
        Some(Fault::OtherBody(body)) => reply.body = body.to_owned(),
        Some(Fault::Dropped | Fault::Error(..) | Fault::DoneBut(..) | Fault::Says(_)) | None => {}
    }
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length =
        if reply.status == 204 { String::new() } else { format!("content-length: {}\r\n", reply.body.len()) };
    Some(format!("HTTP/1.1 {} x\r\n{lines}{length}\r\n{}", reply.status, reply.body))
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
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
    let mut first = lines.first()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .iter()
        .filter_map(|it| it.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { method, path, headers, body: String::from_utf8(body).ok()? })
}
