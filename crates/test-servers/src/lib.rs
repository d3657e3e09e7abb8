//! Private servers for tests: MariaDB (also as a Galera cluster), MySQL (as a replication group), Redis (also as a cluster and
//! with Sentinels) and memcached, each with free ports and temporary folders.
//!
//! A server ends when its value is dropped, and at the latest with the process, however that ends. Nothing
//! here touches a server that another program started.
//!
//! ```no_run
//! use test_servers::Redis;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut redis = Redis::start()?;
//! println!("{}", redis.url());
//! redis.pause()?; // it hangs: connections are accepted and not answered
//! redis.resume()?;
//! redis.kill()?; // it is unavailable, and its files stay
//! redis.restart()?; // on the same port, with the same files
//! # Ok(())
//! # }
//! ```

mod galera;
mod kind;
mod location;
mod mysql_database;
mod mysql_group;
mod process;
mod program;
mod redis_cluster;
mod redis_node;
mod redis_sentinel;
mod redis_tls;
mod server;
mod server_group;
mod smtp;
mod stopwatch;
mod unpacked;

pub use galera::Galera;
pub use kind::{
    mariadb::{MariaDb, MariaDbKind},
    memcached::{Memcached, MemcachedKind},
    redis::{Redis, RedisKind},
};
pub use location::find_free_port;
pub use mysql_database::{execute_in_database, mysql_database};
pub use mysql_group::{MySqlGroup, MySqlProgram};
pub use process::Process;
pub use program::{MissingProgram, missing_programs};
pub use redis_cluster::RedisCluster;
pub use redis_sentinel::RedisSentinel;
pub use redis_tls::RedisTls;
pub use server::{Server, ServerKind};
pub use server_group::ServerGroup;
pub use smtp::{ReceivedMail, SmtpMode, SmtpServer};
pub use stopwatch::LoadStopwatch;
pub use unpacked::UnpackedPrograms;
