//! Connections that are lent to one call at a time.

use std::sync::Arc;

use bb8_redis::{
    RedisConnectionManager,
    bb8::{self, ManageConnection},
};
use circuit_breaker::ServerGuard;
use ports::Causes;
use redis::{ErrorKind, RedisError, aio::MultiplexedConnection};
use tokio::time;

/// How many connections there are: enough for one instance, and few for Redis.
const CONNECTIONS_MAX: u32 = 8;

pub(crate) type Pool = bb8::Pool<Manager>;

/// A pool that connects when it is first needed.
pub(crate) fn new(connections: RedisConnectionManager, guard: &Arc<ServerGuard>) -> Pool {
    let manager = Manager { connections, guard: Arc::clone(guard) };
    bb8::Pool::builder()
        .max_size(CONNECTIONS_MAX)
        .connection_timeout(guard.call_timeout())
        // Whether one is good is known here, without asking; and a failure is an answer, not a reason to wait.
        .test_on_check_out(true)
        .retry_connection(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .build_unchecked(manager)
}

/// Makes connections, and knows when to throw them away: a fault of one puts all in doubt that were there before.
#[derive(Debug)]
pub(crate) struct Manager {
    connections: RedisConnectionManager,
    guard: Arc<ServerGuard>,
}

/// A connection, and the generation in which it was made.
pub(crate) struct Connection {
    pub(crate) redis: MultiplexedConnection,
    generation: u64,
}

impl Manager {
    async fn try_connect(&self) -> Result<Connection, RedisError> {
        let generation = self.guard.connection_generation();
        let connect = time::timeout(self.guard.call_timeout(), self.connections.connect());
        let mut redis = connect.await.map_err(std::io::Error::from)??;
        // The driver's own limit must not be the shorter one.
        redis.set_response_timeout(self.guard.call_timeout());
        Ok(Connection { redis, generation })
    }
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = RedisError;

    async fn connect(&self) -> Result<Connection, RedisError> {
        let connected = self.try_connect().await;
        if let Err(error) = &connected {
            // A caller that waits for a connection only learns that there is none.
            tracing::debug!(fault = %Causes(error), "Redis cannot be connected to");
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
