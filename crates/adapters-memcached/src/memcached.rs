//! A memcached server.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use circuit_breaker::{CallFailure, DEFAULT_TIMEOUT, ServerGuard};
use memcache::exp::{AsyncMetaClient, Error};
use ports::{Health, PortError};

const SCHEME: &str = "memcache://";
/// The port that is meant when none is named.
const PORT: u16 = 11_211;
/// How many connections there are.
const CONNECTIONS_MAX: usize = 8;

/// A memcached server. Clones share their connections.
#[derive(Clone)]
pub struct Memcached {
    address: Arc<str>,
    guard: Arc<ServerGuard>,
    found: Arc<Mutex<Option<Found>>>,
}

/// Where the server was found, and in which generation of connections.
#[derive(Clone)]
struct Found {
    client: AsyncMetaClient,
    generation: u64,
}

/// The address is not one of a memcached.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a memcached: memcache://host[:port]")]
pub struct InvalidUrl;

impl Memcached {
    /// A server at an address such as `memcache://host:11211`, which need not be up. A call to it takes at most 80 ms.
    ///
    /// ```
    /// use adapters_memcached::Memcached;
    ///
    /// assert!(Memcached::new("memcache://localhost").is_ok());
    /// assert!(Memcached::new("http://localhost").is_err());
    /// ```
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        Self::with_timeout(url, DEFAULT_TIMEOUT)
    }

    /// The same with another limit to what a call may take.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn with_timeout(url: &str, timeout: Duration) -> Result<Self, InvalidUrl> {
        Ok(Self {
            address: address(url).ok_or(InvalidUrl)?.into(),
            guard: Arc::new(ServerGuard::new("memcached", timeout)),
            found: Arc::default(),
        })
    }

    /// Waits for what is asked of the server, but not for long.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(AsyncMetaClient) -> Result<T, Error>,
    ) -> Result<T, PortError> {
        let answer = async {
            let client = self.find().await.map_err(failure)?;
            question(client).await.map_err(failure)
        };
        self.guard.call(answer).await
    }

    /// The server where it is now: after a failure its name is looked up again, for it may have moved.
    async fn find(&self) -> Result<AsyncMetaClient, Error> {
        let generation = self.guard.connection_generation();
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
        let found = Found { client: client.clone(), generation };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(client)
    }
}

/// `host:port` of a URL.
fn address(url: &str) -> Option<String> {
    let place = url.strip_prefix(SCHEME)?;
    let place = place.strip_suffix('/').unwrap_or(place);
    // The colons of an IPv6 address stand within brackets.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        Some(_) | None => (place, PORT),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || is_v6 && "[]:".contains(c);
    (!host.is_empty() && host.chars().all(fits)).then(|| format!("{host}:{port}"))
}

/// The errors of the driver name the key; the text says only what happened.
fn failure(error: Error) -> CallFailure {
    match error {
        Error::Server(said) | Error::Rejected(said) => CallFailure::Refused(said.into()),
        Error::Usage(fault) => CallFailure::Refused(fault.into()),
        Error::Io(error) => CallFailure::Away(error.into()),
        Error::Protocol(fault) => CallFailure::Away(fault.into()),
        Error::Ambiguous { source, .. } => failure(*source),
        // The others come of commands that are not used here; the driver's list is open.
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
impl Health for Memcached {
    async fn check(&self) -> Result<(), PortError> {
        self.ask(async |client| client.noop().await).await
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
            memcached.find().await.unwrap();
            memcached.found.lock().unwrap().as_ref().unwrap().generation
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
            assert_eq!(address(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for url in ["", "cache:11211", "memcache://", "memcache://:1", "memcache://a:99999", "memcache://a/b"]
        {
            assert_eq!(address(url), None, "{url}");
        }
    }
}
