//! Redis, with every write in its append-only file.

use std::{
    io::{self, BufRead, BufReader, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::{
    location::Location,
    server::{Server, ServerKind},
};

/// The number of databases of one server.
const DATABASES: u32 = 4_096;
/// Most lines that the answer to the probe may have.
const LINES_MAX: usize = 200;

/// A private Redis server.
pub type Redis = Server<RedisKind>;

/// The kind of [`Redis`]: its program, its arguments, its probe.
#[derive(Debug)]
pub struct RedisKind;

impl Redis {
    /// The URL of its first database.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url(0)
    }

    /// The URL of a database that this process has not handed out before.
    ///
    /// # Panics
    /// When all databases have been handed out.
    #[must_use]
    pub fn empty_url(&self) -> String {
        static GIVEN: AtomicU32 = AtomicU32::new(0);
        let database = GIVEN.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        assert!(database < DATABASES, "every database has been given out");
        self.database_url(database)
    }

    fn database_url(&self, database: u32) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port())
    }
}

impl ServerKind for RedisKind {
    const PROGRAM: &'static str = "redis-server";

    fn prepare_folder(_: &Location) -> io::Result<()> {
        Ok(())
    }

    fn program_arguments(place: &Location) -> Vec<String> {
        let dir = place.folder().to_string_lossy();
        let port = place.port().to_string();
        let databases = DATABASES.to_string();
        let settings = [
            ("--bind", "127.0.0.1"),
            ("--port", &port),
            ("--dir", &dir),
            ("--databases", &databases),
            ("--appendonly", "yes"),
            // Each write is handed to the system before it is answered, and so outlives the process. With `everysec` Redis
            // puts that off while it syncs.
            ("--appendfsync", "no"),
            // No snapshots: the append-only file already has every write.
            ("--save", ""),
            ("--daemonize", "no"),
        ];
        settings.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect()
    }

    fn is_served_by(place: &Location, id: u32) -> io::Result<bool> {
        let mut stream = place.connect()?;
        // While it loads its file it answers both commands with an error, which means: not yet.
        stream.write_all(b"PING\r\nINFO server\r\n")?;
        let mut lines = BufReader::new(stream).lines().take(LINES_MAX);
        if lines.next().transpose()?.as_deref() != Some("+PONG") {
            return Err(io::ErrorKind::NotConnected.into());
        }
        for line in lines {
            if let Some(process) = line?.strip_prefix("process_id:") {
                return Ok(process.trim() == id.to_string());
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn shared_cell() -> &'static OnceLock<io::Result<Redis>> {
        static SHARED: OnceLock<io::Result<Redis>> = OnceLock::new();
        &SHARED
    }
}
