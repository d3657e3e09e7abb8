//! A private Redis with Sentinels on loopback: a master, its replica, and three Sentinels that watch them.

use std::{fs, io, path::Path};

use crate::{
    location::Location,
    redis_node::{Certificate, RedisNode, wait_until},
    server_group::ServerGroup,
};

/// The name of the master in the Sentinels' configuration.
const MASTER: &str = "test";
/// The number of Sentinels; two of them agree that a master is gone.
const SENTINELS: usize = 3;
/// The number of Sentinels that have to agree.
const QUORUM: usize = 2;
/// How long the master may be silent until a Sentinel takes it for gone, in milliseconds. Short, so that tests are, and longer
/// than a server that runs is silent on a machine with other work.
const DOWN_AFTER_MS: u32 = 3_000;
/// The time of one attempt to make another server the master, in milliseconds.
const FAILOVER_MS: u32 = 5_000;

/// A master, a replica and three Sentinels, without data and without a password. They end when this value is dropped, or
/// with this process.
#[derive(Debug)]
pub struct RedisSentinel {
    /// The first one was the master at the start.
    servers: Vec<RedisNode>,
    sentinels: Vec<RedisNode>,
    is_encrypted: bool,
}

impl RedisSentinel {
    /// Starts the servers and waits until every Sentinel knows the others and the replica.
    ///
    /// # Errors
    /// When Redis is not installed, or they do not find each other in time.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None)
    }

    /// The same with TLS between all of them and for clients. The certificate has to be valid for 127.0.0.1; it and its key
    /// are in PEM.
    ///
    /// # Errors
    /// As for [`start`](Self::start), and when Redis cannot use the certificate.
    pub fn start_encrypted(certificate: &Path, key: &Path) -> io::Result<Self> {
        Self::start_with(Some(Certificate { certificate, key }))
    }

    fn start_with(certificate: Option<Certificate<'_>>) -> io::Result<Self> {
        let start = |name, settings: &[String]| RedisNode::start(Location::new(name)?, settings, certificate);
        let master = start("redis-master", &server_settings(None))?;
        let replica = start("redis-replica", &server_settings(Some(&master)))?;
        let sentinels =
            (0..SENTINELS).map(|_| start_sentinel(&master, certificate)).collect::<io::Result<Vec<_>>>()?;
        let group = Self { servers: vec![master, replica], sentinels, is_encrypted: certificate.is_some() };
        wait_until("all Sentinels know each other and the replica", || {
            Ok(group.sentinels.iter().all(knows_all))
        })?;
        Ok(group)
    }

    /// The URL by which the master of the moment is found, without a database and without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.sentinels.iter().map(|it| format!("127.0.0.1:{}", it.public_port())).collect();
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        format!("{scheme}+sentinel://{}/{MASTER}", hosts.join(","))
    }

    /// The URL of a server itself, the first one's with index 0.
    ///
    /// # Errors
    /// When there is no such server.
    pub fn server_url(&self, index: usize) -> io::Result<String> {
        self.servers.get(index).map(|it| format!("redis://127.0.0.1:{}", it.port())).ok_or_else(not_found)
    }

    /// The port of the master that most Sentinels name.
    ///
    /// # Errors
    /// When no Sentinel answers.
    pub fn master_port(&self) -> io::Result<u16> {
        let ask = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {MASTER}");
        let named = |it: &RedisNode| it.ask(&ask).ok()?.lines().nth(1)?.parse::<u16>().ok();
        let mut ports: Vec<_> = self.sentinels.iter().filter_map(named).collect();
        ports.sort_unstable();
        ports.get(ports.len() / 2).copied().ok_or_else(not_found)
    }

    /// Stops a Sentinel's process: it accepts connections and answers nothing.
    ///
    /// # Errors
    /// When there is no such Sentinel.
    pub fn pause_sentinel(&self, index: usize) -> io::Result<()> {
        self.sentinels.get(index).ok_or_else(not_found)?.pause()
    }

    /// Waits until the replica has all that the first server has, so that nothing is lost with it.
    ///
    /// # Errors
    /// When it has not in time.
    pub fn wait_copied(&self) -> io::Result<()> {
        let offset = |index: usize, name: &str| -> Option<String> {
            let info = self.servers.get(index)?.ask("INFO replication").ok()?;
            info.lines().find_map(|it| it.strip_prefix(name)).map(|it| it.trim().to_owned())
        };
        wait_until("the replica has all data", || {
            let copied = offset(1, "slave_repl_offset:");
            Ok(copied.is_some() && copied == offset(0, "master_repl_offset:"))
        })
    }

    /// Waits until every running server is the master that most Sentinels name, with its replica, or follows it.
    ///
    /// # Errors
    /// When that is not so in time.
    pub fn wait_whole(&self) -> io::Result<()> {
        wait_until("the servers follow one master", || {
            let master = self.master_port()?;
            Ok(self.servers.iter().all(|it| {
                let sign =
                    if it.public_port() == master { "connected_slaves:1" } else { "master_link_status:up" };
                it.ask("INFO replication").is_ok_and(|info| info.contains(sign))
            }))
        })
    }
}

impl ServerGroup for RedisSentinel {
    /// Sentinels are no servers in this sense.
    fn ports(&self) -> Vec<u16> {
        self.servers.iter().map(RedisNode::port).collect()
    }

    fn kill(&mut self, server: usize) -> io::Result<()> {
        self.servers.get_mut(server).ok_or_else(not_found)?.kill();
        Ok(())
    }

    /// It becomes a replica if there is another master.
    fn restart(&mut self, server: usize) -> io::Result<()> {
        self.servers.get_mut(server).ok_or_else(not_found)?.restart()?;
        self.wait_whole()
    }

    fn pause(&mut self, server: usize) -> io::Result<()> {
        self.servers.get(server).ok_or_else(not_found)?.pause()
    }

    /// It becomes a replica if there is another master.
    fn resume(&mut self, server: usize) -> io::Result<()> {
        self.servers.get(server).ok_or_else(not_found)?.resume()?;
        self.wait_whole()
    }
}

fn server_settings(master: Option<&RedisNode>) -> Vec<String> {
    let settings = [("--repl-diskless-sync-delay", "0".to_owned()), ("--appendonly", "yes".to_owned())];
    let settings = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    let follows =
        master.map(|it| ["--replicaof".to_owned(), "127.0.0.1".to_owned(), it.public_port().to_string()]);
    settings.chain(follows.into_iter().flatten()).collect()
}

/// A Sentinel keeps what it learns in its configuration, which therefore is a file.
fn start_sentinel(master: &RedisNode, certificate: Option<Certificate<'_>>) -> io::Result<RedisNode> {
    let location = Location::new("redis-sentinel")?;
    let file = location.folder().join("sentinel.conf");
    let text = format!(
        "sentinel monitor {MASTER} 127.0.0.1 {} {QUORUM}\n\
         sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\n\
         sentinel failover-timeout {MASTER} {FAILOVER_MS}\n",
        master.public_port()
    );
    fs::write(&file, text)?;
    RedisNode::start(location, &[file.to_string_lossy().into_owned(), "--sentinel".to_owned()], certificate)
}

fn knows_all(sentinel: &RedisNode) -> bool {
    let Ok(known) = sentinel.ask(&format!("SENTINEL MASTER {MASTER}")) else { return false };
    let lines: Vec<_> = known.lines().collect();
    let number = |name: &str| {
        let at = lines.iter().position(|it| *it == name)?;
        lines.get(at + 1)?.parse::<usize>().ok()
    };
    number("num-other-sentinels") == Some(SENTINELS - 1) && number("num-slaves") == Some(1)
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}
