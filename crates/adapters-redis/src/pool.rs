//! The connection pool: each connection serves one call at a time.

use std::sync::Arc;

use bb8_redis::{
    RedisConnectionManager,
    bb8::{self, ManageConnection},
};
use circuit_breaker::ServerGuard;
use ports::ErrorChain;
use redis::{ErrorKind, RedisError, aio::MultiplexedConnection};
use tokio::time;

/// Most connections of an instance: enough for its calls, and few for Redis when there are many instances.
const CONNECTIONS_MAX: u32 = 8;

pub(crate) type Pool = bb8::Pool<PoolManager>;

/// A pool that connects when a connection is first needed, so that the service starts without Redis.
pub(crate) fn new(connections: RedisConnectionManager, guard: &Arc<ServerGuard>) -> Pool {
    let manager = PoolManager { connections, guard: Arc::clone(guard) };
    bb8::Pool::builder()
        .max_size(CONNECTIONS_MAX)
        .connection_timeout(guard.call_timeout())
        // The check compares two numbers and asks Redis nothing. A failed connect is reported to its caller
        // at once: a retry within the pool would use up the 80 ms that the whole call has.
        .test_on_check_out(true)
        .retry_connection(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .build_unchecked(manager)
}

/// Makes connections and decides when to discard them: after a fault of one, all connections that were made
/// before it are in doubt, because a restart of the server closes all of them.
#[derive(Debug)]
pub(crate) struct PoolManager {
    connections: RedisConnectionManager,
    guard: Arc<ServerGuard>,
}

/// A connection and the generation in which it was made. An older generation than the present one means discard.
pub(crate) struct Connection {
    pub(crate) redis: MultiplexedConnection,
    generation: u64,
}

impl PoolManager {
    async fn try_connect(&self) -> Result<Connection, RedisError> {
        // Read before connecting: a fault meanwhile may concern this connection too, and then it is
        // discarded.
        let generation = self.guard.connection_generation();
        let connect = time::timeout(self.guard.call_timeout(), self.connections.connect());
        let mut redis = connect.await.map_err(std::io::Error::from)??;
        // The driver has a limit of its own, which must not end a call before the limit that was asked for.
        redis.set_response_timeout(self.guard.call_timeout());
        Ok(Connection { redis, generation })
    }
}

impl ManageConnection for PoolManager {
    type Connection = Connection;
    type Error = RedisError;

    async fn connect(&self) -> Result<Connection, RedisError> {
        let connected = self.try_connect().await;
        if let Err(error) = &connected {
            // Logged here, because a caller that waits for a connection only learns that there is none.
            tracing::debug!(error = %ErrorChain(error), "connecting to Redis failed");
        }
        connected
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), RedisError> {
        if self.has_broken(connection) { Err((ErrorKind::Client, "in doubt").into()) } else { Ok(()) }
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.generation != self.guard.connection_generation()
    }
}
