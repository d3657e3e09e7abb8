use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use domain::{MessageId, Timestamp, webhook::SigningSecret};
use standardwebhooks::Webhook;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

struct Present;

impl Clock for Present {
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap())
    }
}

/// Resolves names as the test says; the last answer of a name repeats.
#[derive(Default)]
struct Names {
    answers: HashMap<&'static str, Vec<Vec<&'static str>>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Names {
    fn with(mut self, name: &'static str, answers: &[&[&'static str]]) -> Self {
        self.answers.insert(name, answers.iter().map(|it| it.to_vec()).collect());
        self
    }
}

#[async_trait]
impl NameResolver for Names {
    async fn resolve_name(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let answers = self.answers.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut asked = self.asked.lock().unwrap();
        let turn = asked.entry(name.to_owned()).or_default();
        let answer = &answers[(*turn).min(answers.len() - 1)];
        *turn += 1;
        Ok(answer.iter().map(|it| it.parse().unwrap()).collect())
    }
}

/// A server that answers every request with this text, and keeps what it was sent.
struct Receiver {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

#[expect(clippy::disallowed_methods, reason = "a receiver ends with the runtime of its test")]
impl Receiver {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
        let (kept, count) = (requests.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, SeqCst);
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut read = Vec::new();
                    let mut part = [0; 4096];
                    while !read.ends_with(b"}") {
                        match stream.read(&mut part).await {
                            Ok(0) | Err(_) => break,
                            Ok(bytes) => read.extend(&part[..bytes]),
                        }
                    }
                    kept.lock().unwrap().push(String::from_utf8(read).unwrap());
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, requests, connections }
    }

    fn url(&self) -> String {
        format!("http://{}/hooks?a=1", self.address)
    }
}

const OK: &str = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";

fn secret(byte: u8) -> SigningSecret {
    SigningSecret::new(crate::secret_from_bytes(&[byte; 32]))
}

fn message(url: &str, secrets: &[SigningSecret]) -> WebhookMessage {
    WebhookMessage {
        url: WebhookUrl::new(url.to_owned()),
        id: MessageId::new("evt_1".into()),
        sent_at: Present.now(),
        body: r#"{"type":"order.placed"}"#.to_owned(),
        secrets: secrets.to_vec(),
        trace_parent: None,
    }
}

fn sender(allow: &[&str], names: Names) -> HttpWebhookSender {
    let allow = allow.iter().map(|it| it.parse().unwrap()).collect();
    HttpWebhookSender::with_resolver(allow, Arc::new(Present), Arc::new(names))
}

async fn send(sender: &HttpWebhookSender, url: &str) -> WebhookAnswer {
    sender.send_message(&message(url, &[secret(7)])).await
}

#[tokio::test]
async fn the_official_library_verifies_a_message_with_either_secret_of_a_rotation() {
    let receiver = Receiver::start(OK).await;
    let sender = sender(&["127.0.0.1/32"], Names::default());
    let answer = sender.send_message(&message(&receiver.url(), &[secret(8), secret(7)])).await;
    assert_eq!(answer.result, AttemptResult::Answered { status: 204, body: None });
    let sent = receiver.requests.lock().unwrap()[0].clone();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hooks?a=1 HTTP/1.1\r\n"), "{head}");
    let mut headers = hyper::HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        headers
            .append(hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    for byte in [7, 8] {
        let official = Webhook::new(secret(byte).expose_secret()).unwrap();
        official.verify(body.as_bytes(), &headers).unwrap();
    }
    assert!(Webhook::new(secret(9).expose_secret()).unwrap().verify(body.as_bytes(), &headers).is_err());
}

#[tokio::test]
async fn a_message_names_the_trace_that_it_belongs_to() {
    let receiver = Receiver::start(OK).await;
    let sender = sender(&["127.0.0.1/32"], Names::default());
    let trace = tracer::Tracer::default().start();
    let parent = trace.context().to_traceparent();
    assert!(trace.scope(send(&sender, &receiver.url())).await.result.is_success());
    let sent = receiver.requests.lock().unwrap()[0].clone();
    assert!(sent.contains(&format!("traceparent: {parent}\r\n")), "{sent}");
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_in_every_form_and_never_connected_to() {
    let receiver = Receiver::start(OK).await;
    let port = receiver.address.port();
    let names = Names::default()
        .with("local.example", &[&["127.0.0.1"]])
        .with("mapped.example", &[&["::ffff:127.0.0.1"]])
        .with("mixed.example", &[&["8.8.8.8", "127.0.0.1"]])
        .with("metadata.example", &[&["169.254.169.254"]]);
    let sender = sender(&[], names);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "127.0.0.1.",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "local.example",
        "LOCAL.example",
        "mapped.example",
        "mixed.example",
        "metadata.example",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            let checked = sender.check_url(&WebhookUrl::new(url.clone())).await;
            assert_eq!(checked, Err(REFUSED), "{url}");
            let refused = AttemptResult::NoAnswer("the address is not allowed".into());
            assert_eq!(send(&sender, &url).await.result, refused, "{url}");
        }
    }
    assert_eq!(receiver.connections.load(SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_is_checked_again_and_refused() {
    let receiver = Receiver::start(OK).await;
    let names = Names::default().with("turns.example", &[&["8.8.8.8"], &["127.0.0.1"]]);
    let sender = sender(&[], names);
    let url = format!("https://turns.example:{}/", receiver.address.port());
    assert_eq!(sender.check_url(&WebhookUrl::new(url.clone())).await, Ok(()));
    let refused = AttemptResult::NoAnswer("the address is not allowed".into());
    assert_eq!(send(&sender, &url).await.result, refused);
    assert_eq!(receiver.connections.load(SeqCst), 0);
}

#[tokio::test]
async fn a_connection_goes_to_the_address_that_was_checked() {
    let receiver = Receiver::start(OK).await;
    // The second lookup, if there were one, would lead elsewhere.
    let names = Names::default().with("once.example", &[&["127.0.0.1"], &["127.0.0.9"]]);
    let sender = sender(&["127.0.0.0/8"], names);
    let url = format!("http://once.example:{}/", receiver.address.port());
    assert!(send(&sender, &url).await.result.is_success());
    assert_eq!(receiver.connections.load(SeqCst), 1);
    assert!(!send(&sender, &url).await.result.is_success(), "each attempt looks the name up");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let target = Receiver::start(OK).await;
    let moved = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
        target.address
    );
    let receiver = Receiver::start(Box::leak(moved.into_boxed_str())).await;
    let sender = sender(&["127.0.0.1/32"], Names::default());
    let answer = send(&sender, &receiver.url()).await;
    assert_eq!(answer.result, AttemptResult::Answered { status: 307, body: None });
    assert_eq!(target.connections.load(SeqCst), 0);
}

#[tokio::test]
async fn a_failure_says_its_status_its_pause_and_the_beginning_of_its_body() {
    let answer = "HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 100000\r\n\r\nlater, please";
    let receiver = Receiver::start(answer).await;
    let sender = sender(&["127.0.0.1/32"], Names::default());
    let answer = send(&sender, &receiver.url()).await;
    let result = AttemptResult::Answered { status: 503, body: Some("later, please".into()) };
    assert_eq!(answer, WebhookAnswer { result, retry_after: Some(Duration::from_secs(7)) });
}

#[tokio::test]
async fn plain_http_is_for_allowed_addresses_only() {
    let names = Names::default()
        .with("public.example", &[&["8.8.8.8"]])
        .with("inner.example", &[&["10.0.0.1"]])
        .with("both.example", &[&["10.0.0.1", "8.8.8.8"]]);
    let sender = sender(&["10.0.0.0/8"], names);
    let check = async |url: &str| sender.check_url(&WebhookUrl::new(url.to_owned())).await;
    for good in
        ["https://public.example", "https://inner.example", "http://inner.example", "https://8.8.8.8:8443/a"]
    {
        assert_eq!(check(good).await, Ok(()), "{good}");
    }
    for plain in ["http://public.example", "http://8.8.8.8", "http://both.example", "http://unknown.example"]
    {
        assert_eq!(check(plain).await, Err(NOT_ENCRYPTED), "{plain}");
    }
    assert_eq!(check("https://unknown.example").await, Ok(()), "each attempt checks again");
}

#[tokio::test]
async fn what_is_no_usable_url_is_refused() {
    let sender = sender(&["127.0.0.1/32"], Names::default());
    for bad in [
        "https://",
        "https://user@h/",
        "https://u:p@h/",
        "https://h/#part",
        "https://h:0/",
        "ftp://h/",
        "h",
        "https://h h/",
        "https://[::1",
        "https://1.2.3.4.5/",
        "https://256.0.0.1/",
    ] {
        assert_eq!(sender.check_url(&WebhookUrl::new(bad.to_owned())).await, Err(NOT_A_URL), "{bad}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_has_a_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sender = sender(&["127.0.0.1/32"], Names::default());
    for url in [format!("http://{closed}/"), "https://unknown.example/".to_owned()] {
        let answer = send(&sender, &url).await;
        let AttemptResult::NoAnswer(reason) = answer.result else { panic!("{answer:?}") };
        assert!(!reason.is_empty() && reason.len() <= 200, "{reason}");
    }
}
