//! One memcached server, with its time limits, its circuit and the client that is cached for it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use circuit_breaker::{CallFailure, ServerGuard};
use memcache::exp::{AsyncMetaClient, Error};
use ports::PortError;

/// Most connections of an instance to one server, idle ones included.
const CONNECTIONS_MAX: usize = 8;

/// A server, its connections, and what is known of its availability.
pub(crate) struct Server {
    address: String,
    guard: ServerGuard,
    cached_client: Mutex<Option<CachedClient>>,
}

/// A client for the address that the name had, and the generation in which it was made.
#[derive(Clone)]
struct CachedClient {
    client: AsyncMetaClient,
    generation: u64,
}

impl Server {
    /// A server at `host:port`. It need not be up yet. `timeout` is for a call to it, the wait for a connection included.
    pub(crate) fn new(address: String, timeout: Duration) -> Self {
        let guard = ServerGuard::new("memcached", timeout).with_address(address.clone());
        Self { address, guard, cached_client: Mutex::default() }
    }

    /// `host:port`, which tells it from other servers.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn check_health(&self) -> Result<(), PortError> {
        // Enough here, unlike for Redis: memcached has no replicas and drops old entries when its memory is
        // full.
        self.with_client(async |client| client.noop().await).await
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

#[cfg(test)]
mod tests {
    use circuit_breaker::DEFAULT_TIMEOUT;

    use super::*;

    #[tokio::test]
    async fn after_a_doubt_the_server_is_looked_up_again() {
        let memcached = Server::new("127.0.0.1:11211".to_owned(), DEFAULT_TIMEOUT);
        let looked_up = async || {
            memcached.get_or_connect().await.unwrap();
            memcached.cached_client.lock().unwrap().as_ref().unwrap().generation
        };
        assert_eq!(looked_up().await, 0);
        memcached.guard.invalidate_connections();
        assert_eq!(looked_up().await, 1);
    }
}
