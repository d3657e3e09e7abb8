//! A private Redis Cluster on loopback: three masters with a replica each.

use std::{io, path::Path};

use crate::{
    location::Location,
    redis_node::{Certificate, RedisNode, wait_until},
    server_group::ServerGroup,
};

/// The number of masters; a majority of them elects the successor of one that is gone.
const MASTERS: usize = 3;
/// The number of slots of every cluster.
const SLOTS: usize = 16_384;
/// How long a node may be silent until the others take it for gone, in milliseconds. Short, so that tests are, and longer than
/// a node that runs is silent on a machine with other work.
const NODE_TIMEOUT_MS: &str = "3000";

/// A cluster of six nodes without data and without a password. It ends when this value is dropped, or with this process.
#[derive(Debug)]
pub struct RedisCluster {
    /// The first three were masters at the start. The port of the bus belongs to its node.
    nodes: Vec<(RedisNode, Location)>,
    is_encrypted: bool,
}

impl RedisCluster {
    /// Starts a cluster and waits until every node knows that all slots are served and that each master has its replica.
    ///
    /// # Errors
    /// When Redis is not installed, or the nodes do not find each other in time.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None)
    }

    /// The same with TLS between the nodes and for clients. The certificate has to be valid for 127.0.0.1; it and its key are
    /// in PEM.
    ///
    /// # Errors
    /// As for [`start`](Self::start), and when Redis cannot use the certificate.
    pub fn start_encrypted(certificate: &Path, key: &Path) -> io::Result<Self> {
        Self::start_with(Some(Certificate { certificate, key }))
    }

    fn start_with(certificate: Option<Certificate<'_>>) -> io::Result<Self> {
        let nodes = (0..MASTERS * 2).map(|_| start_node(certificate)).collect::<io::Result<Vec<_>>>()?;
        let cluster = Self { nodes, is_encrypted: certificate.is_some() };
        for (index, (node, _)) in cluster.nodes.iter().enumerate() {
            node.ask(&format!("CLUSTER SET-CONFIG-EPOCH {}", index + 1))?;
            if index < MASTERS {
                let (first, next) = (SLOTS * index / MASTERS, SLOTS * (index + 1) / MASTERS);
                node.ask(&format!("CLUSTER ADDSLOTSRANGE {first} {}", next - 1))?;
            }
        }
        if let Some((first, _)) = cluster.nodes.first() {
            for (node, bus) in cluster.nodes.iter().skip(1) {
                first.ask(&format!("CLUSTER MEET 127.0.0.1 {} {}", node.public_port(), bus.port()))?;
            }
        }
        let ids =
            cluster.nodes.iter().map(|(it, _)| it.ask("CLUSTER MYID")).collect::<io::Result<Vec<_>>>()?;
        for ((node, _), master) in cluster.nodes.iter().skip(MASTERS).zip(&ids) {
            // Refused until the node has heard of its master.
            wait_until("a replica knows its master", || {
                Ok(node.ask(&format!("CLUSTER REPLICATE {master}")).is_ok())
            })?;
        }
        cluster.wait_whole()?;
        Ok(cluster)
    }

    /// The URL of the cluster, which names all nodes.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.nodes.iter().map(|(it, _)| format!("127.0.0.1:{}", it.public_port())).collect();
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        format!("{scheme}+cluster://{}", hosts.join(","))
    }

    /// The URL of one node, as if it were a server that is part of no cluster. The first three are the first masters.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn node_url(&self, index: usize) -> io::Result<String> {
        Ok(format!("redis://127.0.0.1:{}/0", self.node(index)?.port()))
    }

    /// The answer of a node to a command: a text, or the lines of a list.
    ///
    /// # Errors
    /// When there is no such node, or it does not answer, or answers with an error.
    pub fn ask(&self, index: usize, command: &str) -> io::Result<String> {
        self.node(index)?.ask(command)
    }

    /// Waits until all running nodes say that every slot is served and every master has a replica that follows it.
    ///
    /// # Errors
    /// When that is not so in time.
    pub fn wait_whole(&self) -> io::Result<()> {
        wait_until("the cluster is whole", || {
            Ok(self.nodes.iter().all(|(it, _)| !it.is_running() || is_whole(it)))
        })
    }

    fn node(&self, index: usize) -> io::Result<&RedisNode> {
        self.nodes.get(index).map(|(it, _)| it).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl ServerGroup for RedisCluster {
    fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(|(it, _)| it.port()).collect()
    }

    fn kill(&mut self, node: usize) -> io::Result<()> {
        self.nodes.get_mut(node).map(|(it, _)| it.kill()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// It comes back as a replica if it has a successor.
    fn restart(&mut self, node: usize) -> io::Result<()> {
        let (node, _) = self.nodes.get_mut(node).ok_or(io::ErrorKind::NotFound)?;
        node.restart()?;
        self.wait_whole()
    }

    fn pause(&mut self, node: usize) -> io::Result<()> {
        self.node(node)?.pause()
    }

    fn resume(&mut self, node: usize) -> io::Result<()> {
        self.node(node)?.resume()?;
        self.wait_whole()
    }
}

/// A node without slots that belongs to no one yet.
fn start_node(certificate: Option<Certificate<'_>>) -> io::Result<(RedisNode, Location)> {
    let (location, bus) = (Location::new("redis-cluster")?, Location::new("bus")?);
    let encryption = if certificate.is_some() { "yes" } else { "no" };
    let settings = [
        ("--cluster-enabled", "yes".to_owned()),
        ("--cluster-port", bus.port().to_string()),
        ("--tls-cluster", encryption.to_owned()),
        ("--cluster-node-timeout", NODE_TIMEOUT_MS.to_owned()),
        // A replica that has lost its master long ago may still replace it: no test loses data by that.
        ("--cluster-replica-validity-factor", "0".to_owned()),
        ("--repl-diskless-sync-delay", "0".to_owned()),
        ("--appendonly", "yes".to_owned()),
    ];
    let settings: Vec<_> = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    Ok((RedisNode::start(location, &settings, certificate)?, bus))
}

fn is_whole(node: &RedisNode) -> bool {
    let serves = node.ask("CLUSTER INFO").is_ok_and(|it| it.contains("cluster_state:ok"));
    let follows = node.ask("INFO replication").is_ok_and(|it| {
        it.contains("role:master") && !it.contains("connected_slaves:0")
            || it.contains("master_link_status:up")
    });
    let nodes = node.ask("CLUSTER NODES").unwrap_or_default();
    let replicas = nodes.lines().filter(|it| it.contains("slave")).count();
    serves && follows && replicas >= MASTERS
}
