//! Server processes that end with the benchmark: the service in release, and the server of `hello`.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::{
    error::BenchResult,
    http::{Connection, encode_request},
};

/// The text before the address in the first line that a server prints.
pub(crate) const LISTENING: &str = "Idem is listening on http://";
/// Time limit of a start, the migration included.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The pause between two questions whether the server is ready.
const PAUSE: Duration = Duration::from_millis(2);
/// The prefix of the service's settings. Those of the one who runs the benchmark must not reach it.
const PREFIX: &str = "IDEM_";
/// A shell that waits until this process has ended in any way, and then kills the server.
const GUARDIAN: &str = "read -r line || kill -KILL \"$1\" 2>/dev/null";

/// A server in a process of its own. It is killed when this value is dropped, and at the latest with this process.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    process: Child,
    guardian: Child,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts a server and waits for the line that names its address.
    pub(crate) async fn start(mut command: Command) -> BenchResult<Self> {
        // A group of its own: a Ctrl-C ends this process, and the guardian then ends the server.
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let mut process = command.spawn()?;
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN, "guardian", &process.id().to_string()]).stdin(Stdio::piped());
        let guardian = guardian.stdout(Stdio::null()).process_group(0).spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let (found, line) = mpsc::channel();
        // The thread reads until the end, so that the server never waits for its reader.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix(LISTENING) {
                    // The result may be dropped: there is no receiver any more.
                    let _ = found.send(address.trim().to_owned());
                }
            }
        });
        // Made before the wait, so that a server that does not listen in time is killed.
        let unset = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, guardian, address: unset };
        let line = tokio::task::spawn_blocking(move || line.recv_timeout(START_TIMEOUT)).await?;
        let address = line.map_err(|_| "the server does not say where it listens; try --log FILE")?;
        server.address = address.parse()?;
        Ok(server)
    }

    /// The address on which it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // The results may be dropped: these fail only if the processes have ended already. The guardian goes
        // first, because the id of a process that has ended may be another one's soon.
        let _ = self.guardian.kill();
        let _ = self.guardian.wait();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How the service is called: its settings, and where its log goes.
#[derive(Debug, Clone)]
pub(crate) struct ServiceCommand {
    settings: Vec<(&'static str, String)>,
    folder: PathBuf,
    log: Option<PathBuf>,
}

impl ServiceCommand {
    /// The service with these settings only, run in that folder.
    pub(crate) const fn new(
        settings: Vec<(&'static str, String)>,
        folder: PathBuf,
        log: Option<PathBuf>,
    ) -> Self {
        Self { settings, folder, log }
    }

    /// The same with another setting, which replaces an earlier one.
    pub(crate) fn with_setting(mut self, name: &'static str, value: String) -> Self {
        self.settings.push((name, value));
        self
    }

    /// Starts the service and waits until it is ready.
    pub(crate) async fn serve(&self) -> BenchResult<ServerProcess> {
        let server = ServerProcess::start(self.command()?).await?;
        let address = server.address();
        timeout(START_TIMEOUT, wait_until_ready(address))
            .await
            .map_err(|_| "the service does not get ready")?;
        Ok(server)
    }

    /// Runs a command of the service to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> BenchResult<()> {
        let output = self.command()?.args(arguments).stderr(Stdio::piped()).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("api {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into())
    }

    fn command(&self) -> BenchResult<Command> {
        let own = env::current_exe()?;
        let folder = own.parent().ok_or("this program is in no folder")?;
        let mut command = Command::new(folder.join("api"));
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
            command.env_remove(name);
        }
        // The log is written as in production, one line for each request, and is not kept. In a file it
        // would compete with the database for the disk.
        let log = match &self.log {
            Some(path) => std::fs::File::options().create(true).append(true).open(path)?.into(),
            None => Stdio::null(),
        };
        let settings = self.settings.iter().map(|(name, value)| (*name, value));
        command.envs(settings).current_dir(&self.folder).stdin(Stdio::null()).stderr(log);
        Ok(command)
    }
}

async fn wait_until_ready(address: SocketAddr) {
    let request = encode_request("GET", "/readyz", &[], "");
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.send(&request).await.is_ok_and(|it| it.status == 200)
        {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Prints a line on standard output at once.
pub(crate) fn print_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
