//! A server with a certificate of its own, and clients that trust it.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use actix_web::web::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::harness::Place;

pub(super) type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// How long a start may take, on a machine that does other things too.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// What the first line of a server that listens begins with.
const LISTENING: &str = "Idem is listening on https://";

/// A certificate for `localhost` that signs itself.
pub(super) struct Certificate {
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
    chain: String,
    key: String,
}

impl Certificate {
    pub(super) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { chain: made.cert.pem(), key: made.signing_key.serialize_pem(), made }
    }

    pub(super) fn chain(&self) -> &str {
        &self.chain
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn client_config(&self, protocol: &str) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        config
    }
}

/// A running server; it is killed when this value is dropped.
pub(super) struct TlsServer {
    place: Place,
    process: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    certificate: Certificate,
}

fn settings() -> [(&'static str, &'static str); 2] {
    [("IDEM_TLS_CERT", "tls.crt"), ("IDEM_TLS_KEY", "tls.key")]
}

fn write_files(place: &Place, chain: &str, key: &str) {
    std::fs::write(place.folder().join("tls.crt"), chain).unwrap();
    std::fs::write(place.folder().join("tls.key"), key).unwrap();
}

pub(super) fn send_signal(process: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

impl TlsServer {
    pub(super) fn start(certificate: &Certificate) -> Self {
        let place = Place::new();
        write_files(&place, &certificate.chain, &certificate.key);
        let mut command = place.command(&settings());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        place.watch(process.id());
        let log = Arc::default();
        let (found, address) = mpsc::channel();
        drain(process.stdout.take().unwrap(), &log, Some(found));
        drain(process.stderr.take().unwrap(), &log, None);
        let Ok(address) = address.recv_timeout(START_TIMEOUT) else {
            let _ = process.kill();
            panic!("it does not say where it listens: {}", log.lock().unwrap());
        };
        let certificate = Certificate {
            made: rcgen::CertifiedKey {
                cert: certificate.made.cert.clone(),
                signing_key: rcgen::KeyPair::from_pem(&certificate.key).unwrap(),
            },
            chain: certificate.chain.clone(),
            key: certificate.key.clone(),
        };
        Self { place, process, address, log, certificate }
    }

    /// What a server says that ends at once with these files.
    pub(super) fn fail_to_start(chain: &str, key: &str) -> String {
        let place = Place::new();
        write_files(&place, chain, key);
        let output = place.command(&settings()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A server whose database never answers, so that it stays in its start, as soon as it has asked the database.
    pub(super) fn begin_start(certificate: &Certificate) -> (Place, Child) {
        let place = Place::new();
        write_files(&place, &certificate.chain, &certificate.key);
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("mysql://idem:idem@{}/idem", silent.local_addr().unwrap());
        let [chain, key] = settings();
        // Without a data folder there is no other place for the secret.
        let secret = ("IDEM_JWT_SECRET", "a-secret-of-thirty-two-bytes-and-more");
        let mut command = place.command(&[chain, key, secret, ("IDEM_DATABASE_URL", &url)]);
        let mut process = command.stdout(Stdio::null()).spawn().unwrap();
        place.watch(process.id());
        silent.set_nonblocking(true).unwrap();
        let connection = loop {
            assert_eq!(process.try_wait().unwrap(), None, "it waits for its database");
            match silent.accept() {
                Ok(connection) => break connection,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        };
        // Neither closed nor answered until the test ends.
        std::mem::forget(connection);
        (place, process)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn write_certificate(&self, certificate: &Certificate) {
        self.write_files(&certificate.chain, &certificate.key);
    }

    pub(super) fn write_files(&self, chain: &str, key: &str) {
        write_files(&self.place, chain, key);
    }

    /// Asks it to read its files again.
    pub(super) fn hang_up(&self) {
        send_signal(&self.process, "-HUP");
    }

    /// A connection that trusts the certificate that the server began with.
    pub(super) async fn connect(&self, protocol: &str) -> std::io::Result<TlsStream> {
        self.connect_trusting(&self.certificate, protocol).await
    }

    pub(super) async fn connect_trusting(
        &self,
        certificate: &Certificate,
        protocol: &str,
    ) -> std::io::Result<TlsStream> {
        let connector = TlsConnector::from(Arc::new(certificate.client_config(protocol)));
        let stream = TcpStream::connect(self.address).await?;
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    #[expect(clippy::disallowed_methods, reason = "a task ends with the runtime of its test")]
    pub(super) async fn connect_http2(&self, certificate: &Certificate, builder: Builder) -> Http2Client {
        let stream = self.connect_trusting(certificate, "h2").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        // It ends with the client, or when the server closes it.
        tokio::spawn(async move { drop(connection.await) });
        Http2Client { requests }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.place.forget(self.process.id());
    }
}

/// A client on one HTTP/2 connection.
pub(super) struct Http2Client {
    pub(super) requests: SendRequest<Bytes>,
}

impl Http2Client {
    /// Sends a GET; the answer comes later.
    pub(super) async fn send(&mut self, path: &str) -> Result<h2::client::ResponseFuture, h2::Error> {
        let request = http02::Request::get(format!("https://localhost{path}")).body(()).unwrap();
        let mut ready = self.requests.clone().ready().await?;
        ready.send_request(request, true).map(|(response, _)| response)
    }

    pub(super) async fn status(&mut self, path: &str) -> u16 {
        self.send(path).await.unwrap().await.unwrap().status().as_u16()
    }
}

/// Keeps all output, and tells the address once it is named.
fn drain(
    output: impl Read + Send + 'static,
    log: &Arc<Mutex<String>>,
    found: Option<mpsc::Sender<SocketAddr>>,
) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let (Some(found), Some(address)) = (&found, line.strip_prefix(LISTENING)) {
                let _ = found.send(address.trim().parse().unwrap());
            }
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
