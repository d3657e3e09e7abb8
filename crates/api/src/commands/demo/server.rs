//! A server of the story's own: this very program, in a temporary folder, on a free port.

use std::{path::Path, process::Stdio, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::DemoResult;

/// How long the server may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// What it prints then, before its address.
const LISTENING: &str = "Idem is listening on ";

/// A running server; dropping it ends it.
pub(super) struct DemoServer {
    process: Child,
    base_url: String,
    folder: TempDir,
}

impl DemoServer {
    /// Starts a server whose sandbox signs with that secret and leaves `tok_pending` to the story.
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

    /// Where it listens.
    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an operator beside the running server.
    pub(super) async fn create_operator(&self, name: &str, password: &str) -> DemoResult<()> {
        let made = server_command(self.folder.path())?
            .args(["create-operator", "--username", name, "--email", &format!("{name}@example.com")])
            .env("IDEM_OPERATOR_PASSWORD", password)
            .stdout(Stdio::null())
            .status()
            .await?;
        if made.success() { Ok(()) } else { Err("no operator could be made".into()) }
    }

    /// Ends it and deletes its folder.
    pub(super) async fn stop(mut self) -> DemoResult<()> {
        self.process.kill().await?;
        Ok(self.folder.close()?)
    }
}

/// This program, with nothing of our own configuration but a database in that folder.
fn server_command(folder: &Path) -> DemoResult<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(crate::config::PREFIX) {
            command.env_remove(name);
        }
    }
    command.env("IDEM_DATABASE_URL", format!("sqlite://{}", folder.join("idem.db").display()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}
