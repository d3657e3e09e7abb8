//! One call, before it is sent.

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use hyper::{
    Method,
    header::{HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::{
    Client, Error,
    transport::{self, Parts},
};

/// One call. It is sent, with its retries, when it is awaited, and gives `T`.
#[must_use = "a request is sent when it is awaited"]
pub struct Request<T> {
    client: Client,
    parts: Result<Parts, Error>,
    answer: PhantomData<fn() -> T>,
}

impl<T> Request<T> {
    /// A call that only reads.
    pub(crate) fn read(client: &Client, url: Url) -> Self {
        Self::new(client, Ok(Parts::new(Method::GET, url)))
    }

    /// A call that changes something, under a key of its own.
    pub(crate) fn write(client: &Client, method: Method, url: Url, body: &impl Serialize) -> Self {
        Self::new(client, Parts::new(method, url).with_body(body)).with_own_key()
    }

    /// The same without a body.
    pub(crate) fn write_empty(client: &Client, method: Method, url: Url) -> Self {
        Self::new(client, Ok(Parts::new(method, url))).with_own_key()
    }

    /// A call without an idempotency key: what only begins, renews or ends a session.
    pub(crate) fn unkeyed(client: &Client, url: Url, body: Option<&Value>) -> Self {
        let parts = Parts::new(Method::POST, url);
        Self::new(client, body.map_or_else(|| Ok(parts.clone()), |body| parts.clone().with_body(body)))
    }

    fn new(client: &Client, parts: Result<Parts, Error>) -> Self {
        Self { client: client.clone(), parts, answer: PhantomData }
    }

    /// Names the write by the caller's own key, 1 to 255 visible ASCII characters, instead of a random one. Store the key
    /// with the intention before you call: then the write is done once even if this process dies and the next one repeats it.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.with_header("idempotency-key", key, "an idempotency key is 1 to 255 visible ASCII characters")
    }

    /// Refuses the write with 412 `precondition-failed` unless the resource still has this version.
    pub fn if_version(self, version: u64) -> Self {
        self.with_header("if-match", &format!("\"{version}\""), "a version is a number")
    }

    fn with_own_key(mut self) -> Self {
        match transport::make_idempotency_key() {
            Ok(key) => self.idempotency_key(&key),
            Err(error) => {
                self.parts = Err(error);
                self
            }
        }
    }

    fn with_header(mut self, name: &'static str, value: &str, rule: &'static str) -> Self {
        self.parts = self.parts.and_then(|mut parts| {
            let value = HeaderValue::from_str(value).map_err(|_| Error::Setting(rule))?;
            parts.headers.insert(HeaderName::from_static(name), value);
            Ok(parts)
        });
        self
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies hold passwords and addresses hold search terms.
        f.debug_struct("Request").field("method", &self.parts.as_ref().ok().map(|it| &it.method)).finish()
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Request<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, parts, answer: _ } = self;
        Box::pin(async move { transport::decode(&client.send(&parts?).await?) })
    }
}
