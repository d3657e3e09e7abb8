//! The HTTP client for the API of one gateway: bounded, without redirects, and recorded.

use std::{net::IpAddr, sync::Arc, time::Duration};

use domain::Timestamp;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Method, Request, StatusCode, Uri, body::Bytes, header::HeaderValue};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use ports::{AttemptLog, AttemptOutcome, Clock, ErrorChain, GatewayAttempt, NoResponse};
use tracer::current_context;

use crate::trace_headers;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// The longest time to open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an unused connection stays open. Gateways close theirs after a minute or more.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The most unused connections.
const IDLE_CONNECTIONS_MAX: usize = 32;

/// Masks the body of an answer for the record.
pub(crate) type MaskAnswer = fn(&[u8]) -> String;

/// A client of one gateway. Its connections are shared by all calls.
pub(crate) struct GatewayClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    clock: Arc<dyn Clock>,
    mask_answer: MaskAnswer,
}

/// A request to a gateway.
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    /// The path with its query, as it is sent.
    pub(crate) path: String,
    /// The headers; values with a secret are marked as sensitive.
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The path, and the body on the lines after it, as they may be recorded: without secrets, card data and
    /// personal data.
    pub(crate) masked: String,
}

/// A gateway's answer, whatever its status.
pub(crate) struct ApiAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The base address of a gateway's API is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be https://host[:port][/path], or http:// to an address of this machine")]
pub(crate) struct InvalidApiBase;

/// The answer exceeds [`ANSWER_BYTES_MAX`]. A retry would get the same answer, so none is made.
#[derive(Debug, thiserror::Error)]
#[error("the gateway's answer is too long")]
pub(crate) struct AnswerTooLong;

impl AnswerTooLong {
    /// Whether this is why there is no answer.
    pub(crate) fn is_cause_of(error: &NoResponse) -> bool {
        matches!(error, NoResponse::Unavailable(cause) if cause.is::<Self>())
    }
}

/// Builds the connector of every client: plain HTTP, or TLS with the public certificate authorities.
pub(crate) fn build_connector() -> HttpsConnector<HttpConnector> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp)
}

impl GatewayClient {
    /// Makes the client; connections are opened when they are needed.
    ///
    /// # Errors
    /// [`InvalidApiBase`] if `base` is no `https` address. Plain `http` is accepted to loopback addresses only:
    /// anywhere else it would show credentials to the network.
    pub(crate) fn new(
        base: &str,
        clock: Arc<dyn Clock>,
        mask_answer: MaskAnswer,
    ) -> Result<Self, InvalidApiBase> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(build_connector());
        Ok(Self { client, base: check_base(base)?, clock, mask_answer })
    }

    /// Sends a request once and reads the whole answer. The attempt is recorded also when the caller gives up
    /// waiting.
    ///
    /// # Errors
    /// [`NoResponse`]: [`NoResponse::Lost`] if the connection broke after the request was sent.
    pub(crate) async fn send(&self, request: ApiRequest, log: &AttemptLog) -> Result<ApiAnswer, NoResponse> {
        let recorded = format!("{} {}", request.method, request.masked);
        let attempt = OpenAttempt::new(recorded, &*self.clock, log);
        match self.send_once(request).await {
            Ok(answer) => {
                let body = (self.mask_answer)(&answer.body);
                attempt.set_outcome(AttemptOutcome::Answered { status: Some(answer.status.as_u16()), body });
                Ok(answer)
            }
            Err((error, reason)) => {
                attempt.set_outcome(AttemptOutcome::Failed(reason));
                Err(error)
            }
        }
    }

    async fn send_once(&self, request: ApiRequest) -> Result<ApiAnswer, (NoResponse, String)> {
        let failed = |error: &(dyn std::error::Error + 'static)| ErrorChain(error).to_string();
        let uri = format!("{}{}", self.base, request.path);
        let built = Request::builder().method(request.method).uri(uri).body(Full::from(request.body));
        let mut built = built.map_err(|it| (NoResponse::unavailable(failed(&it)), failed(&it)))?;
        *built.headers_mut() = request.headers;
        built.headers_mut().insert("user-agent", HeaderValue::from_static("idem"));
        trace_headers::insert_headers(built.headers_mut(), current_context().as_ref());
        let response = self.client.request(built).await.map_err(|it| {
            let reason = failed(&it);
            (if it.is_connect() { NoResponse::unavailable(reason.clone()) } else { NoResponse::Lost }, reason)
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|it| {
            let is_too_long = it.is::<LengthLimitError>();
            let error = if is_too_long { NoResponse::unavailable(AnswerTooLong) } else { NoResponse::Lost };
            (error, failed(&*it))
        })?;
        let body = body.to_bytes();
        Ok(ApiAnswer { status: head.status, headers: head.headers, body })
    }
}

/// Returns the base without a slash at its end.
///
/// # Errors
/// [`InvalidApiBase`].
pub(crate) fn check_base(base: &str) -> Result<String, InvalidApiBase> {
    let uri: Uri = base.parse().map_err(|_| InvalidApiBase)?;
    let host = uri.host().ok_or(InvalidApiBase)?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_local = host == "localhost" || address.is_ok_and(|it| it.is_loopback());
    let is_safe = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_local,
        _ => false,
    };
    let has_rest = uri.query().is_some() || uri.authority().is_some_and(|it| it.as_str().contains('@'));
    if is_safe && !has_rest { Ok(base.trim_end_matches('/').to_owned()) } else { Err(InvalidApiBase) }
}

/// A request that is under way. If it is dropped before its end, the caller gave up waiting.
struct OpenAttempt<'a> {
    request: String,
    sent_at: Timestamp,
    began: Duration,
    clock: &'a dyn Clock,
    log: &'a AttemptLog,
    outcome: Option<AttemptOutcome>,
}

impl<'a> OpenAttempt<'a> {
    fn new(request: String, clock: &'a dyn Clock, log: &'a AttemptLog) -> Self {
        Self { request, sent_at: clock.now(), began: clock.monotonic_now(), clock, log, outcome: None }
    }

    fn set_outcome(mut self, outcome: AttemptOutcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for OpenAttempt<'_> {
    fn drop(&mut self) {
        let gave_up = || AttemptOutcome::Failed("no answer within the time limit".to_owned());
        self.log.record(GatewayAttempt {
            request: std::mem::take(&mut self.request),
            outcome: self.outcome.take().unwrap_or_else(gave_up),
            sent_at: self.sent_at,
            duration: self.clock.monotonic_now().saturating_sub(self.began),
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use tracer::{TraceContext, Tracer};

    use super::*;

    #[test]
    fn credentials_are_only_sent_over_tls_or_within_this_machine() {
        for good in [
            "https://api.stripe.com",
            "https://h:8443/gateway/",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "http://localhost",
        ] {
            assert_eq!(check_base(good).unwrap(), good.trim_end_matches('/'), "{good}");
        }
        for bad in [
            "",
            "api.stripe.com",
            "http://api.stripe.com",
            "http://10.0.0.1",
            "ftp://h",
            "https://u:p@h",
            "https://h?a=1",
        ] {
            assert!(check_base(bad).is_err(), "{bad}");
        }
    }

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }
    }

    #[tokio::test]
    async fn a_request_names_the_trace_that_it_belongs_to_and_none_outside_of_every_trace() {
        const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let client = GatewayClient::new(&base, Arc::new(Stopped), |_| String::new()).unwrap();
        let receive = async || {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        let (path, log) = ("/charges".to_owned(), AttemptLog::default());
        let request = || ApiRequest {
            method: Method::GET,
            path: path.clone(),
            headers: HeaderMap::new(),
            body: String::new(),
            masked: path.clone(),
        };
        let trace = Tracer::default().continue_or_start(TraceContext::parse(PARENT, "rojo=1"));
        let (answer, head) = tokio::join!(trace.scope(client.send(request(), &log)), receive());
        assert!(answer.is_ok());
        assert!(head.contains(&format!("traceparent: {PARENT}\r\n")), "{head}");
        assert!(head.contains("tracestate: rojo=1\r\n"), "{head}");
        let (answer, head) = tokio::join!(client.send(request(), &log), receive());
        assert!(answer.is_ok() && !head.contains("trace"), "{head}");
    }
}
