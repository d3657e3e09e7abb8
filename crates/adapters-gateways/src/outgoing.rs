//! Sending webhooks to the endpoints of other systems, without being led to an address that they could not reach
//! themselves.
//!
//! ```text
//! URL ─► parsed once, by the rules of browsers ─► name resolved ─► every address checked ─► connection to one of these
//!                                                                       │ one is refused ─► no connection
//! ```
//!
//! The check is part of opening a connection: the connection goes to an address that was checked, whatever a second
//! lookup would say. Each attempt opens a connection of its own, and no redirect is followed.

mod address;
mod answer;
mod resolver;

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Invalid,
    webhook::{AttemptResult, WebhookUrl},
};
use http_body_util::Full;
use hyper::{Request, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use ipnet::IpNet;
use ports::{Clock, WebhookAnswer, WebhookMessage, WebhookSender};
use tokio::time::timeout;
use tracer::current_context;
use url::{Host, Url};

use self::{
    address::AddressGuard,
    answer::{describe_failure, read_answer},
    resolver::CheckingResolver,
};
use crate::{
    standard_webhooks::{self, WebhookSecret},
    trace_headers,
};

pub use self::resolver::{NameResolver, SystemResolver};

/// The longest time from the lookup of the name to the head of the answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest time to open a connection to one address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest lookup of a name while an endpoint is made or changed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

const NOT_A_URL: Invalid =
    Invalid("must be an https:// URL with a host, and without a user, a password or a fragment");
const REFUSED: Invalid =
    Invalid("must not lead to a private, loopback, link-local or otherwise special address");
const NOT_ENCRYPTED: Invalid =
    Invalid("must be https://; http:// is for addresses that IDEM_WEBHOOK_ALLOW names");

type GuardedClient = Client<HttpsConnector<HttpConnector<CheckingResolver>>, Full<Bytes>>;

/// Sends webhooks over HTTP/1.1.
pub struct HttpWebhookSender {
    /// For `https`: to public addresses, and to those that are allowed.
    encrypted: GuardedClient,
    /// For `http`: only to addresses that are allowed.
    plain: GuardedClient,
    guard: AddressGuard,
    resolver: Arc<dyn NameResolver>,
    clock: Arc<dyn Clock>,
}

impl HttpWebhookSender {
    /// A sender that resolves names as the system does. `allow` are the networks that messages may be sent to although
    /// they are not public, also without encryption.
    #[must_use]
    pub fn new(allow: Vec<IpNet>, clock: Arc<dyn Clock>) -> Self {
        Self::with_resolver(allow, clock, Arc::new(SystemResolver))
    }

    /// The same with another way to resolve names, for tests.
    #[must_use]
    pub fn with_resolver(allow: Vec<IpNet>, clock: Arc<dyn Clock>, resolver: Arc<dyn NameResolver>) -> Self {
        let guard = AddressGuard::new(allow);
        let client = |guard: AddressGuard| {
            let mut tcp =
                HttpConnector::new_with_resolver(CheckingResolver::new(Arc::clone(&resolver), guard));
            tcp.enforce_http(false);
            tcp.set_nodelay(true);
            tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
            let connector = HttpsConnectorBuilder::new()
                .with_webpki_roots()
                .https_or_http()
                .enable_http1()
                .wrap_connector(tcp);
            // No connection is kept: one that was checked an hour ago says nothing about the name now.
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)
        };
        Self {
            encrypted: client(guard.clone()),
            plain: client(guard.for_plain_http()),
            guard,
            resolver,
            clock,
        }
    }

    fn guard_of(&self, url: &Url) -> AddressGuard {
        if is_encrypted(url) { self.guard.clone() } else { self.guard.for_plain_http() }
    }

    /// Sends the message, up to the head of the answer.
    ///
    /// # Errors
    /// The reason why there is no answer, for the operator.
    async fn post_message(
        &self,
        message: &WebhookMessage,
    ) -> Result<hyper::Response<hyper::body::Incoming>, String> {
        let url = parse_url(&message.url).map_err(|it| it.to_string())?;
        // The connector resolves names only, so an address in the URL is checked here.
        if let Some(literal) = literal_address(&url)
            && !self.guard_of(&url).is_allowed(literal)
        {
            return Err("the address is not allowed".to_owned());
        }
        let secrets: Result<Vec<_>, _> =
            message.secrets.iter().map(|it| WebhookSecret::parse(it.expose_secret())).collect();
        let secrets = secrets.map_err(|_| "the signing secret is not usable".to_owned())?;
        let signed = standard_webhooks::headers_signed_by_all(
            &secrets,
            message.id.as_str(),
            message.body.as_bytes(),
            message.sent_at,
        );
        let mut request = Request::post(url.as_str())
            .header("content-type", "application/json")
            .header("user-agent", "idem");
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::from(message.body.clone())).map_err(|it| it.to_string())?;
        // Not signed: the trace is for those who look for a fault, and says nothing about the event.
        trace_headers::insert_headers(request.headers_mut(), current_context().as_ref());
        let client = if is_encrypted(&url) { &self.encrypted } else { &self.plain };
        client.request(request).await.map_err(|it| describe_failure(&it))
    }
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    async fn check_url(&self, url: &WebhookUrl) -> Result<(), Invalid> {
        let url = parse_url(url)?;
        let guard = self.guard_of(&url);
        let (addresses, is_known) = match (literal_address(&url), url.host_str()) {
            (Some(address), _) => (vec![address], true),
            (None, Some(name)) => match timeout(CHECK_TIMEOUT, self.resolver.resolve_name(name)).await {
                Ok(Ok(found)) => (found, true),
                Ok(Err(_)) | Err(_) => (Vec::new(), false),
            },
            (None, None) => return Err(NOT_A_URL),
        };
        if is_known && addresses.iter().any(|it| !self.guard.is_allowed(*it)) {
            return Err(REFUSED);
        }
        let is_safe = is_encrypted(&url) || is_known && addresses.iter().all(|it| guard.is_allowed(*it));
        if is_safe { Ok(()) } else { Err(NOT_ENCRYPTED) }
    }

    async fn send_message(&self, message: &WebhookMessage) -> WebhookAnswer {
        match timeout(SEND_TIMEOUT, self.post_message(message)).await {
            Ok(Ok(response)) => read_answer(response, message, self.clock.now()).await,
            Ok(Err(reason)) => no_answer(reason),
            Err(_late) => no_answer(format!("no answer within {} s", SEND_TIMEOUT.as_secs())),
        }
    }
}

fn no_answer(reason: String) -> WebhookAnswer {
    WebhookAnswer { result: AttemptResult::NoAnswer(reason), retry_after: None }
}

/// Parses the URL. Check and request both use the result: two parsers could differ.
fn parse_url(url: &WebhookUrl) -> Result<Url, Invalid> {
    let url = Url::parse(url.as_str()).map_err(|_| NOT_A_URL)?;
    let is_http = matches!(url.scheme(), "https" | "http");
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    let is_plain = url.has_host() && url.fragment().is_none() && url.port() != Some(0);
    if is_http && is_anonymous && is_plain { Ok(url) } else { Err(NOT_A_URL) }
}

fn is_encrypted(url: &Url) -> bool {
    url.scheme() == "https"
}

/// The address in the URL, in whatever form it was written; `None` for a name.
fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(it) => Some(it.into()),
        Host::Ipv6(it) => Some(it.into()),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests;
