//! A server whose streams and limits a test chooses, and connections to it by hand.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use crate::harness::{Place, raw};

/// A machine that does other things too may take this long for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A running server.
pub(crate) struct Bare {
    place: Place,
    process: Child,
    address: SocketAddr,
}

impl Bare {
    /// A server whose process is changed like this before it starts.
    pub(crate) fn start(settings: &[(&str, &str)], change: impl FnOnce(Command) -> Command) -> Self {
        let place = Place::new();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = place.command(&[("IDEM_HTTP_ADDR", &address.to_string())]);
        command.envs(settings.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = change(command).spawn().unwrap();
        place.watch(process.id());
        let it = Self { place, process, address };
        it.until("it is ready", || {
            raw(address, "GET /readyz HTTP/1.0\r\n\r\n").is_ok_and(|it| it.status == 200)
        });
        it
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, mut look: impl FnMut() -> bool) {
        let seen = (0..PATIENCE.as_millis() / PAUSE.as_millis()).any(|_| {
            let seen = look();
            if !seen {
                sleep(PAUSE);
            }
            seen
        });
        assert!(seen, "not within {PATIENCE:?}: {what}");
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection that is kept.
    pub(crate) fn wire(&self) -> Wire {
        Wire::to(self.address)
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.wire().get("/metrics").1;
        let line = text.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    /// How long it has had the processor, in hundredths of a second.
    pub(crate) fn processor(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let numbers = stat.rsplit_once(')').unwrap().1.split_whitespace();
        numbers.skip(11).take(2).map(|it| it.parse::<u64>().unwrap()).sum()
    }

    /// The memory that it has, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success(), "there is nothing to stop");
        let mut status = None;
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            status = self.process.try_wait().unwrap();
            if status.is_some() {
                break;
            }
            sleep(PAUSE);
        }
        status.expect("it stops")
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.place.forget(self.process.id());
    }
}

/// The same process, after the shell has run a script.
pub(crate) fn after(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{script} exec \"$0\"")]).arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    shell
}

/// A connection that is kept from one request to the next.
pub(crate) struct Wire(BufReader<TcpStream>);

impl Wire {
    /// From another address of this machine.
    pub(crate) fn from(here: &str, address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(here.parse().unwrap(), 0).into()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(&address.into()).unwrap();
        Self(BufReader::new(socket.into()))
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref())
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> io::Result<(u16, String)> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status =
            line.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, String) {
        self.send(get(path)).unwrap();
        self.answer().unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &serde_json::Value) -> (u16, String) {
        let body = body.to_string();
        let head = "host: idem\r\ncontent-type: application/json";
        self.send(format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
            .unwrap();
        self.answer().unwrap()
    }

    /// Whether the other side has ended the connection, after everything that it still had to say.
    pub(crate) fn is_ended(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(fault) => fault.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: idem\r\n\r\n")
}
