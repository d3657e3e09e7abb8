//! `cargo xtask engines`: what Idem does on servers that replicate, as far as they are installed.

use std::io::{self, Write};
use std::path::Path;

use test_servers::Galera;

use crate::{cargo, programs};

/// Names one server to the contract suite of the record.
const ONE_SERVER: &str = "TEST_MYSQL_URL";
/// Names several servers with the same data to the tests over servers, with commas between them.
const ALL_SERVERS: &str = "TEST_MYSQL_SERVERS";
/// The suites on Galera: a name, and the arguments of cargo.
const GALERA_SUITES: &[(&str, &[&str])] = &[
    ("contract, at one node", &["test", "-p", "adapters-mysql", "--test", "contract", "--no-fail-fast"]),
    (
        "races and fresh reads, over three nodes",
        &[
            "test",
            "-p",
            "adapters-mysql",
            "--test",
            "writers",
            "--",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ],
    ),
];

/// Starts a cluster, runs every suite against it and prints a table. True if all succeeded, or if Galera is not
/// installed, which is printed.
pub(crate) fn run_galera(root: &Path) -> io::Result<bool> {
    let mut out = io::stdout();
    if !Galera::is_installed() {
        writeln!(out, "galera: skipped, it is not installed (Debian has it in galera-4 and mariadb-server)")?;
        return Ok(true);
    }
    let cluster = Galera::start()?;
    let urls = cluster.urls();
    let mut rows = vec![("three nodes start", true)];
    for (name, arguments) in GALERA_SUITES {
        let mut command = cargo::cargo_command(root);
        command.args(*arguments).env(ALL_SERVERS, urls.join(","));
        if let Some(first) = urls.first() {
            command.env(ONE_SERVER, first);
        }
        rows.push((*name, command.status()?.success()));
    }
    print_table("galera", &rows)
}

/// Runs the suites of Redis on a private cluster, or on a master with Sentinels: the tests start these servers themselves.
/// True if all succeeded.
pub(crate) fn run_redis(root: &Path, engine: &RedisEngine) -> io::Result<bool> {
    if !programs::ensure_programs()? {
        return Ok(false);
    }
    let mut rows = Vec::new();
    for (name, arguments) in
        [("contracts", ["--skip", engine.loss]), ("loss of the master", [engine.loss, "--nocapture"])]
    {
        let mut command = cargo::cargo_command(root);
        command.args(["test", "-p", "adapters-redis", "--test", engine.suite, "--no-fail-fast", "--"]);
        rows.push((name, command.args(arguments).status()?.success()));
    }
    print_table(engine.suite, &rows)
}

/// An engine of Redis: the file of its tests, and a part of the names of those that end a server.
pub(crate) struct RedisEngine {
    suite: &'static str,
    loss: &'static str,
}

/// Several masters, each with a part of the keys.
pub(crate) const REDIS_CLUSTER: RedisEngine = RedisEngine { suite: "cluster", loss: "master" };
/// One master at a time, which Sentinels name.
pub(crate) const REDIS_SENTINEL: RedisEngine = RedisEngine { suite: "sentinel", loss: "killed" };

/// Prints what became of each suite; true if all succeeded.
fn print_table(engine: &str, rows: &[(&str, bool)]) -> io::Result<bool> {
    let mut out = io::stdout();
    writeln!(out, "\n| {engine} | outcome |\n| --- | --- |")?;
    for (name, succeeded) in rows {
        writeln!(out, "| {name} | {} |", if *succeeded { "passes" } else { "FAILS" })?;
    }
    Ok(rows.iter().all(|it| it.1))
}
