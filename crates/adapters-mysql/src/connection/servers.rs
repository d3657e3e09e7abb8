//! The servers that the URL names: which of them is connected to, and how fresh its reads are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mysql_async::Opts;
use tokio::time::{Instant, timeout};

use super::server_state::{ServerState, prepare_session};
use super::{BoxError, Conn, connect_options};
use crate::stopwatch::start_stopwatch;

/// Most servers that one URL may name.
const SERVERS_MAX: usize = 16;
/// How long it may take until a new connection is ready, TCP, login and settings included. Then the next server is
/// tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a server that could not be used comes after all others.
const AVOIDED_FOR: Duration = Duration::from_secs(5);

/// What a read may miss where several servers have copies of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consistency {
    /// A read sees every commit that was answered before it began, at whatever server. A Galera server or a member of a
    /// replication group waits until it has applied them; a single server has nothing to wait for.
    #[default]
    Strict,
    /// A read sees what the server has applied, by the settings of the server.
    Eventual,
}

/// The servers of one database, in the order of preference.
#[derive(Clone)]
pub(crate) struct Servers {
    all: Arc<[Server]>,
    consistency: Consistency,
}

struct Server {
    options: Opts,
    /// When it could not be used last; none if it can be, as far as is known.
    failed_at: Mutex<Option<Instant>>,
}

impl Servers {
    /// Reads a URL, in which several servers have commas between them: `mysql://user:password@a:3306,b:3306/database`.
    /// `None` if it is not of that form, has an option that the driver does not know, or names no database.
    pub(crate) fn parse(url: &str, consistency: Consistency) -> Option<Self> {
        let urls = split_url(url)?;
        let all: Option<Arc<[Server]>> = urls.iter().map(|it| Server::parse_url(it)).collect();
        Some(Self { all: all?, consistency })
    }

    /// Opens a connection with all its settings to the first server that takes writes. If there is none, one that only
    /// reads is better than nothing.
    ///
    /// Every server has a second, so a server that hangs delays this by no more than that, and only once in a while.
    pub(crate) async fn open_connection(&self) -> Result<Conn, BoxError> {
        Ok(Conn::try_from(self.connect(CONNECT_TIMEOUT).await?).await?)
    }

    /// The same as a connection of the driver, with another limit of time for each server.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<mysql_async::Conn, BoxError> {
        let (mut read_only, mut failed) = (None, None);
        for server in self.order_by_failures() {
            match server.connect_within(limit, self.consistency).await {
                Ok((conn, ServerState::Writable)) => {
                    server.set_failed(None);
                    return Ok(conn);
                }
                Ok((conn, ServerState::ReadOnly)) => {
                    server.set_failed(Some(start_stopwatch()));
                    read_only = read_only.or(Some(conn));
                }
                Err(error) => {
                    server.set_failed(Some(start_stopwatch()));
                    tracing::debug!(
                        host = server.options.ip_or_hostname(),
                        %error,
                        "cannot use a database server, trying the next one"
                    );
                    failed = failed.or(Some(error));
                }
            }
        }
        read_only.ok_or_else(|| failed.unwrap_or_else(|| "the URL names no database server".into()))
    }

    /// The servers in their order, those last that could not be used a short time ago.
    fn order_by_failures(&self) -> Vec<&Server> {
        let mut servers: Vec<_> = self.all.iter().collect();
        // Stable, so that the order of the URL decides among the others.
        servers.sort_by_key(|it| it.has_failed());
        servers
    }
}

impl Server {
    fn parse_url(url: &str) -> Option<Self> {
        let options = Opts::from_url(url).ok()?;
        let is_usable = options.tcp_port() != 0 && options.db_name().is_some_and(|name| !name.is_empty());
        let options = connect_options(options);
        is_usable.then_some(Self { options, failed_at: Mutex::new(None) })
    }

    async fn connect_within(
        &self,
        limit: Duration,
        consistency: Consistency,
    ) -> Result<(mysql_async::Conn, ServerState), BoxError> {
        // One limit around login and settings too: a server that hangs still accepts TCP connections, and then
        // says nothing.
        let connecting = async {
            let mut conn = mysql_async::Conn::new(self.options.clone()).await?;
            let state = prepare_session(&mut conn, consistency).await?;
            Ok::<_, BoxError>((conn, state))
        };
        timeout(limit, connecting).await?
    }

    fn has_failed(&self) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|it| it.elapsed() < AVOIDED_FOR)
    }

    fn set_failed(&self, at: Option<Instant>) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

/// One URL for each server. `None` for a URL without a host, with an empty one, or with too many.
fn split_url(url: &str) -> Option<Vec<String>> {
    let (authority, database) = url.strip_prefix("mysql://")?.split_once('/')?;
    // A password may hold a comma; what comes behind its `@` cannot.
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let at = if login.is_empty() { "" } else { "@" };
    let hosts: Vec<_> = hosts.split(',').collect();
    let is_valid = hosts.len() <= SERVERS_MAX && hosts.iter().all(|it| !it.is_empty());
    is_valid.then(|| hosts.iter().map(|host| format!("mysql://{login}{at}{host}/{database}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_of_a_url_has_the_same_login_database_and_options() {
        let urls = split_url("mysql://u:p,w@a:1,b,[::1]:3/shop?require_ssl=true").unwrap();
        let expected = [
            "mysql://u:p,w@a:1/shop?require_ssl=true",
            "mysql://u:p,w@b/shop?require_ssl=true",
            "mysql://u:p,w@[::1]:3/shop?require_ssl=true",
        ];
        assert_eq!(urls, expected);
        assert_eq!(split_url("mysql://a/shop").unwrap(), ["mysql://a/shop"]);
        assert_eq!(split_url("mysql://a/shop?x=b@c").unwrap(), ["mysql://a/shop?x=b@c"]);
    }

    #[test]
    fn a_url_without_a_server_or_a_database_is_refused() {
        let many = format!("mysql://{}/shop", vec!["a"; SERVERS_MAX + 1].join(","));
        for url in [
            "mysql://a,/shop",
            "mysql://,a/shop",
            "mysql://a:0,b/shop",
            "mysql://a,b",
            "mysql://a,b/",
            many.as_str(),
        ] {
            assert!(Servers::parse(url, Consistency::Strict).is_none(), "{url}");
        }
        assert!(Servers::parse("mysql://a,b:4/shop", Consistency::Strict).is_some());
    }
}
