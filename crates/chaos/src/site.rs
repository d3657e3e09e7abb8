//! Servers of one kind that can be harmed: a single one, or several that replace each other.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

use test_servers::ServerGroup;

use crate::{
    ChaosError,
    fault::FaultKind,
    proxy::{LinkMode, Proxy},
};

/// How long a server may take to obey a command that empties it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);

/// How servers are emptied: a line of their protocol, and the beginnings of the answers after which they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmptyCommand {
    pub(crate) line: &'static str,
    pub(crate) answers: &'static [&'static str],
}

/// Servers, and the proxies by which instances reach them.
#[derive(Debug)]
pub(crate) struct Site<G: ?Sized> {
    pub(crate) servers: Box<G>,
    links: Vec<Proxy>,
    empty: Option<EmptyCommand>,
}

impl<G: ServerGroup + ?Sized> Site<G> {
    /// Puts a proxy before each server.
    pub(crate) async fn new(servers: Box<G>, empty: Option<EmptyCommand>) -> Result<Self, ChaosError> {
        let mut links = Vec::new();
        for port in servers.ports() {
            links.push(Proxy::start(port).await?);
        }
        Ok(Self { servers, links, empty })
    }

    /// The address of each proxy.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.links.iter().map(|it| format!("127.0.0.1:{}", it.port())).collect()
    }

    pub(crate) fn inject(&mut self, server: usize, kind: FaultKind) -> Result<(), ChaosError> {
        match kind {
            FaultKind::Kill => self.servers.kill(server)?,
            FaultKind::Hang => self.servers.pause(server)?,
            FaultKind::Empty => self.empty_server(server)?,
            FaultKind::Cut => self.find_link(server)?.set_mode(LinkMode::Cut),
            FaultKind::Delay => self.find_link(server)?.set_mode(LinkMode::Slow),
            FaultKind::HalfClose => self.find_link(server)?.set_mode(LinkMode::HalfClosed),
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self, server: usize, kind: FaultKind) -> Result<(), ChaosError> {
        match kind {
            FaultKind::Kill => self.servers.restart(server)?,
            FaultKind::Hang => self.servers.resume(server)?,
            FaultKind::Cut | FaultKind::Delay | FaultKind::HalfClose => {
                self.find_link(server)?.set_mode(LinkMode::Open)
            }
            FaultKind::Empty => {}
        }
        Ok(())
    }

    fn empty_server(&self, server: usize) -> Result<(), ChaosError> {
        let command = self.empty.ok_or("this server cannot be emptied")?;
        let port = self.servers.ports().get(server).copied().ok_or("there is no such server")?;
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(COMMAND_TIMEOUT))?;
        stream.write_all(format!("{}\r\n", command.line).as_bytes())?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        let is_expected = command.answers.iter().any(|it| answer.starts_with(it));
        if is_expected { Ok(()) } else { Err(format!("a server was not emptied: {answer}").into()) }
    }

    fn find_link(&self, server: usize) -> Result<&Proxy, ChaosError> {
        self.links.get(server).ok_or_else(|| "there is no such server".into())
    }
}
