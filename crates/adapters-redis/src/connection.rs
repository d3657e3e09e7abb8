//! One connection that all calls of the process to one server share.
//!
//! Calls that are made at the same time are written together and their answers read together, so the busier the
//! service is, the less each call costs Redis and the process. No call waits for the connection to be free.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use circuit_breaker::ServerGuard;
use ports::ErrorChain;
use redis::{
    Client, ConnectionInfo, RedisError,
    aio::{MultiplexedConnection, PubSub},
    cmd,
};

use crate::{
    connect::{ConnectError, is_unavailable, open_connection},
    sentinels::Sentinels,
    wrong_server::WrongServer,
};

/// Where a connection leads.
pub(crate) enum Target {
    /// A server that is part of no cluster.
    Server(ConnectionInfo),
    /// A node of a cluster.
    Node(ConnectionInfo),
    /// The master that Sentinels name. They are asked for each connection, because it may be another one.
    Master(Sentinels),
}

/// The connection of a process to a server. It is made when it is first needed, so that the service starts without Redis.
pub(crate) struct SharedConnection {
    target: Target,
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
    pub(crate) fn new(target: Target, guard: Arc<ServerGuard>) -> Self {
        Self { target, guard, present: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// The present connection, or a new one after a failure.
    ///
    /// # Errors
    /// [`ConnectError`] when Redis cannot be reached, or is of another kind than the URL says. A server that hangs ends
    /// the caller's time limit.
    pub(crate) async fn get_or_connect(&self) -> Result<MultiplexedConnection, ConnectError> {
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
        let connected = self.target.connect(self.guard.call_timeout()).await;
        let redis = connected.inspect_err(|error| {
            tracing::debug!(error = %ErrorChain(error), "connecting to Redis failed");
        })?;
        *self.lock_present() = Some(Connection { redis: redis.clone(), generation });
        Ok(redis)
    }

    /// A connection of its own, for a subscription; it may take as long as each step of connecting may.
    pub(crate) async fn open_subscriber(&self, limit: Duration) -> Result<PubSub, ConnectError> {
        let info = self.target.find_server(limit).await?;
        Ok(Client::open(info)?.get_async_pubsub().await?)
    }

    /// Opens a connection, checks that the server is of the expected kind, and closes it.
    pub(crate) async fn check_kind(&self, limit: Duration) -> Result<(), ConnectError> {
        self.target.connect(limit).await.map(drop)
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

impl Target {
    /// Opens a connection and checks that the server is of the expected kind.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<MultiplexedConnection, ConnectError> {
        let info = self.find_server(limit).await?;
        let mut redis = open_connection(info, limit).await?;
        let is_node = read_cluster_mode(&mut redis).await?;
        match self {
            Self::Server(_) | Self::Master(_) if is_node == Some(true) => {
                Err(WrongServer::ClusterNode.into())
            }
            Self::Node(_) if is_node == Some(false) => Err(WrongServer::NotInCluster.into()),
            Self::Server(_) | Self::Master(_) | Self::Node(_) => Ok(redis),
        }
    }

    async fn find_server(&self, limit: Duration) -> Result<ConnectionInfo, ConnectError> {
        match self {
            Self::Server(info) | Self::Node(info) => Ok(info.clone()),
            Self::Master(sentinels) => sentinels.find_master(limit).await,
        }
    }
}

/// Whether the server is a node of a cluster; `None` when it does not say, because the user may not ask.
async fn read_cluster_mode(redis: &mut MultiplexedConnection) -> Result<Option<bool>, RedisError> {
    let answer: Result<String, _> = cmd("INFO").arg("cluster").query_async(redis).await;
    match answer {
        Ok(text) => {
            Ok(text.lines().find_map(|it| it.strip_prefix("cluster_enabled:")).map(|it| it.trim() == "1"))
        }
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnection").finish_non_exhaustive()
    }
}
