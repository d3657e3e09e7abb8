//! What every server has in common.

use std::{io, path::Path, sync::OnceLock, thread, time::Duration};

use crate::{location::Location, process::Process, program};

/// How often a server that starts is asked for a sign of life: twenty seconds in all.
const PROBES_MAX: u32 = 4_000;
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(5);
/// How many ports are tried, for others look for free ones too.
const PORTS_MAX: u32 = 5;

/// How one kind of server is run.
pub trait ServerKind: Sized + Send + Sync + 'static {
    /// The program.
    const PROGRAM: &'static str;

    /// Makes the folder ready for the first start.
    ///
    /// # Errors
    /// What the file system says.
    fn prepare_folder(place: &Location) -> io::Result<()>;

    /// What the program is called with.
    fn program_arguments(place: &Location) -> Vec<String>;

    /// Whether the process `id` serves there, or somebody else.
    ///
    /// # Errors
    /// Any error means: not yet.
    fn is_served_by(place: &Location, id: u32) -> io::Result<bool>;

    /// The one that a whole test binary shares.
    fn shared_cell() -> &'static OnceLock<io::Result<Server<Self>>>;
}

/// A private server that ends when this is dropped, or the process does.
#[derive(Debug)]
pub struct Server<K> {
    // Before the place, whose folder it writes to.
    process: Option<Process>,
    location: Location,
    kind: std::marker::PhantomData<K>,
}

impl<K: ServerKind> Server<K> {
    /// Starts an empty one, and waits until it serves.
    ///
    /// # Errors
    /// When the program is not installed, or ends, or does not serve in time: then with the end of its log.
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

    /// The one that all tests of a binary share. It lives as long as the process.
    ///
    /// # Errors
    /// As [`start`](Self::start), which is done once.
    pub fn shared() -> io::Result<&'static Self> {
        let shared = K::shared_cell().get_or_init(Self::start);
        shared.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }

    /// Where it listens on 127.0.0.1, for as long as this value lives.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.location.port()
    }

    /// Where its files and its log are, for as long as this value lives.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.location.folder()
    }

    /// Where it keeps what it keeps.
    pub(crate) const fn location(&self) -> &Location {
        &self.location
    }

    /// Kills it at once, as a fault of the machine does. What it had on its disk stays there.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.take().map(drop).ok_or_else(not_running)
    }

    /// Starts it again, killing it first if it runs: on the same port, with what is on its disk. Waits until it serves.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.process = None;
        self.run()
    }

    /// Stops it where it is: it takes connections and answers nothing.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.send_signal("STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.send_signal("CONT")
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
                // Somebody else came first.
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
