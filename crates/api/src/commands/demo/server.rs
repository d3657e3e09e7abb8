//! The temporary server of the demo: this program as a child process, in a temporary folder, on a free port.

use std::{path::Path, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::DemoResult;

/// Time limit for the server to start listening.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The text before the address in the first line that the server prints.
const LISTENING: &str = "Idem is listening on ";

/// A running server; dropping it kills the process.
pub(super) struct DemoServer {
    process: Child,
    base_url: String,
    folder: TempDir,
}

impl DemoServer {
    /// Starts a server whose sandbox signs with this secret and settles `tok_pending` later than the demo
    /// lasts.
    pub(super) async fn start(sandbox_secret: &str) -> DemoResult<Self> {
        let folder = TempDir::new()?;
        let mut process = server_command(folder.path())?
            .env("IDEM_HTTP_ADDR", "127.0.0.1:0")
            .env("IDEM_SANDBOX_SECRET", sandbox_secret)
            .env("IDEM_SANDBOX_PENDING_DELAY", "1h")
            .env("IDEM_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        // The port is free, so only the server knows it: its output is read until the line with the address.
        let base = timeout(START_TIMEOUT, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(base) = line.strip_prefix(LISTENING) {
                    return Ok(base.to_owned());
                }
            }
            Err("the server ended before it listened".into())
        });
        let base: DemoResult<String> = base.await?;
        Ok(Self { process, base_url: base?, folder })
    }

    /// Scheme, host and port, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an operator with the command that operators use, while the server runs.
    pub(super) async fn create_operator(&self, name: &str, password: &str) -> DemoResult<()> {
        let made = server_command(self.folder.path())?
            .args(["create-operator", "--username", name, "--email", &format!("{name}@example.com")])
            .env("IDEM_OPERATOR_PASSWORD", password)
            .stdout(Stdio::null())
            .status()
            .await?;
        if made.success() { Ok(()) } else { Err("no operator could be made".into()) }
    }

    /// Kills the server and deletes its folder. There is nothing worth an orderly stop.
    pub(super) async fn stop(mut self) -> DemoResult<()> {
        self.process.kill().await?;
        Ok(self.folder.close()?)
    }
}

/// This program, with a database in this folder and no other setting of the environment.
fn server_command(folder: &Path) -> DemoResult<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    // The settings of the machine must not reach the demo: with its `IDEM_DATABASE_URL` it would write to a
    // real database.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(crate::config::PREFIX) {
            command.env_remove(name);
        }
    }
    command.env("IDEM_DATABASE_URL", format!("sqlite://{}", folder.join("idem.db").display()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}
