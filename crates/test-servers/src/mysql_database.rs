//! Empty databases on a private MariaDB, or on any server that speaks its protocol.

use std::{
    env, io,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    kind::mariadb::{MariaDb, check_output},
    program,
};

/// Names another server to hold against the promises: `mysql://user:password@host:port`. The account must be allowed to
/// create databases; those that are made there stay.
const OTHER: &str = "TEST_MYSQL_URL";

/// Creates an empty database whose name begins with `name`, and gives its URL. It is on the server that `TEST_MYSQL_URL`
/// names, or else on the MariaDB that the tests of a process share.
///
/// # Errors
/// When the name is not a few of `[a-z0-9_]`, or the server does not create it.
pub fn mysql_database(name: &str) -> io::Result<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // The other server outlives this process, whose number keeps names apart.
    let name = format!("{name}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let Ok(other) = env::var(OTHER) else {
        let server = MariaDb::shared()?;
        server.create_database(&name)?;
        return Ok(server.url(&name));
    };
    run_at(&other, &format!("CREATE DATABASE `{name}`"))?;
    Ok(format!("{}/{name}", other.trim_end_matches('/')))
}

/// Runs SQL in a database that [`mysql_database`] has made.
///
/// # Errors
/// When the URL is of another form, or the server refuses the SQL.
pub fn execute_in_database(url: &str, sql: &str) -> io::Result<()> {
    let (server, name) = url.rsplit_once('/').ok_or_else(invalid_url)?;
    run_at(server, &format!("USE `{name}`; {sql}"))
}

fn run_at(server: &str, sql: &str) -> io::Result<()> {
    let place = parse_url(server).ok_or_else(invalid_url)?;
    let client = Command::new(program::find_program("mariadb")?)
        .args(["--no-defaults", "--batch", "--protocol=tcp"])
        .args([format!("--host={}", place.host), format!("--port={}", place.port)])
        .arg(format!("--user={}", place.user))
        // Not an argument, which other users of the machine can see.
        .env("MYSQL_PWD", place.password)
        .arg(format!("--execute={sql}"))
        .output()?;
    check_output("mariadb", &client)
}

fn invalid_url() -> io::Error {
    let text = format!("{OTHER} must be mysql://user:password@host:port");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

struct Place<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
    port: u16,
}

/// The parts of the URL. Characters that would have to be encoded are refused, because they would have to be decoded.
fn parse_url(url: &str) -> Option<Place<'_>> {
    let rest = url.strip_prefix("mysql://")?.trim_end_matches('/');
    let (login, server) = rest.split_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = server.rsplit_once(':')?;
    let is_plain = !rest.contains(['%', '/', '?', '#']) && !user.is_empty() && !host.is_empty();
    is_plain.then_some(Place { user, password, host, port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_with_user_and_port() {
        let parts = |url| parse_url(url).map(|it| (it.user, it.password, it.host, it.port));
        assert_eq!(parts("mysql://root@127.0.0.1:4000"), Some(("root", "", "127.0.0.1", 4_000)));
        assert_eq!(parts("mysql://u:p:w@host:1/"), Some(("u", "p:w", "host", 1)));
        for url in [
            "mysql://host:1",
            "mysql://u@host",
            "mysql://u@host:1/db",
            "http://u@host:1",
            "mysql://u:%40@h:1",
        ] {
            assert!(parse_url(url).is_none(), "{url}");
        }
    }
}
