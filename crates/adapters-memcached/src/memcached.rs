//! The memcached server, with its time limits and the client that is cached for it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use circuit_breaker::{CallFailure, DEFAULT_TIMEOUT, ServerGuard};
use memcache::exp::{AsyncMetaClient, Error};
use ports::{HealthCheck, PortError};

const SCHEME: &str = "memcache://";
/// The port of a URL that names none.
const PORT: u16 = 11_211;
/// Most connections of an instance, idle ones included.
const CONNECTIONS_MAX: usize = 8;

/// A memcached server. Clones share its connections and what is known of its availability.
#[derive(Clone)]
pub struct Memcached {
    address: Arc<str>,
    guard: Arc<ServerGuard>,
    cached_client: Arc<Mutex<Option<CachedClient>>>,
}

/// A client for the address that the name had, and the generation in which it was made.
#[derive(Clone)]
struct CachedClient {
    client: AsyncMetaClient,
    generation: u64,
}

/// The text is no URL of a memcached server.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a memcached: memcache://host[:port]")]
pub struct InvalidUrl;

impl Memcached {
    /// A server at a URL such as `memcache://host:11211`. It need not be up yet. A call to it takes at most
    /// 80 ms.
    ///
    /// ```
    /// use adapters_memcached::Memcached;
    ///
    /// assert!(Memcached::new("memcache://localhost").is_ok());
    /// assert!(Memcached::new("http://localhost").is_err());
    /// ```
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        Self::with_timeout(url, DEFAULT_TIMEOUT)
    }

    /// A server with another time limit for a call, the wait for a connection included.
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn with_timeout(url: &str, timeout: Duration) -> Result<Self, InvalidUrl> {
        Ok(Self {
            address: parse_address(url).ok_or(InvalidUrl)?.into(),
            guard: Arc::new(ServerGuard::new("memcached", timeout)),
            cached_client: Arc::default(),
        })
    }

    /// Runs `question` with a client of the server, connecting first if necessary, within the time limit.
    pub(crate) async fn with_client<T>(
        &self,
        question: impl AsyncFnOnce(AsyncMetaClient) -> Result<T, Error>,
    ) -> Result<T, PortError> {
        let answer = async {
            let client = self.get_or_connect().await.map_err(driver_failure)?;
            question(client).await.map_err(driver_failure)
        };
        self.guard.call(answer).await
    }

    /// The cached client, or a new one after a failure: the name is resolved again, because the server may
    /// have moved.
    async fn get_or_connect(&self) -> Result<AsyncMetaClient, Error> {
        let generation = self.guard.connection_generation();
        // The lock is released before the connect: a server that hangs must not make other calls wait in a
        // mutex. Two calls may then both connect, and the later one is cached; that costs one connection.
        let known = self.cached_client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(found) = known
            && found.generation == generation
        {
            return Ok(found.client);
        }
        let timeout = Some(self.guard.call_timeout());
        let client = AsyncMetaClient::builder()
            .max_idle(CONNECTIONS_MAX)
            .max_connections(Some(CONNECTIONS_MAX))
            .connect_timeout(timeout)
            .io_timeout(timeout)
            .connect_async(&*self.address)
            .await?;
        let found = CachedClient { client: client.clone(), generation };
        *self.cached_client.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(client)
    }
}

/// `host:port` of a `memcache://` URL; `None` for any other text.
fn parse_address(url: &str) -> Option<String> {
    let place = url.strip_prefix(SCHEME)?;
    let place = place.strip_suffix('/').unwrap_or(place);
    // The colons of an IPv6 address are within brackets, so a colon before `]` is not followed by a port.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        Some(_) | None => (place, PORT),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || is_v6 && "[]:".contains(c);
    (!host.is_empty() && host.chars().all(fits)).then(|| format!("{host}:{port}"))
}

/// The reason of a driver error without its context: the driver's text names the key, and a key may name a
/// user or an order.
fn driver_failure(error: Error) -> CallFailure {
    match error {
        Error::Server(said) | Error::Rejected(said) => CallFailure::Refused(said.into()),
        // Refused, so that a command which this code builds wrongly does not make the server count as
        // unavailable.
        Error::Usage(fault) => CallFailure::Refused(fault.into()),
        Error::Io(error) => CallFailure::Away(error.into()),
        Error::Protocol(fault) => CallFailure::Away(fault.into()),
        Error::Ambiguous { source, .. } => driver_failure(*source),
        // A timeout, or errors of commands that are not used here. The driver's list is open, and an unknown
        // error counts as unavailable: that costs a pause and not a wrong answer.
        Error::Timeout { .. }
        | Error::Conflict
        | Error::EmptyValue
        | Error::Encode(_)
        | Error::Decode(_)
        | Error::Callback(_)
        | _ => CallFailure::Away("memcached did not answer".into()),
    }
}

#[async_trait]
impl HealthCheck for Memcached {
    async fn check_health(&self) -> Result<(), PortError> {
        // Enough here, unlike for Redis: memcached has no replicas and drops old entries when its memory is
        // full.
        self.with_client(async |client| client.noop().await).await
    }
}

impl fmt::Debug for Memcached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memcached").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_doubt_the_server_is_looked_up_again() {
        let memcached = Memcached::new("memcache://127.0.0.1").unwrap();
        let looked_up = async || {
            memcached.get_or_connect().await.unwrap();
            memcached.cached_client.lock().unwrap().as_ref().unwrap().generation
        };
        assert_eq!(looked_up().await, 0);
        memcached.guard.invalidate_connections();
        assert_eq!(looked_up().await, 1);
    }

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for (url, expected) in [
            ("memcache://cache", "cache:11211"),
            ("memcache://cache.example.org/", "cache.example.org:11211"),
            ("memcache://127.0.0.1:5000", "127.0.0.1:5000"),
            ("memcache://[::1]", "[::1]:11211"),
            ("memcache://[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(parse_address(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for url in ["", "cache:11211", "memcache://", "memcache://:1", "memcache://a:99999", "memcache://a/b"]
        {
            assert_eq!(parse_address(url), None, "{url}");
        }
    }
}
