//! A proxy that loses answers.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Forwards connections, and loses the first answers: each is waited for, then dropped with its connection.
pub(super) struct LossyProxy {
    address: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
}

/// What has passed, and what is still to be lost.
struct Traffic {
    losses: usize,
    lost: usize,
    /// The first line of each request.
    requests: Vec<String>,
}

impl LossyProxy {
    /// A proxy to `target` that loses this number of answers. It ends with the runtime of its test.
    #[expect(clippy::disallowed_methods, reason = "a proxy ends with the runtime of its test")]
    pub(super) async fn new(target: SocketAddr, losses: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let traffic = Arc::new(Mutex::new(Traffic { losses, lost: 0, requests: Vec::new() }));
        let shared = Arc::clone(&traffic);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target, Arc::clone(&shared)));
            }
        });
        Self { address, traffic }
    }

    /// The address at which it listens, as a URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many answers it has lost.
    pub(super) fn lost(&self) -> usize {
        self.traffic.lock().unwrap().lost
    }

    /// How many requests began with these words.
    pub(super) fn count(&self, words: &str) -> usize {
        self.traffic.lock().unwrap().requests.iter().filter(|it| it.starts_with(words)).count()
    }
}

impl Traffic {
    fn note_request(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.requests.extend(text.lines().next().filter(|it| it.ends_with("HTTP/1.1")).map(str::to_owned));
    }

    /// Whether this answer is one of those that get lost.
    fn loses_answer(&mut self) -> bool {
        let loses = self.lost < self.losses;
        self.lost += usize::from(loses);
        loses
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, traffic: Arc<Mutex<Traffic>>) {
    let mut server = TcpStream::connect(target).await.unwrap();
    let (mut request, mut answer) = ([0; 8192], [0; 8192]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let Some(length) = length.ok().filter(|it| *it > 0) else { return };
                traffic.lock().unwrap().note_request(&request[..length]);
                server.write_all(&request[..length]).await.unwrap();
            }
            length = server.read(&mut answer) => {
                let Some(length) = length.ok().filter(|it| *it > 0) else { return };
                // The service has answered, so the write is committed; its answer is what gets lost.
                if traffic.lock().unwrap().loses_answer() || client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
