//! A Redis server, as all adapters of this crate share it.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bb8_redis::{RedisConnectionManager, bb8::RunError};
use circuit_breaker::{CallFailure, DEFAULT_TIMEOUT, ServerGuard};
use ports::{Health, PortError};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, aio::PubSub};

use crate::pool::{self, Pool};

/// What is written to see whether that can be done, and for how long, in milliseconds.
const HEALTH: &str = "idem:health";
const HEALTH_MS: u32 = 1_000;

/// How often a call begins again because its connection had died while it was idle.
const RETRIES_MAX: u32 = 1;

/// A Redis server. Clones share their connections.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    pool: Pool,
    guard: Arc<ServerGuard>,
}

/// The address is not one of a Redis. The error does not repeat it: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a Redis: redis://[user:password@]host[:port][/database]")]
pub struct InvalidUrl;

impl Redis {
    /// A server at an address such as `redis://host:6379/0`, which need not be up. A call to it takes at most 80 ms.
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
        let client = Client::open(url).map_err(|_| InvalidUrl)?;
        let connections = RedisConnectionManager::new(url).map_err(|_| InvalidUrl)?;
        let guard = Arc::new(ServerGuard::new("redis", timeout.max(Duration::from_millis(1))));
        Ok(Self { client, pool: pool::new(connections, &guard), guard })
    }

    /// Sends one command and waits for its answer.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, PortError> {
        self.guard.call(self.query(command)).await
    }

    /// A connection that hears what is published there, and nothing else. It takes as long as it takes.
    pub(crate) async fn subscribe(&self, channel: &str) -> Result<PubSub, RedisError> {
        let mut connection = self.client.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        Ok(connection)
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CallFailure> {
        let mut tried = 0;
        loop {
            let mut connection = self.pool.get().await.map_err(no_connection)?;
            match command.query_async(&mut connection.redis).await {
                Ok(answer) => return Ok(answer),
                // It died while it lay in the pool, as all do when Redis starts again.
                Err(error) if error.is_connection_dropped() && tried < RETRIES_MAX => {
                    tried += 1;
                    self.guard.invalidate_connections();
                }
                Err(error) => return Err(failure(error)),
            }
        }
    }
}

fn no_connection(error: RunError<RedisError>) -> CallFailure {
    match error {
        RunError::User(error) => failure(error),
        RunError::TimedOut => CallFailure::Away("no connection to Redis in time".into()),
    }
}

fn failure(error: RedisError) -> CallFailure {
    let away = [ErrorKind::Io, ErrorKind::Server(ServerErrorKind::BusyLoading)].contains(&error.kind());
    if away || error.is_unrecoverable_error() {
        CallFailure::Away(error.into())
    } else {
        CallFailure::Refused(error.into())
    }
}

#[async_trait]
impl Health for Redis {
    async fn check(&self) -> Result<(), PortError> {
        // One that answers and cannot be written to is of no use.
        self.ask(redis::cmd("SET").arg(HEALTH).arg("").arg("PX").arg(HEALTH_MS)).await
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
