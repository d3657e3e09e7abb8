//! Where Redis is: one server, a cluster, or a master that Sentinels name.

use std::fmt;

use redis::{Client, ConnectionAddr, ConnectionInfo, TlsCertificates};

use crate::slots::NodeAddress;

/// The port of a Sentinel whose address names none.
const SENTINEL_PORT: u16 = 26_379;
/// Most servers that one URL names.
const HOSTS_MAX: usize = 32;

/// The text is no URL of a Redis. The error does not repeat it, because it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// None of the three forms.
    #[error(
        "must be redis://host:port, redis+cluster://host:port,host:port or redis+sentinel://host:port,host:port/master, with \
         user:password@ before the hosts if need be, and with rediss instead of redis for TLS; /database may follow, but not \
         with a cluster"
    )]
    Form,
    /// The certificates that are to be trusted are no certificates, or the URL asks for no TLS.
    #[error("must be a file with certificates in PEM, and needs a URL that begins with rediss")]
    Certificates,
}

/// A parsed URL of a Redis. `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct RedisAddress {
    pub(crate) place: Place,
}

/// What the URL names.
#[derive(Clone)]
pub(crate) enum Place {
    /// The only server.
    Server(ConnectionInfo),
    /// Some nodes of a cluster; the others are learned from them.
    Cluster {
        /// How to log in to every node; its host is not used.
        login: ConnectionInfo,
        /// The nodes that the URL names.
        seeds: Vec<NodeAddress>,
    },
    /// Sentinels that know where the master is.
    Sentinels {
        /// Each with the login of the servers, which is used if a Sentinel asks for one.
        sentinels: Vec<ConnectionInfo>,
        /// The name of the master in the configuration of the Sentinels.
        master: String,
        /// How to log in to the master; its host is not used.
        server: ConnectionInfo,
    },
}

/// The kinds of places, by the part of the scheme after `+`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server,
    Cluster,
    Sentinels,
}

impl RedisAddress {
    /// Reads a URL: `redis://`, `redis+cluster://` or `redis+sentinel://`, or the same with `rediss` for TLS. Servers
    /// prove themselves with certificates that lead to one of `authorities` (PEM); `None` means those that browsers
    /// trust.
    ///
    /// # Errors
    /// [`InvalidUrl`] when the text is no such URL, or `authorities` are no certificates or of no use.
    pub fn parse(url: &str, authorities: Option<&[u8]>) -> Result<Self, InvalidUrl> {
        let place = parse_place(url).ok_or(InvalidUrl::Form)?;
        let Some(pem) = authorities else { return Ok(Self { place }) };
        let trusting = |info: ConnectionInfo| trust_authorities(info, pem).ok_or(InvalidUrl::Certificates);
        let all = |infos: Vec<ConnectionInfo>| infos.into_iter().map(trusting).collect::<Result<_, _>>();
        let place = match place {
            Place::Server(info) => Place::Server(trusting(info)?),
            Place::Cluster { login, seeds } => Place::Cluster { login: trusting(login)?, seeds },
            Place::Sentinels { sentinels, master, server } => {
                Place::Sentinels { sentinels: all(sentinels)?, master, server: trusting(server)? }
            }
        };
        Ok(Self { place })
    }
}

impl Place {
    /// Whether servers are reached over TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        let (Self::Server(info) | Self::Cluster { login: info, .. } | Self::Sentinels { server: info, .. }) =
            self;
        matches!(info.addr(), ConnectionAddr::TcpTls { .. })
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAddress").finish_non_exhaustive()
    }
}

fn parse_place(url: &str) -> Option<Place> {
    let (scheme, rest) = url.split_once("://")?;
    let (scheme, kind) = match scheme.split_once('+') {
        None => (scheme, Kind::Server),
        Some((scheme, "cluster")) => (scheme, Kind::Cluster),
        Some((scheme, "sentinel")) => (scheme, Kind::Sentinels),
        Some(_) => return None,
    };
    if !matches!(scheme, "redis" | "rediss") || rest.contains(['?', '#']) {
        return None;
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    // In a password, these characters have to be encoded: otherwise a part of it could be taken for a host.
    if path.contains('@') {
        return None;
    }
    let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(login, hosts)| (login, hosts));
    // Every server has the same login. A second one would be taken for a part of the first.
    if kind != Kind::Server && login.contains('@') {
        return None;
    }
    let (master, database) = match kind {
        Kind::Server => (None, path),
        // A cluster has only database 0.
        Kind::Cluster if path.is_empty() => (None, ""),
        Kind::Cluster => return None,
        Kind::Sentinels => {
            let (master, database) = path.split_once('/').unwrap_or((path, ""));
            (Some(parse_master(master)?), database)
        }
    };
    let hosts: Vec<_> = hosts.split(',').take(HOSTS_MAX + 1).collect();
    let infos = hosts.iter().map(|host| parse_server(scheme, login, host, database));
    let mut infos: Vec<_> = infos.collect::<Option<_>>()?;
    match (kind, master) {
        _ if infos.len() > HOSTS_MAX => None,
        (Kind::Server, _) if infos.len() == 1 => infos.pop().map(Place::Server),
        (Kind::Server, _) => None,
        (Kind::Cluster, _) => {
            let seeds = infos.iter().map(host_and_port).collect();
            Some(Place::Cluster { login: infos.pop()?, seeds })
        }
        (Kind::Sentinels, master) => {
            let server = infos.first()?.clone();
            let ports = hosts.iter().map(|host| if names_port(host) { None } else { Some(SENTINEL_PORT) });
            let sentinels =
                infos.into_iter().zip(ports).map(|(info, port)| as_sentinel(info, port)).collect();
            Some(Place::Sentinels { sentinels, master: master?, server })
        }
    }
}

/// One server, read by the driver's own parser, which decodes user and password.
fn parse_server(scheme: &str, login: &str, host: &str, database: &str) -> Option<ConnectionInfo> {
    let at = if login.is_empty() { "" } else { "@" };
    let url = redis::parse_redis_url(&format!("{scheme}://{login}{at}{host}/{database}"))?;
    // With such a scheme the parser encodes all characters of a host that are not ASCII with `%`. No such name can be
    // resolved.
    let name = url.host_str().filter(|it| !it.is_empty() && !it.contains('%'))?;
    let is_number = database.is_empty() || database.parse::<u16>().is_ok();
    let is_port = url.port() != Some(0);
    let is_whole = !name.contains(['@', ',']);
    (is_number && is_port && is_whole).then(|| redis::IntoConnectionInfo::into_connection_info(url).ok())?
}

/// The name of a master: letters, digits, `-`, `_` and `.`.
fn parse_master(name: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!name.is_empty() && name.chars().all(fits)).then(|| name.to_owned())
}

/// Whether a port follows the host. The colons of an IPv6 address are within brackets.
fn names_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'))
}

/// A Sentinel has no databases.
fn as_sentinel(info: ConnectionInfo, port: Option<u16>) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_db(0);
    let (host, own) = host_and_port(&info);
    with_host(&info, &host, port.unwrap_or(own)).set_redis_settings(settings)
}

/// The host and the port that are connected to.
pub(crate) fn host_and_port(info: &ConnectionInfo) -> NodeAddress {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), *port),
        // No URL that is accepted here names one.
        ConnectionAddr::Unix(_) | _ => (String::new(), 0),
    }
}

/// The same login and encryption for another server.
pub(crate) fn with_host(info: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let host = host.to_owned();
    let addr = match info.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_) | _ => ConnectionAddr::Tcp(host, port),
    };
    info.clone().set_addr(addr)
}

/// Trusts only these authorities; `None` when the server is not reached over TLS, or the text holds no certificate.
fn trust_authorities(info: ConnectionInfo, pem: &[u8]) -> Option<ConnectionInfo> {
    // The driver takes a text without certificates for a list without entries, which no server can satisfy.
    pem.windows(CERTIFICATE.len()).any(|it| it == CERTIFICATE).then_some(())?;
    let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
    Client::build_with_tls(info, certificates).ok().map(|it| it.get_connection_info().clone())
}

/// How a certificate begins in PEM.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests;
