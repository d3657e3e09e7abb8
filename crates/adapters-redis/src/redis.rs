//! The Redis server that all adapters of this crate share, with its time limits and retries.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use circuit_breaker::{CallFailure, DEFAULT_TIMEOUT, ServerGuard};
use ports::{HealthCheck, PortError};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, aio::PubSub};

use crate::connection::SharedConnection;

/// The key that the health check writes. It expires after [`HEALTH_MS`].
const HEALTH: &str = "idem:health";
/// Time to live of that key, in milliseconds.
const HEALTH_MS: u32 = 1_000;

/// How often a call is repeated on another connection because its own turned out to be closed.
const RETRIES_MAX: u32 = 1;

/// A Redis server. Clones share its connection and what is known of its availability.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: Arc<SharedConnection>,
    guard: Arc<ServerGuard>,
}

/// The text is no URL of a Redis server. The error does not repeat it, because it may contain a password.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a Redis: redis://[user:password@]host[:port][/database]")]
pub struct InvalidUrl;

impl Redis {
    /// A server at a URL such as `redis://host:6379/0`. It need not be up yet. A call to it takes at most 80
    /// ms.
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
        let client = Client::open(url).map_err(|_| InvalidUrl)?;
        let guard = Arc::new(ServerGuard::new("redis", timeout.max(Duration::from_millis(1))));
        let connection = Arc::new(SharedConnection::new(client.clone(), Arc::clone(&guard)));
        Ok(Self { client, connection, guard })
    }

    /// Sends one command and waits for its answer, within the time limit.
    pub(crate) async fn run_command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, PortError> {
        self.guard.call(self.query_with_retry(command)).await
    }

    /// A connection of its own that is subscribed to this channel. It has no time limit; the
    /// caller sets one.
    pub(crate) async fn subscribe_channel(&self, channel: &str) -> Result<PubSub, RedisError> {
        let mut connection = self.client.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        Ok(connection)
    }

    async fn query_with_retry<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CallFailure> {
        let mut tried = 0;
        loop {
            let mut connection = self.connection.get_or_connect().await.map_err(driver_failure)?;
            match command.query_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                // It was closed while it was idle, as it is when Redis restarts. If the command was
                // carried out all the same, an attempt counts twice, or a lock is held until its lease ends:
                // neither decides anything.
                Err(error) if error.is_connection_dropped() && tried < RETRIES_MAX => {
                    tried += 1;
                    self.guard.invalidate_connections();
                }
                Err(error) => return Err(driver_failure(error)),
            }
        }
    }
}

fn driver_failure(error: RedisError) -> CallFailure {
    // A server that is loading its data answers, but it will for seconds: to the service it is unavailable.
    // Any other error answer is about the command, and says that the server works.
    let away = [ErrorKind::Io, ErrorKind::Server(ServerErrorKind::BusyLoading)].contains(&error.kind());
    if away || error.is_unrecoverable_error() {
        CallFailure::Away(error.into())
    } else {
        CallFailure::Refused(error.into())
    }
}

#[async_trait]
impl HealthCheck for Redis {
    async fn check_health(&self) -> Result<(), PortError> {
        // A write, not a `PING`: a replica, or a server whose memory is full, answers and cannot be written
        // to.
        self.run_command(redis::cmd("SET").arg(HEALTH).arg("").arg("PX").arg(HEALTH_MS)).await
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_none_is_refused_without_repeating_it() {
        for url in ["", "http://host", "redis://:hunter2@", "localhost:6379", "redis://host/database"] {
            let error = Redis::new(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let redis = Redis::new("redis://user:hunter2@localhost:6379/3").unwrap();
        assert!(!format!("{redis:?}").contains("hunter2"));
    }
}
