//! One running instance of the service.

use std::{
    ffi::OsString,
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use test_servers::{Process, find_free_port};
use tokio::time::sleep;

use crate::ChaosError;

/// Runs a program in an environment that holds only the given variables.
const ENV: &str = "/usr/bin/env";
/// Questions to an instance that starts whether it is ready: with the pauses two minutes.
const PROBES_MAX: u32 = 2_400;
const PAUSE: Duration = Duration::from_millis(50);

/// An instance, which ends with this value.
#[derive(Debug)]
pub(crate) struct Instance {
    process: Option<Process>,
    program: PathBuf,
    settings: Vec<(String, String)>,
    folder: PathBuf,
    port: u16,
}

impl Instance {
    /// Starts it on a free port, which stays its own over restarts. Its log is in the folder.
    pub(crate) fn start(
        program: &Path,
        folder: PathBuf,
        mut settings: Vec<(String, String)>,
    ) -> Result<Self, ChaosError> {
        std::fs::create_dir_all(&folder)?;
        let port = find_free_port()?;
        settings.push(("IDEM_HTTP_ADDR".to_owned(), format!("127.0.0.1:{port}")));
        let mut instance = Self { process: None, program: program.to_owned(), settings, folder, port };
        instance.restart()?;
        Ok(instance)
    }

    /// The port that clients connect to.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Stops its process, if it runs: connections are accepted, and nothing is answered.
    pub(crate) fn pause(&self) -> io::Result<()> {
        self.process.as_ref().map_or(Ok(()), Process::pause)
    }

    /// Continues its process, if it runs.
    pub(crate) fn resume(&self) -> io::Result<()> {
        self.process.as_ref().map_or(Ok(()), Process::resume)
    }

    /// Starts it again, if it does not run.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        if self.process.is_none() {
            let arguments = self.build_arguments(&["serve"]);
            self.process = Some(Process::start(Path::new(ENV), &arguments, &self.folder)?);
        }
        Ok(())
    }

    /// Waits until it is ready.
    pub(crate) async fn wait_until_ready(&self, http: &reqwest::Client) -> Result<(), ChaosError> {
        let url = format!("http://{}:{}/readyz", Ipv4Addr::LOCALHOST, self.port);
        for _ in 0..PROBES_MAX {
            if let Ok(reply) = http.get(&url).send().await
                && reply.status().as_u16() == 200
                && reply.text().await.is_ok_and(|it| !it.contains("degraded"))
            {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        let log = self.process.as_ref().map(Process::log_tail).unwrap_or_default();
        Err(format!("an instance does not get ready; its log ends with:\n{log}").into())
    }

    /// Runs a command of the service on the same record: whether it succeeded, and what it printed.
    pub(crate) fn run(&self, arguments: &[&str], more: &[(&str, &str)]) -> io::Result<(bool, String)> {
        let mut settings = self.build_arguments(&[]);
        let program = settings.pop().unwrap_or_default();
        settings.extend(more.iter().map(|(name, value)| format!("{name}={value}")));
        let mut command = Command::new(ENV);
        command.args(settings.iter().map(OsString::from)).arg(program).args(arguments);
        let output = command.current_dir(&self.folder).output()?;
        let printed = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
        Ok((output.status.success(), printed.concat()))
    }

    /// The arguments of `env`: the settings, the program, and its own arguments.
    fn build_arguments(&self, own: &[&str]) -> Vec<String> {
        let settings = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let program = self.program.to_string_lossy().into_owned();
        let own = own.iter().map(|it| (*it).to_owned());
        std::iter::once("-i".to_owned()).chain(settings).chain([program]).chain(own).collect()
    }
}
