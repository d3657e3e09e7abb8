//! A private Redis that also listens with TLS.

use std::{io, path::Path};

use crate::{
    location::Location,
    redis_node::{Certificate, RedisNode},
};

/// A server with a certificate, without data and without a password. It ends when this value is dropped, or with this
/// process.
#[derive(Debug)]
pub struct RedisTls(RedisNode);

impl RedisTls {
    /// Starts a server with this certificate and key, both in PEM.
    ///
    /// # Errors
    /// When Redis is not installed, or cannot use them.
    pub fn start(certificate: &Path, key: &Path) -> io::Result<Self> {
        let certificate = Some(Certificate { certificate, key });
        Ok(Self(RedisNode::start(Location::new("redis")?, &[], certificate)?))
    }

    /// The URL of the encrypted port at this host, which has to be a name or an address of this machine.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        format!("rediss://{host}:{}/0", self.0.public_port())
    }

    /// The answer to a command: a text, or the lines of a list.
    ///
    /// # Errors
    /// When the server does not answer, or answers with an error.
    pub fn ask(&self, command: &str) -> io::Result<String> {
        self.0.ask(command)
    }
}
