//! Starts, probes, pauses and ends a server of any kind.

use std::{io, path::Path, sync::OnceLock, thread, time::Duration};

use crate::{location::Location, process::Process, program};

/// Most probes of a server that is starting: with the pauses about twenty seconds.
const PROBES_MAX: u32 = 4_000;
/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(5);
/// Most ports that are tried, because another process may take a free port first.
const PORTS_MAX: u32 = 5;

/// The parts that differ between the kinds of servers.
pub trait ServerKind: Sized + Send + Sync + 'static {
    /// The name of the program's file.
    const PROGRAM: &'static str;

    /// Prepares the folder for the first start.
    ///
    /// # Errors
    /// The error of the file system.
    fn prepare_folder(place: &Location) -> io::Result<()>;

    /// The arguments of the program for this folder and port.
    fn program_arguments(place: &Location) -> Vec<String>;

    /// Whether the process `id` serves on the port; false if another process does.
    ///
    /// # Errors
    /// Any error means that nothing answers yet.
    fn is_served_by(place: &Location, id: u32) -> io::Result<bool>;

    /// The cell for the server that all tests of a binary share.
    fn shared_cell() -> &'static OnceLock<io::Result<Server<Self>>>;
}

/// A private server. It ends when this value is dropped, or with this process.
#[derive(Debug)]
pub struct Server<K> {
    // Before the location, because fields are dropped in this order and the process writes to the
    // location's folder.
    process: Option<Process>,
    location: Location,
    kind: std::marker::PhantomData<K>,
}

impl<K: ServerKind> Server<K> {
    /// Starts a server without data and waits until it serves.
    ///
    /// # Errors
    /// When the program is not installed, ends, or does not serve in time; the error then shows the end of
    /// its log.
    pub fn start() -> io::Result<Self> {
        let mut tried = 0;
        loop {
            tried += 1;
            let place = Location::new(K::PROGRAM)?;
            K::prepare_folder(&place)?;
            let mut server = Self { process: None, location: place, kind: std::marker::PhantomData };
            match server.run() {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tried < PORTS_MAX => {}
                outcome => return outcome.map(|()| server),
            }
        }
    }

    /// The server that all tests of a binary share. It lives as long as the process.
    ///
    /// # Errors
    /// As [`start`](Self::start), which is tried once.
    pub fn shared() -> io::Result<&'static Self> {
        let shared = K::shared_cell().get_or_init(Self::start);
        shared.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }

    /// The port on 127.0.0.1, which stays the same for the life of this value.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.location.port()
    }

    /// The folder with its files and its log, which stays the same for the life of this value.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.location.folder()
    }

    /// The id of its process, which is another one after a restart; `None` while it does not run.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Its folder and port.
    pub(crate) const fn location(&self) -> &Location {
        &self.location
    }

    /// Kills the server at once, as a crash does. The files that it has written stay.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.take().map(drop).ok_or_else(not_running)
    }

    /// Starts the server again on the same port and with the same files, after killing it if it runs. Waits
    /// until it serves.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.process = None;
        self.run()
    }

    /// Stops the server's process: connections are accepted, and nothing is answered.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn pause(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.pause()
    }

    /// Continues a paused server.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn resume(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.resume()
    }

    fn run(&mut self) -> io::Result<()> {
        let program = program::find_program(K::PROGRAM)?;
        let mut process =
            Process::start(&program, &K::program_arguments(&self.location), self.location.folder())?;
        for _ in 0..PROBES_MAX {
            match K::is_served_by(&self.location, process.id()) {
                Ok(true) => {
                    self.process = Some(process);
                    return Ok(());
                }
                // Another process took the port between the search and the start. The caller tries another
                // one.
                Ok(false) => return Err(io::ErrorKind::AddrInUse.into()),
                Err(_) => thread::sleep(PAUSE),
            }
            if let Some(status) = process.try_wait()? {
                return Err(match self.location.is_in_use() {
                    true => io::ErrorKind::AddrInUse.into(),
                    false => start_error::<K>(&process, &format!("ended with {status}")),
                });
            }
        }
        Err(start_error::<K>(&process, "does not serve in time"))
    }
}

fn start_error<K: ServerKind>(process: &Process, how: &str) -> io::Error {
    io::Error::other(format!("{} {how}; its log ends with:\n{}", K::PROGRAM, process.log_tail()))
}

fn not_running() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "it does not run")
}
