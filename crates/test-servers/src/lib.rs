//! Private servers for tests: MariaDB, Redis and memcached, each on a port of its own, in a folder of its own.
//!
//! They end with the value that started them, and no later than the process, however that ends. Nothing here touches a
//! server that somebody else started.
//!
//! ```no_run
//! use test_servers::Redis;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut redis = Redis::start()?;
//! println!("{}", redis.url());
//! redis.pause()?; // it hangs
//! redis.resume()?;
//! redis.kill()?; // it is away, and leaves what is on its disk
//! redis.restart()?; // on the same port, with the same disk
//! # Ok(())
//! # }
//! ```

mod kind;
mod location;
mod process;
mod program;
mod server;
mod stopwatch;

pub use kind::{
    mariadb::{MariaDb, MariaDbKind},
    memcached::{Memcached, MemcachedKind},
    redis::{Redis, RedisKind},
};
pub use program::{MissingProgram, missing_programs};
pub use server::{Server, ServerKind};
pub use stopwatch::LoadStopwatch;
