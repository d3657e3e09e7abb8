//! The Redis that all adapters of this crate share: one server, a cluster, or a master that Sentinels name.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use circuit_breaker::DEFAULT_TIMEOUT;
use ports::{HealthCheck, Metrics, PortError};
use redis::{Cmd, FromRedisValue, aio::PubSub, cmd};
use tokio::time;

use crate::{
    InvalidUrl, RedisAddress, WrongServer,
    address::Place,
    cluster::Cluster,
    connect::ConnectError,
    connection::Target,
    faults::Faults,
    node::{Answer, Node, Prelude},
    sentinels::Sentinels,
};

/// The key that the health check writes. It expires after [`HEALTH_MS`].
const HEALTH: &str = "idem:health";
/// Time to live of that key, in milliseconds.
const HEALTH_MS: u32 = 1_000;
/// Shortest time limit of a call.
const TIMEOUT_MIN: Duration = Duration::from_millis(1);

/// A Redis. Clones share its connections and what is known of its availability.
#[derive(Clone)]
pub struct Redis {
    servers: Servers,
    faults: Faults,
}

#[derive(Clone)]
enum Servers {
    /// A server, or the master of the moment.
    One(Arc<Node>),
    Cluster(Cluster),
}

impl Redis {
    /// A Redis at a URL such as `redis://host:6379/0`, as [`RedisAddress::parse`] reads it. It need not be up yet. A call
    /// to it takes at most 80 ms, or 160 ms if a cluster redirects it.
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        Self::with_timeout(url, DEFAULT_TIMEOUT)
    }

    /// A Redis with another time limit for a call, the wait for a connection included.
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL.
    pub fn with_timeout(url: &str, timeout: Duration) -> Result<Self, InvalidUrl> {
        Ok(Self::from_address(RedisAddress::parse(url, None)?, timeout))
    }

    /// The Redis at this address; `timeout` is for a call to one server, the wait for a connection included.
    #[must_use]
    pub fn from_address(address: RedisAddress, timeout: Duration) -> Self {
        if address.place.is_encrypted() {
            // The driver encrypts with the provider of the process. One that is there already stays.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let timeout = timeout.max(TIMEOUT_MIN);
        let one = |target| Servers::One(Arc::new(Node::new(target, None, timeout)));
        let servers = match address.place {
            Place::Server(info) => one(Target::Server(info)),
            Place::Sentinels { sentinels, master, server } => {
                one(Target::Master(Sentinels::new(sentinels, master, server)))
            }
            Place::Cluster { login, seeds } => Servers::Cluster(Cluster::new(login, seeds, timeout)),
        };
        Self { servers, faults: Faults::new(Arc::new(())) }
    }

    /// Counts redirections and other answers of a wrong server in `metrics`.
    #[must_use]
    pub fn with_metrics(self, metrics: Arc<dyn Metrics>) -> Self {
        Self { faults: Faults::new(metrics), ..self }
    }

    /// Whether the servers are what the URL says, as far as they can be reached within `limit`.
    ///
    /// # Errors
    /// [`WrongServer`] when one of them answers and is not.
    pub async fn check_kind(&self, limit: Duration) -> Result<(), WrongServer> {
        let check = async {
            match &self.servers {
                Servers::One(node) => node.check_kind(limit).await,
                Servers::Cluster(cluster) => cluster.check_kind(limit).await,
            }
        };
        match time::timeout(limit, check).await {
            Ok(Err(ConnectError::Wrong(wrong))) => Err(wrong),
            // The service starts without Redis, and the health check says that it is unavailable.
            Ok(Ok(()) | Err(ConnectError::Driver(_))) | Err(_) => Ok(()),
        }
    }

    /// Sends one command to the server that has `key`, which is the first of its keys, and waits for its answer, within
    /// the time limit. All keys of a command have the same part in braces, so that a cluster keeps them together.
    pub(crate) async fn run_command<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
    ) -> Result<T, PortError> {
        match &self.servers {
            Servers::One(node) => match node.run(command, Prelude::None).await? {
                Answer::Done(answer) => Ok(answer),
                Answer::Misplaced(misplaced) => {
                    self.faults.record(&misplaced);
                    Err(PortError::unavailable(WrongServer::ClusterNode))
                }
            },
            Servers::Cluster(cluster) => cluster.run(key, command, &self.faults).await,
        }
    }

    /// Sends an empty message to all subscribers of a channel.
    pub(crate) async fn publish(&self, channel: &str) -> Result<(), PortError> {
        match &self.servers {
            Servers::One(_) => self.run_command(channel, cmd("PUBLISH").arg(channel).arg("")).await,
            Servers::Cluster(cluster) => cluster.publish(channel, &self.faults).await,
        }
    }

    /// A connection of its own that is subscribed to this channel. `limit` is for each step of connecting; the caller sets
    /// one for all of them.
    pub(crate) async fn subscribe_channel(
        &self,
        channel: &str,
        limit: Duration,
    ) -> Result<PubSub, ConnectError> {
        match &self.servers {
            Servers::One(node) => node.subscribe_channel(channel, limit).await,
            Servers::Cluster(cluster) => cluster.subscribe_channel(channel, limit).await,
        }
    }
}

#[async_trait]
impl HealthCheck for Redis {
    async fn check_health(&self) -> Result<(), PortError> {
        // A write, not a `PING`: a replica, or a server whose memory is full, answers and cannot be written
        // to.
        match &self.servers {
            Servers::One(_) => {
                self.run_command(HEALTH, cmd("SET").arg(HEALTH).arg("").arg("PX").arg(HEALTH_MS)).await
            }
            Servers::Cluster(cluster) => cluster.check_health(HEALTH, HEALTH_MS, &self.faults).await,
        }
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
    async fn a_password_is_not_shown() {
        let redis = Redis::new("redis+cluster://user:hunter2@localhost:6379").unwrap();
        assert!(!format!("{redis:?}").contains("hunter2"));
    }
}
