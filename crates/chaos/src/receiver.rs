//! A receiver of webhooks, which fails now and then and loses answers.

use std::{
    collections::BTreeSet,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// How long a sender may take to send a message.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest message that is read: longer than any event.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Of this many messages one is refused at first, and of one the first answer is lost.
const FAILURE_SHARE: usize = 16;

/// What arrived, shared with the task that listens.
#[derive(Debug, Clone, Default)]
struct Arrivals {
    /// The ids of messages that were taken.
    taken: Arc<Mutex<BTreeSet<String>>>,
    /// The ids of messages that were refused, or whose answer was lost.
    failed: Arc<Mutex<BTreeSet<String>>>,
}

/// An HTTP server that takes webhooks. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    port: u16,
    arrivals: Arrivals,
    _tasks: JoinSet<()>,
}

impl Receiver {
    /// Listens on a free port.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (arrivals, mut tasks) = (Arrivals::default(), JoinSet::new());
        tasks.spawn(accept_messages(listener, arrivals.clone()));
        Ok(Self { port, arrivals, _tasks: tasks })
    }

    /// The address that messages are posted to.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    /// The ids of all messages that were taken.
    pub(crate) fn taken(&self) -> BTreeSet<String> {
        self.arrivals.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept_messages(listener: TcpListener, arrivals: Arrivals) {
    // Dropped with this task, which ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let arrivals = arrivals.clone();
        connections.spawn(async move {
            // A sender that is killed or hangs closes nothing.
            let _ = timeout(READ_TIMEOUT, take_message(stream, &arrivals)).await;
        });
    }
}

/// Reads one message and answers it. Without an answer its sender sends it again.
async fn take_message(mut stream: TcpStream, arrivals: &Arrivals) -> Option<()> {
    let id = read_message(&mut stream).await?;
    let status = arrivals.next_answer(&id)?;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()
}

/// The `webhook-id` of a message that arrived whole.
async fn read_message(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|it| it.split_once(':'));
                lines.find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.trim().to_owned())
            };
            if body.len() >= header("content-length")?.parse().ok()? {
                return header("webhook-id");
            }
        }
        let count = stream.read(&mut chunk).await.ok().filter(|it| *it > 0)?;
        bytes.extend_from_slice(chunk.get(..count)?);
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
    }
}

impl Arrivals {
    /// Notes a message, and the status to answer; `None` if the answer is lost. No message fails twice.
    fn next_answer(&self, id: &str) -> Option<&'static str> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let share = id.bytes().map(usize::from).sum::<usize>().checked_rem(FAILURE_SHARE);
        let is_first = matches!(share, Some(0 | 1)) && failed.insert(id.to_owned());
        match share {
            Some(0) if is_first => Some("500 Internal Server Error"),
            Some(1) if is_first => {
                taken.insert(id.to_owned());
                None
            }
            Some(_) | None => {
                taken.insert(id.to_owned());
                Some("204 No Content")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn send(port: u16, id: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let head = format!("POST /hooks HTTP/1.1\r\nWebhook-Id: {id}\r\ncontent-length: 2\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"{}").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// An id whose bytes leave this rest.
    fn id_with_rest(rest: usize) -> String {
        let fits = |it: &String| it.bytes().map(usize::from).sum::<usize>() % FAILURE_SHARE == rest;
        (0..).map(|it| format!("m{it}")).find(fits).unwrap()
    }

    #[tokio::test]
    async fn a_message_is_refused_or_its_answer_lost_once_and_then_taken() {
        let receiver = Receiver::start().await.unwrap();
        let [refused, lost, taken] = [0, 1, 2].map(id_with_rest);
        assert!(send(receiver.port, &refused).await.starts_with("HTTP/1.1 500"));
        assert!(receiver.taken().is_empty());
        assert_eq!(send(receiver.port, &lost).await, "");
        assert!(receiver.taken().contains(&lost));
        for id in [&refused, &lost, &taken] {
            assert!(send(receiver.port, id).await.starts_with("HTTP/1.1 204"), "{id}");
        }
        assert_eq!(receiver.taken().len(), 3);
    }
}
