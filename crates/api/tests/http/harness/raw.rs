//! HTTP by hand, for what a well-behaved client does not send.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The status.
    pub(crate) status: u16,
    /// Headers by lower-case name; of several only the last.
    pub(crate) headers: HashMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

/// Sends bytes as they are and reads until the other side closes.
pub(crate) fn raw(address: SocketAddr, request: impl AsRef<[u8]>) -> std::io::Result<Raw> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_ref())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // A server may close before it has read everything; what it said before counts.
        Err(fault) if fault.kind() == ErrorKind::ConnectionReset && !answer.is_empty() => {}
        Err(fault) => return Err(fault),
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|it| it.split(' ').nth(1)?.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let headers = lines.filter_map(|it| it.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    Ok(Raw { status, headers, body: body.to_owned() })
}
