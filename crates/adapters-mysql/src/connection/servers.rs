//! The servers that the URL names: which of them is connected to, and how fresh its reads are.

use std::sync::Arc;
use std::time::Duration;

use super::server::{Origin, ServedConn, Server};
use super::server_state::ServerState;
use super::{BoxError, Conn};

/// Most servers that one URL may name.
const SERVERS_MAX: usize = 16;
/// How long it may take until a new connection is ready, TCP, login and settings included. Then the next server is
/// tried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

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
    all: Arc<[Arc<Server>]>,
    consistency: Consistency,
}

impl Servers {
    /// Reads a URL, in which several servers have commas between them: `mysql://user:password@a:3306,b:3306/database`.
    /// `None` if it is not of that form, has an option that the driver does not know, or names no database.
    pub(crate) fn parse(url: &str, consistency: Consistency) -> Option<Self> {
        let urls = split_url(url)?;
        let all: Option<Arc<[_]>> = urls.iter().map(|it| Server::parse_url(it).map(Arc::new)).collect();
        Some(Self { all: all?, consistency })
    }

    /// Opens a connection with all its settings to the first server that takes writes.
    ///
    /// Every server has a second, so a server that hangs delays this by no more than that, and only once in a while.
    pub(crate) async fn open_connection(&self) -> Result<ServedConn, BoxError> {
        let (conn, origin) = self.connect_first(CONNECT_TIMEOUT).await?;
        Ok(ServedConn { conn: Conn::try_from(conn).await?, origin })
    }

    /// The same as a connection of the driver, with another limit of time for each server.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<mysql_async::Conn, BoxError> {
        Ok(self.connect_first(limit).await?.0)
    }

    /// Leaves the server of a connection for another one, if the URL names any.
    pub(super) fn leave_server(&self, origin: &Origin, reason: &'static str) {
        if self.has_several() {
            origin.leave_server(reason);
        }
    }

    async fn connect_first(&self, limit: Duration) -> Result<(mysql_async::Conn, Origin), BoxError> {
        let (mut read_only, mut failed) = (None, None);
        for server in self.order_by_failures() {
            let origin = Origin::new(server);
            match server.connect_within(limit, self.consistency).await {
                Ok((conn, ServerState::Writable)) => {
                    origin.prefer_again();
                    return Ok((conn, origin));
                }
                Ok((conn, ServerState::ReadOnly)) if self.takes_readers() => {
                    server.avoid();
                    read_only = read_only.or(Some((conn, origin)));
                }
                Ok((_, ServerState::ReadOnly)) => {
                    server.avoid();
                    failed =
                        failed.or(Some("the server only reads, and may lag behind one that writes".into()));
                }
                Err(error) => {
                    server.avoid();
                    tracing::debug!(
                        host = server.host(),
                        %error,
                        "cannot use a database server, trying the next one"
                    );
                    failed = failed.or(Some(error));
                }
            }
        }
        read_only.ok_or_else(|| failed.unwrap_or_else(|| "the URL names no database server".into()))
    }

    /// Whether a server that only reads is better than none. The only server of a URL has nothing to lag behind, as far as
    /// is known. One of several may be a replica, or a former primary whose successor has newer commits.
    fn takes_readers(&self) -> bool {
        self.consistency == Consistency::Eventual || !self.has_several()
    }

    fn has_several(&self) -> bool {
        self.all.len() > 1
    }

    /// The servers in their order, those last that could not be used a short time ago.
    fn order_by_failures(&self) -> Vec<&Arc<Server>> {
        let mut servers: Vec<_> = self.all.iter().collect();
        // Stable, so that the order of the URL decides among the others.
        servers.sort_by_key(|it| it.avoided_until());
        servers
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
