//! A service of its own for the tools: embedded, in a temporary folder, on a free port.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{env, fs, process, thread};

use crate::program::Program;

/// The operator that the tools log in as.
const USERNAME: &str = "operator";
/// The password of the operator, and of every account that a tool makes. The service lives for a minute, on this machine.
const PASSWORD: &str = "correct horse battery staple";
/// The beginning of the line that says where the service listens.
const LISTENING: &str = "Idem is listening on ";
/// The longest start, on a machine that does other things too.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Limits that a tool would reach, because it is one user on one network.
const LIMITS: [&str; 9] = [
    "LOGIN_FAILURES_PER_ACCOUNT",
    "LOGIN_FAILURES_PER_ACCOUNT_TOTAL",
    "LOGIN_FAILURES_PER_ADDRESS",
    "ATTEMPTS_PER_ADDRESS",
    "OPEN_ORDERS_PER_USER",
    "OPEN_PIECES_PER_USER",
    "ORDERS_PER_MINUTE",
    "DECLINES_PER_ORDER",
    "DECLINES_PER_USER",
];

/// The running service; it is killed when this value is dropped.
pub(super) struct Server {
    process: Child,
    folder: PathBuf,
    url: String,
}

impl Server {
    /// Starts the service. `None` if it does not start, which it has printed.
    pub(super) fn start(program: &Program) -> io::Result<Option<Self>> {
        let folder = env::temp_dir().join(format!("idem-openapi-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let mut operator = service_command(program, &folder);
        operator.args(["create-operator", "--username", USERNAME, "--email", "operator@example.com"]);
        if !operator.env("IDEM_OPERATOR_PASSWORD", PASSWORD).stdout(Stdio::null()).status()?.success() {
            return Ok(None);
        }
        let mut process = service_command(program, &folder)
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let Some(output) = process.stdout.take() else { return Ok(None) };
        let (found, listening) = channel();
        thread::spawn(move || {
            // To the end, so that the service never waits for someone to read what it says.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix(LISTENING) {
                    let _ = found.send(url.trim().to_owned());
                }
            }
        });
        let mut server = Self { process, folder, url: String::new() };
        let Ok(url) = listening.recv_timeout(START_TIMEOUT) else { return Ok(None) };
        server.url = url;
        Ok(Some(server))
    }

    /// The address of the service, such as `http://127.0.0.1:40123`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What the programs that use the service need to know.
    pub(super) fn variables(&self) -> [(&'static str, &str); 3] {
        [("IDEM_BASE_URL", &self.url), ("IDEM_USERNAME", USERNAME), ("IDEM_PASSWORD", PASSWORD)]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Each may fail because it is done already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn service_command(program: &Program, folder: &Path) -> Command {
    let mut command = Command::new(program.path());
    command
        .env("IDEM_DATABASE_URL", format!("sqlite://{}/idem.db", folder.display()))
        .env("IDEM_HTTP_ADDR", "127.0.0.1:0")
        .env("IDEM_LOG", "error")
        // Passwords are hashed at every login, and none of these protects anything.
        .env("IDEM_BCRYPT_COST", "4")
        .envs(LIMITS.map(|it| (format!("IDEM_{it}"), "1000000")));
    command
}
