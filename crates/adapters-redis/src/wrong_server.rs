//! A server that answers and is of another kind than the URL says.

/// The server is not what the URL says, so calls to it would fail, now and later. Correct the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongServer {
    /// A single server was expected. A node of a cluster has only a part of the keys.
    #[error("names a node of a Redis Cluster: it must begin with redis+cluster:// or rediss+cluster://")]
    ClusterNode,
    /// A node of a cluster was expected.
    #[error("names a Redis that is in no cluster: it must begin with redis:// or rediss://")]
    NotInCluster,
    /// A Sentinel was expected.
    #[error(
        "names servers of which none is a Sentinel: it must not begin with redis+sentinel:// or rediss+sentinel://"
    )]
    NoSentinel,
    /// The Sentinels know no master of this name.
    #[error("names a master that the Sentinels do not know")]
    UnknownMaster,
}
