//! `cargo xtask engines`: what Idem does on servers that replicate, as far as they are available.

use std::io::{self, Write};
use std::path::Path;

use test_servers::{Galera, MySqlGroup, MySqlProgram};

use crate::{cargo, programs, unpack};

/// Names one server to the contract suite of the record.
const ONE_SERVER: &str = "TEST_MYSQL_URL";
/// Names several servers with the same data to the tests over servers, with commas between them.
const ALL_SERVERS: &str = "TEST_MYSQL_SERVERS";
/// Names the folder of an unpacked MySQL to the tests that start it.
const MYSQL_PROGRAM: &str = "TEST_MYSQL_PROGRAM";
/// Names the program to tests that start it instead of Redis.
const REDIS_PROGRAM: &str = "TEST_REDIS_PROGRAM";
/// The tests of the record itself that every server of this protocol must pass.
const RECORD_TESTS: &[&str] = &["deadlocks::", "adoption::", "migration::", "likeness::", "schema::"];
/// The suites of all that Redis does, on one server, a cluster and with Sentinels; the packages that have suites of these names
/// for other servers run them, too.
const REDIS_SUITES: &[&str] =
    &["contracts", "broadcast", "login", "encrypted", "outage", "cluster", "sentinel"];
/// The binary with the tests of the record on a server, besides the contract suite.
const RECORD: &str = "record";
/// The tests of the whole service in which many clients ask for the same thing.
const STORMS: &[&str] = &["http::storms", "http::once", "http::instances"];
/// Of the tests of the record, those that need servers which the tests of one machine do not start: the races of several that
/// accept writes, and the losses of each kind of cluster.
const RACES: &[&str] = &["writers::", "--ignored", "--nocapture", "--test-threads=1"];
const GALERA_LOSSES: &[&str] = &["galera::", "--ignored", "--nocapture", "--test-threads=1"];
const GROUP_LOSSES: &[&str] = &["group::", "--ignored", "--nocapture", "--test-threads=1"];

/// A test binary with its environment and arguments.
struct Suite<'a> {
    /// The name of the binary.
    name: &'a str,
    /// The variables that name servers.
    variables: Vec<(&'static str, String)>,
    /// The arguments of the binary.
    arguments: &'a [&'a str],
}

impl Suite<'_> {
    fn run(&self, root: &Path) -> io::Result<bool> {
        let mut command = cargo::cargo_command(root);
        // The whole workspace, as for all tests: for one package other features would be built. Where two packages have a
        // suite of that name, both run.
        command.args(["test", "--workspace", "--no-fail-fast", "--test", self.name, "--"]);
        command.args(self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ok(command.status()?.success())
    }
}

/// Starts a cluster, runs every suite against it and prints a table. `is_short` leaves out the contract and the whole
/// service. True if all succeeded, or if Galera is not installed, which is printed.
pub(crate) fn run_galera(root: &Path, is_short: bool) -> io::Result<bool> {
    let mut out = io::stdout();
    if !Galera::is_installed() {
        writeln!(out, "galera: SKIPPED, it is not installed (Debian has it in galera-4 and mariadb-server)")?;
        return Ok(true);
    }
    let cluster = Galera::start()?;
    let urls = cluster.urls();
    let mut rows = vec![("three nodes start", true)];
    if !is_short {
        rows.push(run_contract(root, &urls)?);
        rows.push(run_storms(root, &urls)?);
    }
    let races = Suite { name: RECORD, variables: vec![(ALL_SERVERS, urls.join(","))], arguments: RACES };
    rows.push(("races and fresh reads, over three nodes", races.run(root)?));
    drop(cluster);
    let losses = Suite { name: RECORD, variables: Vec::new(), arguments: GALERA_LOSSES };
    rows.push(("loss and return of each role, a node that hangs or applies late", losses.run(root)?));
    if !is_short {
        rows.push(run_service(root, "on_galera", Vec::new())?);
    }
    print_table("galera", &rows)
}

/// Runs the suites of the record at the primary of a private replication group of MySQL, those that lose members, and the
/// races over a group with several primaries.
/// True if all succeeded, or if MySQL is not available, which is printed.
pub(crate) fn run_group(root: &Path) -> io::Result<bool> {
    let Some(folder) = unpack::unpack_package(root, unpack::MYSQL)? else { return Ok(true) };
    let group = MySqlGroup::start(MySqlProgram::find(&folder)?)?;
    let mut rows = vec![("three members start", true)];
    rows.push(run_contract(root, &group.urls())?);
    let record = Suite { name: RECORD, variables: name_first(&group.urls()), arguments: RECORD_TESTS };
    rows.push(("schema, adoption and deadlocks", record.run(root)?));
    rows.push(run_storms(root, &group.urls())?);
    drop(group);
    let variables = vec![(MYSQL_PROGRAM, folder.display().to_string())];
    let loss = Suite { name: RECORD, variables: variables.clone(), arguments: GROUP_LOSSES };
    rows.push(("hot product, loss and return of each role, one primary and three", loss.run(root)?));
    rows.push(run_service(root, "on_group_replication", variables)?);
    let mut group = MySqlGroup::start(MySqlProgram::find(&folder)?)?;
    group.make_all_primaries()?;
    rows.push(run_contract(root, &group.urls())?);
    let variables = vec![(ALL_SERVERS, group.urls().join(","))];
    let races = Suite { name: RECORD, variables, arguments: RACES };
    rows.push(("races and fresh reads, over three primaries", races.run(root)?));
    print_table("group-replication", &rows)
}

/// Runs the test of the whole service whose name has this part.
fn run_service(
    root: &Path,
    test: &str,
    variables: Vec<(&'static str, String)>,
) -> io::Result<(&'static str, bool)> {
    let suite = Suite { name: "chaos", variables, arguments: &[test, "--ignored", "--nocapture"] };
    Ok(("the whole service, every server lost under load", suite.run(root)?))
}

/// Runs the contract suite of the record at the first of these servers.
fn run_contract(root: &Path, urls: &[String]) -> io::Result<(&'static str, bool)> {
    let suite = Suite { name: "contract", variables: name_first(urls), arguments: &[] };
    Ok(("contract", suite.run(root)?))
}

/// Runs the storms of clients against instances of the service whose record is at the first of these servers.
fn run_storms(root: &Path, urls: &[String]) -> io::Result<(&'static str, bool)> {
    let suite = Suite { name: "servers", variables: name_first(urls), arguments: STORMS };
    Ok(("storms of clients of the service", suite.run(root)?))
}

/// Names the first of these servers to tests.
fn name_first(urls: &[String]) -> Vec<(&'static str, String)> {
    urls.first().map(|it| (ONE_SERVER, it.clone())).into_iter().collect()
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
        let suite = Suite { name: engine.suite, variables: Vec::new(), arguments: &arguments };
        rows.push((name, suite.run(root)?));
    }
    rows.push(run_service(root, engine.service, Vec::new())?);
    print_table(engine.suite, &rows)
}

/// Runs all suites of Redis on Valkey, and the storms of clients. True if all succeeded, or if Valkey is not available,
/// which is printed.
pub(crate) fn run_valkey(root: &Path) -> io::Result<bool> {
    let Some(program) = unpack::unpack_valkey(root)? else { return Ok(true) };
    let variables = vec![(REDIS_PROGRAM, program.display().to_string())];
    let mut rows = Vec::new();
    for name in REDIS_SUITES {
        let suite = Suite { name, variables: variables.clone(), arguments: &[] };
        rows.push((*name, suite.run(root)?));
    }
    let storms = Suite { name: "servers", variables: variables.clone(), arguments: STORMS };
    rows.push(("storms of clients of the service", storms.run(root)?));
    for service in [REDIS_CLUSTER.service, REDIS_SENTINEL.service] {
        rows.push(run_service(root, service, variables.clone())?);
    }
    print_table("valkey", &rows)
}

/// An engine of Redis: the file of its tests, a part of the names of those that end a server, and one of the test of the
/// whole service.
pub(crate) struct RedisEngine {
    suite: &'static str,
    loss: &'static str,
    service: &'static str,
}

/// Several masters, each with a part of the keys.
pub(crate) const REDIS_CLUSTER: RedisEngine =
    RedisEngine { suite: "cluster", loss: "master", service: "on_redis_cluster" };
/// One master at a time, which Sentinels name.
pub(crate) const REDIS_SENTINEL: RedisEngine =
    RedisEngine { suite: "sentinel", loss: "killed", service: "redis_sentinel" };

/// Prints what became of each suite; true if all succeeded.
fn print_table(engine: &str, rows: &[(&str, bool)]) -> io::Result<bool> {
    let mut out = io::stdout();
    writeln!(out, "\n| {engine} | outcome |\n| --- | --- |")?;
    for (name, succeeded) in rows {
        writeln!(out, "| {name} | {} |", if *succeeded { "passes" } else { "FAILS" })?;
    }
    Ok(rows.iter().all(|it| it.1))
}
