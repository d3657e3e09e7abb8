//! memcached, with an empty memory at each start.

use std::{
    io::{self, BufRead, BufReader, Write},
    sync::OnceLock,
};

use crate::{
    location::Location,
    server::{Server, ServerKind},
};

/// Most lines that the answer to the probe may have.
const LINES_MAX: usize = 200;

/// A private memcached server.
pub type Memcached = Server<MemcachedKind>;

/// The kind of [`Memcached`]: its program, its arguments, its probe.
#[derive(Debug)]
pub struct MemcachedKind;

impl Memcached {
    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcache://127.0.0.1:{}", self.port())
    }
}

impl ServerKind for MemcachedKind {
    const PROGRAM: &'static str = "memcached";

    fn prepare_folder(_: &Location) -> io::Result<()> {
        Ok(())
    }

    fn program_arguments(place: &Location) -> Vec<String> {
        let port = place.port().to_string();
        // Required if the caller is root, and ignored otherwise.
        let arguments = ["-l", "127.0.0.1", "-p", &port, "-U", "0", "-m", "64", "-t", "2", "-u", "root"];
        arguments.map(str::to_owned).to_vec()
    }

    fn is_served_by(place: &Location, id: u32) -> io::Result<bool> {
        let mut stream = place.connect()?;
        stream.write_all(b"stats\r\n")?;
        for line in BufReader::new(stream).lines().take(LINES_MAX) {
            if let Some(process) = line?.strip_prefix("STAT pid ") {
                return Ok(process.trim() == id.to_string());
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn shared_cell() -> &'static OnceLock<io::Result<Memcached>> {
        static SHARED: OnceLock<io::Result<Memcached>> = OnceLock::new();
        &SHARED
    }
}
