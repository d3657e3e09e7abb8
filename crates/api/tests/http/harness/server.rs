//! One running server of its own data folder.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use tokio::sync::OnceCell;

use super::{Client, SECRET, contract::Contract, people::Person, raw};

/// How long a start may take, on a machine that does other things too.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// What the first line of a server that listens begins with.
const LISTENING: &str = "Idem is listening on http://";
/// Settings of every test's server: fast passwords, and failures of some tests that lock out no others.
const SETTINGS: &[(&str, &str)] = &[
    ("IDEM_HTTP_ADDR", "127.0.0.1:0"),
    ("IDEM_SANDBOX_SECRET", SECRET),
    ("IDEM_BCRYPT_COST", "4"),
    ("IDEM_LOGIN_FAILURES_PER_ADDRESS", "100000"),
    ("IDEM_WORKERS", "2"),
];

/// Kills the process whose id it was told last and removes the folder, when the test's own process ends in any way.
const GUARDIAN: &str =
    r#"while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid"; rm -rf "$1""#;

/// The binary with nothing set but what is given, in a folder.
pub(crate) fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IDEM_") {
            command.env_remove(name);
        }
    }
    let database = format!("sqlite://{}/idem.db", folder.display());
    command.current_dir(folder).env("IDEM_DATABASE_URL", database).envs(SETTINGS.iter().copied());
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// A server, its folder and everything it has said.
pub(crate) struct Server {
    folder: PathBuf,
    settings: Vec<(String, String)>,
    process: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    guardian: Child,
    contract: Arc<Contract>,
    operator: OnceCell<Person>,
}

/// The server of all tests that do not disturb each other.
pub(crate) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::with(&[("IDEM_SANDBOX_PENDING_DELAY", "10m")]))
}

impl Server {
    /// A server of its own, with these settings over the usual ones.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("idem-").tempdir().unwrap().keep();
        Self::on(folder, settings)
    }

    /// A second server on the same data.
    pub(crate) fn beside(&self, settings: &[(&str, &str)]) -> Self {
        Self::on(self.folder.clone(), settings)
    }

    fn on(folder: PathBuf, settings: &[(&str, &str)]) -> Self {
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN, "guardian"]).arg(&folder).stdin(Stdio::piped());
        let mut guardian = guardian.spawn().unwrap();
        let log = Arc::default();
        let (process, address) = start(&folder, settings, guardian.stdin.as_mut().unwrap(), &log);
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let contract = Arc::new(Contract::of(address));
        Self { folder, settings, process, address, log, guardian, contract, operator: OnceCell::new() }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its data is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everything it has written so far, standard output and error.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A client that has not logged in.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, Arc::clone(&self.contract))
    }

    /// A new customer who has logged in.
    pub(crate) async fn customer(&self) -> Client {
        Person::new("customer").register(&self.client()).await
    }

    /// An operator who has logged in.
    pub(crate) async fn operator(&self) -> Client {
        let make = async || Person::operator(&self.folder);
        self.operator.get_or_init(make).await.login(&self.client()).await
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill9(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success(), "there is nothing to stop");
    }

    /// Waits until it has stopped.
    pub(crate) fn stopped(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// Starts it again on the same folder, after it has ended.
    pub(crate) fn restart(&mut self) {
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let guardian = self.guardian.stdin.as_mut().unwrap();
        (self.process, self.address) = start(&self.folder, &settings, guardian, &self.log);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(mut guardian) = self.guardian.stdin.take() {
            let _ = guardian.write_all(b"\n");
        }
        let _ = self.guardian.wait();
    }
}

fn start(
    folder: &Path,
    settings: &[(&str, &str)],
    guardian: &mut ChildStdin,
    log: &Arc<Mutex<String>>,
) -> (Child, SocketAddr) {
    let mut command = command(folder, settings);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(guardian, "{}", process.id()).unwrap();
    let (found, address) = channel();
    drain(process.stdout.take().unwrap(), log, Some(found));
    drain(process.stderr.take().unwrap(), log, None);
    let Ok(address) = address.recv_timeout(START_TIMEOUT) else {
        let _ = process.kill();
        panic!("it does not say where it listens: {}", log.lock().unwrap());
    };
    let is_ready = || raw(address, "GET /readyz HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n");
    let ready = (0..200).any(|_| {
        let ready = is_ready().is_ok_and(|it| it.status == 200);
        if !ready {
            std::thread::sleep(Duration::from_millis(50));
        }
        ready
    });
    assert!(ready, "it does not get ready: {}", log.lock().unwrap());
    (process, address)
}

/// Keeps all output, so that its writer never waits, and tells the address once it is named.
fn drain(output: impl Read + Send + 'static, log: &Arc<Mutex<String>>, found: Option<Sender<SocketAddr>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(found) = &found
                && let Some(address) = line.strip_prefix(LISTENING)
            {
                let _ = found.send(address.trim().parse().unwrap());
            }
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
