//! The folder and the port of a server.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use tempfile::TempDir;

/// The ports that are tried. They are below those that operating systems use for outgoing connections, so
/// that the port of a server that was killed is still free when it starts again.
const PORTS: std::ops::Range<u16> = 15_000..32_000;
/// Most ports that are tried before the search for a free one fails.
const LOOKS_MAX: u16 = 200;
/// How long a probe waits for a server. A server that is starting is probed again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// A temporary folder, which is removed with this value, and a port.
#[derive(Debug)]
pub struct Location {
    folder: TempDir,
    port: u16,
}

impl Location {
    /// Creates an empty folder and finds a port that no program listens on at present.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir()?;
        Ok(Self { folder, port: find_free_port()? })
    }

    /// The folder with the server's files and its log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port on 127.0.0.1.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Whether a program listens on the port.
    pub(crate) fn is_in_use(&self) -> bool {
        !is_free(self.port)
    }

    /// Connects to the program that listens on the port.
    pub(crate) fn connect(&self) -> io::Result<TcpStream> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(stream)
    }
}

/// A port of this machine that no program listens on at present. Another process may take it at any time.
///
/// # Errors
/// When no port is found after many looks.
pub fn find_free_port() -> io::Result<u16> {
    let random = RandomState::new();
    let range = u64::from(PORTS.end - PORTS.start);
    let mut tried = (0..LOOKS_MAX).filter_map(|look| {
        let offset = random.hash_one(look).checked_rem(range)?;
        PORTS.start.checked_add(u16::try_from(offset).ok()?)
    });
    tried
        .find(|port| is_free(*port))
        .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_apart_and_a_folder_goes_away_with_its_place() {
        let (one, other) = (Location::new("test").unwrap(), Location::new("test").unwrap());
        let folder = one.folder().to_owned();
        assert_ne!(folder, other.folder());
        assert!(PORTS.contains(&one.port()));
        drop(one);
        assert!(!folder.exists() && other.folder().exists());
    }
}
