//! All memcached servers, and which of them has a key.
//!
//! By rendezvous hashing: every server gets a score for a key, and the one with the highest score has it. A server that is
//! added or removed moves only the keys that it gets or had, and the order in which servers are named does not matter.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use circuit_breaker::DEFAULT_TIMEOUT;
use futures_util::future;
use memcache::exp::{AsyncMetaClient, Error};
use ports::{HealthCheck, PortError};
use sha2::{Digest, Sha256};

use crate::{InvalidUrl, address::parse_addresses, server::Server};

/// Memcached servers that share all keys. Clones share their connections and what is known of their availability.
#[derive(Clone)]
pub struct Memcached {
    /// At least one.
    servers: Arc<[Arc<Server>]>,
}

impl Memcached {
    /// The servers of a URL such as `memcache://host:11211,other:11211`. They need not be up yet. A call takes at most 80
    /// ms. One that is unavailable costs its own keys only.
    ///
    /// ```
    /// use adapters_memcached::Memcached;
    ///
    /// assert!(Memcached::new("memcache://localhost").is_ok());
    /// assert!(Memcached::new("memcache://one:11211,two:11211").is_ok());
    /// assert!(Memcached::new("http://localhost").is_err());
    /// ```
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        Self::with_timeout(url, DEFAULT_TIMEOUT)
    }

    /// Servers with another time limit for a call, the wait for a connection included.
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn with_timeout(url: &str, timeout: Duration) -> Result<Self, InvalidUrl> {
        let addresses = parse_addresses(url).ok_or(InvalidUrl)?;
        Ok(Self { servers: addresses.into_iter().map(|it| Arc::new(Server::new(it, timeout))).collect() })
    }

    /// Runs `question` with a client of the server that has `key`, connecting first if necessary, within the time limit.
    pub(crate) async fn with_client<T>(
        &self,
        key: &str,
        question: impl AsyncFnOnce(AsyncMetaClient) -> Result<T, Error>,
    ) -> Result<T, PortError> {
        let server = self.find_server(key).ok_or_else(|| PortError::unavailable("there is no memcached"))?;
        server.with_client(question).await
    }

    fn find_server(&self, key: &str) -> Option<&Server> {
        match &*self.servers {
            [only] => Some(only),
            all => all.iter().max_by_key(|it| score_server(it.address(), key)).map(|it| &**it),
        }
    }
}

/// The score of a server for a key: the same in every instance, and as good as random for another server or key.
fn score_server(address: &str, key: &str) -> [u8; 32] {
    // A key has no line end, so the two texts cannot be divided in another way.
    Sha256::new().chain_update(address).chain_update("\n").chain_update(key).finalize().into()
}

#[async_trait]
impl HealthCheck for Memcached {
    /// Fails when any server is unavailable: its share of the reads goes to the database.
    async fn check_health(&self) -> Result<(), PortError> {
        // All of them, so that the log says which are unavailable.
        future::join_all(self.servers.iter().map(|it| it.check_health())).await.into_iter().collect()
    }
}

impl fmt::Debug for Memcached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<_> = self.servers.iter().map(|it| it.address()).collect();
        f.debug_struct("Memcached").field("addresses", &addresses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough that shares are nearly equal.
    const KEYS: usize = 3_000;

    fn places(url: &str) -> Vec<String> {
        let memcached = Memcached::new(url).unwrap();
        let place =
            |key: usize| memcached.find_server(&format!("idem:key-{key}")).unwrap().address().to_owned();
        (0..KEYS).map(place).collect()
    }

    #[test]
    fn the_order_of_the_servers_does_not_matter() {
        assert_eq!(places("memcache://a:1,b:2,c:3"), places("memcache://c:3,a:1,b:2,a:1"));
    }

    #[test]
    fn every_server_has_its_share() {
        let places = places("memcache://a:1,b:2,c:3");
        for server in ["a:1", "b:2", "c:3"] {
            let share = places.iter().filter(|it| *it == server).count();
            assert!((KEYS / 3 - 150..KEYS / 3 + 150).contains(&share), "{server} has {share}");
        }
    }

    #[test]
    fn a_server_less_moves_only_its_own_keys() {
        let (before, after) = (places("memcache://a:1,b:2,c:3"), places("memcache://a:1,c:3"));
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after);
        assert!(moved.clone().all(|(before, _)| before == "b:2"));
        assert_eq!(moved.count(), before.iter().filter(|it| *it == "b:2").count());
    }
}
