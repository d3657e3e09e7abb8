//! One connection that all calls of the process share.
//!
//! Calls that are made at the same time are written together and their answers read together, so the busier the
//! service is, the less each call costs Redis and the process. No call waits for the connection to be free.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use circuit_breaker::ServerGuard;
use ports::ErrorChain;
use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection};

/// The connection of a process to Redis. It is made when it is first needed, so that the service starts without Redis.
pub(crate) struct SharedConnection {
    client: Client,
    guard: Arc<ServerGuard>,
    present: Mutex<Option<Connection>>,
    /// Held while connecting, so that many calls after a failure make one connection.
    connecting: tokio::sync::Mutex<()>,
}

/// A connection and the generation in which it was made. An older generation than the present one means discard: after a
/// failure the connection is in doubt, and a restart of the server closes it.
#[derive(Clone)]
struct Connection {
    redis: MultiplexedConnection,
    generation: u64,
}

impl SharedConnection {
    pub(crate) fn new(client: Client, guard: Arc<ServerGuard>) -> Self {
        Self { client, guard, present: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// The present connection, or a new one after a failure.
    ///
    /// # Errors
    /// [`RedisError`] when Redis cannot be reached. A server that hangs ends the caller's time limit.
    pub(crate) async fn get_or_connect(&self) -> Result<MultiplexedConnection, RedisError> {
        if let Some(present) = self.find_present() {
            return Ok(present);
        }
        // Each caller has its own time limit, so one that hangs here keeps the others no longer than that.
        let _connecting = self.connecting.lock().await;
        if let Some(present) = self.find_present() {
            return Ok(present);
        }
        // Read before connecting: a failure meanwhile may concern this connection too, and then it is discarded.
        let generation = self.guard.connection_generation();
        let limit = Some(self.guard.call_timeout());
        let config = AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let redis = connected.inspect_err(|error| {
            tracing::debug!(error = %ErrorChain(error), "connecting to Redis failed");
        })?;
        *self.lock_present() = Some(Connection { redis: redis.clone(), generation });
        Ok(redis)
    }

    fn find_present(&self) -> Option<MultiplexedConnection> {
        let generation = self.guard.connection_generation();
        let present = self.lock_present().clone();
        present.filter(|it| it.generation == generation).map(|it| it.redis)
    }

    fn lock_present(&self) -> std::sync::MutexGuard<'_, Option<Connection>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnection").finish_non_exhaustive()
    }
}
