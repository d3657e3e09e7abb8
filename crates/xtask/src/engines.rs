//! `cargo xtask engines`: the record on servers that replicate, as far as they are installed.

use std::io::{self, Write};
use std::path::Path;

use test_servers::Galera;

use crate::cargo;

/// Names one server to the contract suite of the record.
const ONE_SERVER: &str = "TEST_MYSQL_URL";
/// Names several servers with the same data to the tests over servers, with commas between them.
const ALL_SERVERS: &str = "TEST_MYSQL_SERVERS";
/// The suites: a name, and the arguments of cargo.
const SUITES: &[(&str, &[&str])] = &[
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
    for (name, arguments) in SUITES {
        let mut command = cargo::cargo_command(root);
        command.args(*arguments).env(ALL_SERVERS, urls.join(","));
        if let Some(first) = urls.first() {
            command.env(ONE_SERVER, first);
        }
        rows.push((*name, command.status()?.success()));
    }
    writeln!(out, "\n| galera | outcome |\n| --- | --- |")?;
    for (name, succeeded) in &rows {
        writeln!(out, "| {name} | {} |", if *succeeded { "passes" } else { "FAILS" })?;
    }
    Ok(rows.iter().all(|it| it.1))
}
