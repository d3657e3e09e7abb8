//! A private Redis that also listens with TLS.

use std::{io, path::Path};

use crate::{location::Location, redis_node::RedisNode};

/// A server with a certificate, without data and without a password. It ends when this value is dropped, or with this
/// process.
#[derive(Debug)]
pub struct RedisTls {
    /// Dropped before the place of its second port.
    node: RedisNode,
    tls: Location,
}

impl RedisTls {
    /// Starts a server with this certificate and key, both in PEM.
    ///
    /// # Errors
    /// When Redis is not installed, or cannot use them.
    pub fn start(certificate: &Path, key: &Path) -> io::Result<Self> {
        let (location, tls) = (Location::new("redis")?, Location::new("redis-tls")?);
        let text = |it: &Path| it.to_string_lossy().into_owned();
        let settings = [
            ("--tls-port", tls.port().to_string()),
            ("--tls-cert-file", text(certificate)),
            ("--tls-key-file", text(key)),
            ("--tls-ca-cert-file", text(certificate)),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        let settings: Vec<_> =
            settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        Ok(Self { node: RedisNode::start(location, &settings)?, tls })
    }

    /// The URL of the encrypted port at this host, which has to be a name or an address of this machine.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        format!("rediss://{host}:{}/0", self.tls.port())
    }

    /// The answer to a command: a text, or the lines of a list.
    ///
    /// # Errors
    /// When the server does not answer, or answers with an error.
    pub fn ask(&self, command: &str) -> io::Result<String> {
        self.node.ask(command)
    }
}
