//! Private servers for tests: MariaDB, Redis and memcached, each with a free port and a temporary folder.
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
mod process;
mod program;
mod server;
mod smtp;
mod stopwatch;

pub use galera::Galera;
pub use kind::{
    mariadb::{MariaDb, MariaDbKind},
    memcached::{Memcached, MemcachedKind},
    redis::{Redis, RedisKind},
};
pub use program::{MissingProgram, missing_programs};
pub use server::{Server, ServerKind};
pub use smtp::{ReceivedMail, SmtpMode, SmtpServer};
pub use stopwatch::LoadStopwatch;
