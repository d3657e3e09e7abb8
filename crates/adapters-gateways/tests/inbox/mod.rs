//! A minimal service that receives notices: HTTP/1.1 with a `Content-Length`, one task for each connection.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ports::NoticeHeaders;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The longest wait for notices that must arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// A wait that is long enough for an unexpected notice to arrive.
const A_WHILE: Duration = Duration::from_millis(150);

/// How the service answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// A response with this status.
    Status(u16),
    /// A redirect to another path of the service.
    Redirect,
    /// The connection is closed without a response.
    Nothing,
}

pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: NoticeHeaders,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    received: Vec<Arc<Received>>,
    open: usize,
    open_max: usize,
}

struct Behaviour {
    answers: fn(usize) -> Answer,
    takes: Duration,
    state: Mutex<State>,
}

/// The service, until it is dropped.
pub(crate) struct Inbox {
    pub(crate) base: String,
    shared: Arc<Behaviour>,
    _serving: JoinSet<()>,
}

impl Inbox {
    /// Opens a service whose n-th response, from 0, is `answers(n)` and is sent after `takes`.
    pub(crate) async fn open(answers: fn(usize) -> Answer, takes: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Behaviour { answers, takes, state: Mutex::default() });
        let mut serving = JoinSet::new();
        let behaviour = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&behaviour)));
            }
        });
        Self { base, shared, _serving: serving }
    }

    pub(crate) fn received(&self) -> Vec<Arc<Received>> {
        self.shared.state.lock().unwrap().received.clone()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.received().iter().map(|it| it.kind()).collect()
    }

    /// The largest number of requests that were open at once.
    pub(crate) fn open_max(&self) -> usize {
        self.shared.state.lock().unwrap().open_max
    }

    /// Waits until `count` notices have arrived, and returns all.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Arc<Received>> {
        let all = async {
            while self.received().len() < count {
                sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(timeout(PATIENCE, all).await.is_ok(), "only {:?} arrived", self.kinds());
        self.received()
    }

    /// Waits until `count` notices have arrived, and checks that no other one follows.
    pub(crate) async fn wait_for_only(&self, count: usize) -> Vec<Arc<Received>> {
        self.wait_for(count).await;
        sleep(A_WHILE).await;
        assert_eq!(self.received().len(), count, "{:?} arrived", self.kinds());
        self.received()
    }
}

async fn serve(stream: TcpStream, shared: Arc<Behaviour>) {
    let mut stream = BufReader::new(stream);
    while let Some(received) = read(&mut stream).await {
        let position = {
            let mut state = shared.state.lock().unwrap();
            state.received.push(Arc::new(received));
            state.open += 1;
            state.open_max = state.open_max.max(state.open);
            state.received.len() - 1
        };
        sleep(shared.takes).await;
        shared.state.lock().unwrap().open -= 1;
        let (status, location) = match (shared.answers)(position) {
            Answer::Status(status) => (status, ""),
            Answer::Redirect => (307, "location: /elsewhere\r\n"),
            Answer::Nothing => return,
        };
        let head = format!("HTTP/1.1 {status} x\r\n{location}content-length: 2\r\n\r\n{{}}");
        stream.write_all(head.as_bytes()).await.unwrap();
    }
}

/// Reads the next request of the connection; `None` at its end.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
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
    let headers: NoticeHeaders = lines
        .iter()
        .filter_map(|it| it.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { path, headers, body })
}
