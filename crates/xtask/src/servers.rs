//! `cargo xtask servers`: one of each server that Idem can use, for trying things out.

use std::io::{self, Read, Write};

use test_servers::{MariaDb, Memcached, Redis};

use crate::programs;

/// The database that is created on the server.
const DATABASE: &str = "idem";
/// The secrets that the service requires when its database is on a server. They are public and only good
/// for a database that ends with this program.
const SECRETS: &[(&str, &str)] = &[
    ("IDEM_JWT_SECRET", "only-for-trying-things-out-never-keep-it"),
    ("IDEM_SANDBOX_SECRET", "whsec_b25seS1mb3ItdHJ5aW5nLXRoaW5ncy1vdXQ="),
];

/// Starts one server of each kind, prints their addresses as settings for the service, and ends them at the
/// end of its input. A Ctrl-C ends them as well, because they cannot outlive this process.
pub(crate) fn run() -> io::Result<bool> {
    if !programs::ensure_programs()? {
        return Ok(false);
    }
    let (mariadb, redis, memcached) = (MariaDb::start()?, Redis::start()?, Memcached::start()?);
    mariadb.create_database(DATABASE)?;
    let mut out = io::stdout().lock();
    writeln!(out, "export IDEM_DATABASE_URL={}", mariadb.url(DATABASE))?;
    writeln!(out, "export IDEM_REDIS_URL={}", redis.url())?;
    writeln!(out, "export IDEM_MEMCACHED_URL={}", memcached.url())?;
    for (name, secret) in SECRETS {
        writeln!(out, "export {name}={secret}")?;
    }
    writeln!(out, "# They run until Ctrl-C, and leave nothing behind.")?;
    out.flush()?;
    let mut ignored = [0; 64];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(true)
}
