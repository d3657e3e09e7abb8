//! A Redis server, as all adapters of this crate share it.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bb8_redis::{RedisConnectionManager, bb8::RunError};
use ports::{HealthCheck, PortError};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, aio::PubSub};

use crate::{
    patience::{self, Failure, Patience},
    pool::{self, Pool},
};

/// What is written to see whether that can be done, and for how long, in milliseconds.
const HEALTH: &str = "idem:health";
const HEALTH_MS: u32 = 1_000;

/// How often a call begins anew because its connection had died while nobody used it.
const RETRIES_MAX: u32 = 1;

/// A Redis server. Clones share their connections.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    pool: Pool,
    breaker: Arc<Patience>,
}

/// The address is not one of a Redis. What it was is not told: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a Redis: redis://[user:password@]host[:port][/database]")]
pub struct InvalidUrl;

impl Redis {
    /// A server at an address such as `redis://host:6379/0`, which need not be up. A call to it takes at most 80 ms.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        Self::with_timeout(url, patience::TIMEOUT)
    }

    /// The same with another limit to what a call may take.
    ///
    /// # Errors
    /// [`InvalidUrl`].
    pub fn with_timeout(url: &str, timeout: Duration) -> Result<Self, InvalidUrl> {
        let client = Client::open(url).map_err(|_| InvalidUrl)?;
        let connections = RedisConnectionManager::new(url).map_err(|_| InvalidUrl)?;
        let patience = Arc::new(Patience::new(timeout.max(Duration::from_millis(1))));
        Ok(Self { client, pool: pool::new(connections, &patience), breaker: patience })
    }

    /// Sends one command and waits for its answer.
    pub(crate) async fn run_command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, PortError> {
        self.breaker.call(self.query_with_retry(command)).await
    }

    /// A connection that hears what is published there, and nothing else. It takes as long as it takes.
    pub(crate) async fn subscribe_channel(&self, channel: &str) -> Result<PubSub, RedisError> {
        let mut connection = self.client.get_async_pubsub().await?;
        connection.subscribe(channel).await?;
        Ok(connection)
    }

    async fn query_with_retry<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut tried = 0;
        loop {
            let mut connection = self.pool.get().await.map_err(pool_failure)?;
            match command.query_async(&mut connection.redis).await {
                Ok(answer) => return Ok(answer),
                // It died while it lay in the pool, as all do when Redis starts again.
                Err(error) if error.is_connection_dropped() && tried < RETRIES_MAX => {
                    tried += 1;
                    self.breaker.doubt();
                }
                Err(error) => return Err(driver_failure(error)),
            }
        }
    }
}

fn pool_failure(error: RunError<RedisError>) -> Failure {
    match error {
        RunError::User(error) => driver_failure(error),
        RunError::TimedOut => Failure::Away("no connection to Redis in time".into()),
    }
}

fn driver_failure(error: RedisError) -> Failure {
    let away = [ErrorKind::Io, ErrorKind::Server(ServerErrorKind::BusyLoading)].contains(&error.kind());
    if away || error.is_unrecoverable_error() {
        Failure::Away(error.into())
    } else {
        Failure::Refused(error.into())
    }
}

#[async_trait]
impl HealthCheck for Redis {
    async fn check_health(&self) -> Result<(), PortError> {
        // One that answers and cannot be written to is of no use.
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
