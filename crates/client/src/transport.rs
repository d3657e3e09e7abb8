//! Sends requests: the one place where attempts are repeated.

use std::time::{Duration, Instant};

use data_encoding::BASE32_NOPAD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method,
    body::Bytes,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::error::Elapsed;
use url::Url;

use crate::{
    Error, Problem,
    retry::{RetryPolicy, parse_retry_after},
};

/// Longest time until a connection is open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the service keeps an idle connection: a request on one that is just being closed has no answer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest answer that is read; a page of 100 orders of 100 lines has less than a quarter of it.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The connections of a client. They follow no redirect, which would carry the token to an address that was not chosen.
pub(crate) type Http = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A pool without connections yet. Without a configuration, TLS trusts the roots of Mozilla.
pub(crate) fn build_http(tls: Option<rustls::ClientConfig>) -> Result<Http, Error> {
    let mut tcp = HttpConnector::new();
    // The addresses of `https` are its business, too: the TLS connector is around it.
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new();
    let builder = match tls {
        Some(tls) => builder.with_tls_config(tls),
        // Named, because a program with two providers has no default, and asking for it would panic.
        None => builder
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|_| Error::Setting("TLS has no version that works"))?,
    };
    let https = builder.https_or_http().enable_http1().wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build(https))
}

/// What each attempt sends, but for the access token.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

impl Parts {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None }
    }

    /// The same with a body.
    pub(crate) fn with_body(mut self, body: &impl Serialize) -> Result<Self, Error> {
        self.body = Some(serde_json::to_vec(body)?);
        Ok(self)
    }
}

/// Sends a request until it succeeds, cannot succeed, or is over the limits of the policy. Each attempt is the same request
/// with the same idempotency key.
pub(crate) async fn send(
    http: &Http,
    parts: &Parts,
    token: Option<&SecretString>,
    policy: &RetryPolicy,
) -> Result<Bytes, Error> {
    let started = read_clock();
    let mut attempt = 1;
    loop {
        let error = match send_once(http, parts, token, policy.attempt_timeout).await {
            Ok(body) => return Ok(body),
            Err(error) => error,
        };
        // Without randomness there is no jitter, and nothing else is lost.
        let random = getrandom::u64().unwrap_or_default();
        let Some(pause) = policy.pause_after(attempt, &error, started.elapsed(), random) else {
            return Err(error);
        };
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

async fn send_once(
    http: &Http,
    parts: &Parts,
    token: Option<&SecretString>,
    timeout: Duration,
) -> Result<Bytes, Error> {
    let request = build_request(parts, token)?;
    let exchange = async {
        let answer = http.request(request).await.map_err(|error| Error::Transport(error.into()))?;
        let (head, body) = answer.into_parts();
        // An answer that breaks off is no answer: the write may be done, and its retry gets the whole answer.
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(Error::Transport)?;
        Ok::<_, Error>((head, body.to_bytes()))
    };
    let elapsed = |elapsed: Elapsed| Error::Transport(elapsed.into());
    let (head, body) = tokio::time::timeout(timeout, exchange).await.map_err(elapsed)??;
    if head.status.is_success() {
        return Ok(body);
    }
    let retry_after = head.headers.get(RETRY_AFTER).and_then(|it| parse_retry_after(it.to_str().ok()?));
    Err(Error::Problem(Box::new(Problem::read(head.status.as_u16(), &body, retry_after))))
}

fn build_request(parts: &Parts, token: Option<&SecretString>) -> Result<hyper::Request<Full<Bytes>>, Error> {
    let body = parts.body.clone().unwrap_or_default();
    let mut request = hyper::Request::builder()
        .method(parts.method.clone())
        .uri(parts.url.as_str())
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| Error::Setting("the address of the service cannot be asked"))?;
    let headers = request.headers_mut();
    headers.clone_from(&parts.headers);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if parts.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(token) = token {
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut value = value.map_err(|_| Error::Setting("a key or token is one line of ASCII"))?;
        // Its `Debug` does not show it.
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(request)
}

/// Reads an answer; an empty one is `()`.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let body = if body.is_empty() { b"null" } else { body };
    Ok(serde_json::from_slice(body)?)
}

/// A key that no other write has.
#[expect(clippy::disallowed_methods, reason = "the ports are the service's, and this crate runs elsewhere")]
pub(crate) fn make_idempotency_key() -> Result<String, Error> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|_| Error::Setting("the operating system gives no randomness"))?;
    Ok(BASE32_NOPAD.encode(&bytes).to_lowercase())
}

#[expect(clippy::disallowed_methods, reason = "the limit of a call needs no clock that a test can set")]
fn read_clock() -> Instant {
    Instant::now()
}
