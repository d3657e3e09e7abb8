//! A server that gives prepared answers, for those that the service gives seldom.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request as it arrived: when, its key, and its body.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    at: Instant,
    pub(super) key: Option<String>,
    pub(super) body: String,
}

/// Gives the answers in their order, each on a connection of its own, and the last one again and again.
pub(super) struct Prepared {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Prepared {
    /// Answers, each a status line with its headers, and a body. It ends with the runtime of its test.
    #[expect(clippy::disallowed_methods, reason = "a server ends with the runtime of its test")]
    pub(super) async fn new(answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request);
                    kept.len() - 1
                };
                let (head, body) = answers.get(number).or(answers.last()).unwrap();
                let text = format!(
                    "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self { url, asked }
    }

    /// The address at which it listens, as a URL.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What has arrived so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// The time between two requests.
pub(super) fn pause_between(one: &Asked, next: &Asked) -> Duration {
    next.at.duration_since(one.at)
}

#[expect(clippy::disallowed_methods, reason = "the pause of a client is measured by the machine's clock")]
async fn read_request(stream: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await.unwrap();
        bytes.extend(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let lines = head.lines().filter_map(|it| it.split_once(": "));
                lines.filter(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.to_owned()).next()
            };
            let expected = header("content-length").map_or(0, |it| it.parse().unwrap());
            if body.len() >= expected {
                let key = header("idempotency-key");
                return Asked { at: Instant::now(), key, body: body.to_owned() };
            }
        }
        assert!(length > 0, "the request breaks off: {text}");
    }
}
