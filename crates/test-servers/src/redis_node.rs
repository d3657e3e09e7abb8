//! A Redis server with settings of its own, as part of a group, and the few commands that build a group.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    thread,
    time::Duration,
};

use crate::{location::Location, process::Process, program};

/// Most probes of a condition: with the pauses about a minute.
const PROBES_MAX: u32 = 3_000;
/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// The files of a certificate and its key, both in PEM. Servers that have the same trust each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
}

/// A server, or a Sentinel, which is the same program.
#[derive(Debug)]
pub(crate) struct RedisNode {
    // Before the locations, because fields are dropped in this order.
    process: Option<Process>,
    location: Location,
    /// The place of the encrypted port.
    tls: Option<Location>,
    arguments: Vec<String>,
}

impl RedisNode {
    /// Starts a server at this place, with these arguments besides its address and its folder, and waits until it
    /// answers. With a certificate it also listens with TLS, and speaks TLS with other servers.
    pub(crate) fn start(
        location: Location,
        arguments: &[String],
        certificate: Option<Certificate<'_>>,
    ) -> io::Result<Self> {
        let tls = certificate.map(|_| Location::new("redis-tls")).transpose()?;
        let encryption = certificate.zip(tls.as_ref()).map(|(it, tls)| tls_settings(it, tls.port()));
        let own = [
            ("--bind", "127.0.0.1".to_owned()),
            ("--port", location.port().to_string()),
            ("--dir", location.folder().to_string_lossy().into_owned()),
            ("--save", String::new()),
            ("--daemonize", "no".to_owned()),
        ];
        let own = own.into_iter().chain(encryption.into_iter().flatten());
        let own = own.flat_map(|(name, value)| [name.to_owned(), value]);
        let arguments = arguments.iter().cloned().chain(own).collect();
        let mut node = Self { process: None, location, tls, arguments };
        node.restart()?;
        Ok(node)
    }

    /// Kills the server, if it runs, and starts it again with its files.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.process = None;
        let program = program::find_program("redis-server")?;
        self.process = Some(Process::start(&program, &self.arguments, self.location.folder())?);
        wait_until("a Redis answers", || Ok(self.ask("PING").is_ok_and(|it| it == "PONG")))
            .map_err(|error| io::Error::other(format!("{error}; its log ends with:\n{}", self.log_tail())))
    }

    /// Kills the server as a crash does.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub(crate) fn port(&self) -> u16 {
        self.location.port()
    }

    /// The port that other servers and clients are to use: the encrypted one, if there is one.
    pub(crate) fn public_port(&self) -> u16 {
        self.tls.as_ref().unwrap_or(&self.location).port()
    }

    /// Stops the server's process: it accepts connections and answers nothing.
    pub(crate) fn pause(&self) -> io::Result<()> {
        self.process.as_ref().ok_or(io::ErrorKind::NotConnected)?.pause()
    }

    /// Continues a paused server.
    pub(crate) fn resume(&self) -> io::Result<()> {
        self.process.as_ref().ok_or(io::ErrorKind::NotConnected)?.resume()
    }

    /// The answer to a command: the text of a simple or bulk answer, or the lines of an array.
    pub(crate) fn ask(&self, command: &str) -> io::Result<String> {
        let mut stream = self.location.connect()?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        read_answer(&mut BufReader::new(stream.take(ANSWER_BYTES_MAX)))
    }

    fn log_tail(&self) -> String {
        self.process.as_ref().map(Process::log_tail).unwrap_or_default()
    }
}

fn tls_settings(files: Certificate<'_>, port: u16) -> [(&'static str, String); 6] {
    let text = |it: &Path| it.to_string_lossy().into_owned();
    [
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", text(files.certificate)),
        ("--tls-key-file", text(files.key)),
        ("--tls-ca-cert-file", text(files.certificate)),
        ("--tls-auth-clients", "no".to_owned()),
        ("--tls-replication", "yes".to_owned()),
    ]
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    for _ in 0..PROBES_MAX {
        if holds()? {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, format!("not in time: {what}")))
}

fn read_answer(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.trim_end();
    let count = |it: &str| it.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    if let Some(text) = line.strip_prefix('+').or_else(|| line.strip_prefix(':')) {
        return Ok(text.to_owned());
    }
    if let Some(bytes) = line.strip_prefix('$') {
        if bytes == "-1" {
            return Ok(String::new());
        }
        let mut text = vec![0; count(bytes)?];
        stream.read_exact(&mut text)?;
        stream.read_exact(&mut [0; 2])?;
        return Ok(String::from_utf8_lossy(&text).into_owned());
    }
    if let Some(parts) = line.strip_prefix('*') {
        let parts: io::Result<Vec<_>> =
            (0..parts.parse::<usize>().unwrap_or(0)).map(|_| read_answer(stream)).collect();
        return Ok(parts?.join("\n"));
    }
    Err(io::Error::other(if line.is_empty() { "no answer" } else { line }.to_owned()))
}
