//! Chaos: two instances of the service on a real MariaDB, Redis and memcached, under mixed load, while every one of
//! them is killed, hung, emptied and cut off. `cargo xtask chaos` runs it. The record and Redis may also be several servers
//! that replicate.
//!
//! ```text
//! clients ──► two instances ──► a TCP proxy each ──► MariaDB, Redis, memcached
//!    │            ▲                    ▲                        ▲
//!    │            └──── kill, hang ────┼── cut, delay, ── kill, hang, empty
//!    ▼                                 │   half-close
//! history ─────────────► judge ◄────── rows of the record, and `api check`
//! ```
//!
//! Clients retry as the contract says, and write every answer into a [`History`]. When the faults have ended and every
//! request has its answer, [`judge()`] compares the history with the rows of the record: what was acknowledged must be
//! there, once.

mod accounts;
mod client;
mod fault;
mod history;
mod instance;
mod judge;
mod proxy;
mod receiver;
mod record;
mod rows;
mod run;
mod shopper;
mod signature;
mod site;
mod stack;
mod summary;
mod timeline;
mod visitor;

use std::{error::Error, path::PathBuf, time::Duration};

pub use history::{Entry, History, Operation};
pub use judge::{Judgement, judge};
pub use rows::{OrderRow, PaymentRow, RefundRow, Rows};
pub use run::{ChaosRun, run_chaos};
pub use summary::Summary;

/// The error of whatever keeps a run from its end. What the service does wrong is no error but part of a
/// [`Judgement`].
pub type ChaosError = Box<dyn Error + Send + Sync>;

/// The servers that a run is made on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Engine {
    /// One MariaDB and one Redis.
    #[default]
    Single,
    /// Three MariaDB servers of a Galera cluster, which all take writes; each instance prefers another one.
    Galera,
    /// Three members of a replication group of MySQL with one primary; the folder is that of an unpacked MySQL.
    Group(PathBuf),
    /// A Redis Cluster of three masters with a replica each, and two memcached servers.
    RedisCluster,
    /// A Redis with a replica, and three Sentinels.
    RedisSentinel,
}

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The binary of the service.
    pub program: PathBuf,
    /// The servers that it is made on.
    pub engine: Engine,
    /// Decides the order and the length of the faults, and what clients ask. The same seed is the same plan, not the
    /// same run: the scheduler of the machine decides, too.
    pub seed: u64,
    /// Customers that ask at the same time, at least 1.
    pub shoppers: usize,
    /// How long faults go on. Every fault happens once, however short it is.
    pub length: Duration,
    /// The longest time that one fault lasts.
    pub fault_max: Duration,
}
