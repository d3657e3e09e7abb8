//! A receiver of webhooks, as another system would have one.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{PATIENCE, eventually};

/// What a receiver answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A status, with these lines of headers.
    Status(u16, &'static str),
    /// Nothing at all.
    Silence,
}

/// A message that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Where it was sent to.
    pub(crate) path: String,
    headers: HeaderMap,
    text: String,
}

impl Arrival {
    /// The `webhook-id`.
    pub(crate) fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    /// A header by its lower-case name, if there is one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as it arrived.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The body.
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The type of the event.
    pub(crate) fn kind(&self) -> String {
        self.body()["type"].as_str().unwrap().to_owned()
    }

    /// The number of the order that it is about.
    pub(crate) fn order(&self) -> String {
        self.body()["data"]["orderNumber"].as_str().unwrap_or_default().to_owned()
    }

    /// How many signatures it has.
    pub(crate) fn signatures(&self) -> usize {
        self.headers["webhook-signature"].to_str().unwrap().split(' ').count()
    }

    /// Whether the official library takes it for genuine.
    pub(crate) fn is_genuine(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(self.text.as_bytes(), &self.headers).is_ok()
    }
}

type Decide = dyn Fn(&Arrival, usize) -> Answer + Send + Sync;

/// A server on this machine that keeps what arrives. It ends with the runtime of its test.
pub(crate) struct Receiver {
    address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

impl Receiver {
    /// A receiver that takes everything.
    pub(crate) async fn new() -> Self {
        Self::answering(|_, _| Answer::Status(204, "")).await
    }

    /// A receiver that answers what `decide` says of a message and the number of those before it.
    #[expect(clippy::disallowed_methods, reason = "a receiver ends with the runtime of its test")]
    pub(crate) async fn answering(
        decide: impl Fn(&Arrival, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let decide: Arc<Decide> = Arc::new(decide);
        let arrivals = Arc::<Mutex<Vec<Arrival>>>::default();
        let kept = Arc::clone(&arrivals);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&decide)));
            }
        });
        Self { address, arrivals }
    }

    /// An address of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that has arrived, oldest first.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    /// Waits until this number of messages that fit have arrived, and gives them.
    pub(crate) async fn wait_for(&self, count: usize, fits: impl Fn(&Arrival) -> bool) -> Vec<Arrival> {
        self.wait_within(PATIENCE, count, fits).await
    }

    /// The same with a limit of its own.
    pub(crate) async fn wait_within(
        &self,
        within: Duration,
        count: usize,
        fits: impl Fn(&Arrival) -> bool,
    ) -> Vec<Arrival> {
        let look = async || {
            let all: Vec<_> = self.arrivals().into_iter().filter(&fits).collect();
            (all.len() >= count).then_some(all)
        };
        eventually(&format!("{count} messages arrive"), within, look).await
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Arrival>>>, decide: Arc<Decide>) {
    let Some(arrival) = read(&mut stream).await else { return };
    let answer = {
        let mut kept = kept.lock().unwrap();
        let answer = decide(&arrival, kept.len());
        kept.push(arrival);
        answer
    };
    match answer {
        Answer::Status(status, headers) => {
            let text =
                format!("HTTP/1.1 {status} It is\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(text.as_bytes()).await;
        }
        // The connection stays open until the other side gives up.
        Answer::Silence => drop(stream.read(&mut [0; 1]).await),
    }
}

async fn read(stream: &mut TcpStream) -> Option<Arrival> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await.ok().filter(|it| *it > 0)?;
        bytes.extend(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|it| it.split_once(": ")) {
            headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        }
        let length: usize = headers["content-length"].to_str().ok()?.parse().ok()?;
        if body.len() >= length {
            return Some(Arrival { path, headers, text: body.to_owned() });
        }
    }
}
