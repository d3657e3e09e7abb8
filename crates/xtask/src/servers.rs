//! `cargo xtask servers`: one of each server that Idem can use, for trying things out.

use std::io::{self, Read, Write};

use test_servers::{MariaDb, Memcached, Redis};

use crate::programs;

/// The database that is made.
const DATABASE: &str = "idem";

/// Starts them, prints where they are as settings that the service reads, and ends them with its input. A Ctrl-C ends
/// them too, because they cannot outlive this process.
pub(crate) fn run() -> io::Result<bool> {
    if !programs::ensure()? {
        return Ok(false);
    }
    let (mariadb, redis, memcached) = (MariaDb::start()?, Redis::start()?, Memcached::start()?);
    mariadb.create_database(DATABASE)?;
    let mut out = io::stdout().lock();
    writeln!(out, "export IDEM_DATABASE_URL={}", mariadb.url(DATABASE))?;
    writeln!(out, "export IDEM_REDIS_URL={}", redis.url())?;
    writeln!(out, "export IDEM_MEMCACHED_URL={}", memcached.url())?;
    writeln!(out, "# They run until Ctrl-C, and leave nothing behind.")?;
    out.flush()?;
    let mut ignored = [0; 64];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(true)
}
