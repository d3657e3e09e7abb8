//! One running server.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use tokio::sync::OnceCell;

use super::{Client, Place, contract::Contract, people::Person, place::CLOCK_OFFSET, raw};

/// How long a start may take, on a machine that does other things too.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// What the first line of a server that listens begins with.
const LISTENING: &str = "Idem is listening on http://";
/// A server, what it stands on and everything it has said.
pub(crate) struct Server {
    place: Arc<Place>,
    settings: Vec<(String, String)>,
    process: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
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
        Self::on(Arc::new(Place::new()), settings)
    }

    /// A second server on the same data.
    pub(crate) fn beside(&self, settings: &[(&str, &str)]) -> Self {
        Self::on(Arc::clone(&self.place), settings)
    }

    /// A server in a place that may have others. The clock of every one but the first is skewed.
    pub(crate) fn on(place: Arc<Place>, settings: &[(&str, &str)]) -> Self {
        let log = Arc::default();
        let skew = place.skew();
        let mut all: Vec<_> = skew.iter().map(|it| (CLOCK_OFFSET, it.as_str())).collect();
        all.extend(settings);
        let (process, address) = start(&place, &all, &log);
        let settings = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let contract = Contract::of(address);
        Self { place, settings, process, address, log, contract, operator: OnceCell::new() }
    }

    /// Runs SQL on the record behind its back, without the checks of the schema.
    pub(crate) fn corrupt(&self, sql: &str) {
        self.place.stack.execute(self.place.folder(), sql);
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long its threads have worked, in ticks of the system's clock.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // User and system time are the 12th and 13th fields behind the name, which stands in brackets.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().unwrap()).sum()
    }

    /// How much memory it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What it stands on.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether its record is a file, and no server.
    pub(crate) fn is_embedded(&self) -> bool {
        let command = self.place.command(&[]);
        let is_file = |(name, value): (&OsStr, Option<&OsStr>)| {
            name == "IDEM_DATABASE_URL" && value.is_some_and(|it| it.to_string_lossy().starts_with("sqlite:"))
        };
        command.get_envs().any(is_file)
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
        let make = async || Person::operator(&self.place);
        self.operator.get_or_init(make).await.login(&self.client()).await
    }

    /// How much its process has computed so far.
    pub(crate) fn computed(&self) -> Duration {
        // Hundredths of a second, in user mode; behind the name, which is in brackets.
        const FIELD: usize = 11;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let ticks: u64 = stat.rsplit(") ").next().unwrap().split(' ').nth(FIELD).unwrap().parse().unwrap();
        Duration::from_millis(ticks * 10)
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill9(&mut self) {
        self.process.kill().unwrap();
        self.stopped();
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success(), "there is nothing to stop");
    }

    /// Waits until it has stopped.
    pub(crate) fn stopped(&mut self) -> ExitStatus {
        let status = self.process.wait().unwrap();
        self.place.forget(self.process.id());
        status
    }

    /// Starts it again on the same data, after it has ended.
    pub(crate) fn restart(&mut self) {
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        (self.process, self.address) = start(&self.place, &settings, &self.log);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.place.forget(self.process.id());
    }
}

fn start(place: &Place, settings: &[(&str, &str)], log: &Arc<Mutex<String>>) -> (Child, SocketAddr) {
    let mut command = place.command(settings);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    place.watch(process.id());
    let (found, address) = channel();
    drain(process.stdout.take().unwrap(), log, Some(found));
    drain(process.stderr.take().unwrap(), log, None);
    let Ok(address) = address.recv_timeout(START_TIMEOUT) else {
        let _ = process.kill();
        panic!("it does not say where it listens: {}", log.lock().unwrap());
    };
    let is_ready = || raw(address, "GET /readyz HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n");
    let ready = (0..2_000).any(|_| {
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
