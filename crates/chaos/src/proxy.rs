//! A TCP proxy that drops, delays and half-closes.

use std::{io, net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// How late every packet is while a link is slow. It is longer than the limit of a call to Redis or memcached, and
/// shorter than that of the database.
const LATENCY: Duration = Duration::from_millis(120);
/// Most bytes that are forwarded at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// What a link does with what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkMode {
    /// Everything is forwarded.
    Open,
    /// Connections are closed, and new ones as soon as they are accepted.
    Cut,
    /// Everything is forwarded late.
    Slow,
    /// What the client sends is forwarded; to the client the stream ends.
    HalfClosed,
}

/// A port that leads to another one. Its connections end when this value is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    mode: watch::Sender<LinkMode>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Listens on a free port, and forwards to that port of this machine.
    pub(crate) async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (mode, seen) = watch::channel(LinkMode::Open);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept_connections(listener, target, seen));
        Ok(Self { port, mode, _tasks: tasks })
    }

    /// The port that clients connect to.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Changes what happens from now on, also on connections that are open.
    pub(crate) fn set_mode(&self, mode: LinkMode) {
        self.mode.send_replace(mode);
    }
}

async fn accept_connections(listener: TcpListener, target: u16, mode: watch::Receiver<LinkMode>) {
    // Dropped with this task, which ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let mode = mode.clone();
        connections.spawn(async move {
            if *mode.borrow() == LinkMode::Cut {
                return;
            }
            // The server is unavailable: the client sees a closed connection, as it would without the proxy.
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::select! {
                () = pump_bytes(from_client, to_server, mode.clone(), false) => {}
                () = pump_bytes(from_server, to_client, mode, true) => {}
            }
        });
    }
}

/// Forwards one direction until it ends or is cut.
async fn pump_bytes(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<LinkMode>,
    is_to_client: bool,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut is_closed = false;
    loop {
        let now = *mode.borrow_and_update();
        if now == LinkMode::HalfClosed && is_to_client && !is_closed {
            // May fail, when the client has gone already.
            let _ = to.shutdown().await;
            is_closed = true;
        }
        if now == LinkMode::Cut || is_closed && now != LinkMode::HalfClosed {
            return;
        }
        let read = tokio::select! {
            read = from.read(&mut chunk) => read,
            changed = mode.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let Some(bytes) = read.ok().filter(|it| *it > 0).and_then(|it| chunk.get(..it)) else { return };
        if now == LinkMode::Slow {
            sleep(LATENCY).await;
        }
        if !is_closed && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends every byte back, and counts the bytes.
    async fn start_echo() -> (u16, watch::Receiver<usize>, JoinSet<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (count, seen) = watch::channel(0);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let count = count.clone();
                streams.spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        count.send_modify(|it| *it += 1);
                        if stream.write_all(&byte).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (port, seen, tasks)
    }

    async fn connect(proxy: &Proxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap()
    }

    /// What comes back for one byte; `None` if the stream ends.
    async fn ask(stream: &mut TcpStream) -> Option<u8> {
        stream.write_all(b"x").await.ok()?;
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok().map(|_| byte[0])
    }

    #[tokio::test]
    async fn a_link_is_cut_and_open_again() {
        let (target, _, _tasks) = start_echo().await;
        let proxy = Proxy::start(target).await.unwrap();
        let mut stream = connect(&proxy).await;
        assert_eq!(ask(&mut stream).await, Some(b'x'));
        proxy.set_mode(LinkMode::Slow);
        assert_eq!(ask(&mut stream).await, Some(b'x'));
        proxy.set_mode(LinkMode::Cut);
        assert_eq!(ask(&mut stream).await, None);
        assert_eq!(ask(&mut connect(&proxy).await).await, None);
        proxy.set_mode(LinkMode::Open);
        assert_eq!(ask(&mut connect(&proxy).await).await, Some(b'x'));
    }

    #[tokio::test]
    async fn what_is_asked_over_a_half_closed_link_arrives_and_is_not_answered() {
        let (target, mut count, _tasks) = start_echo().await;
        let proxy = Proxy::start(target).await.unwrap();
        let mut stream = connect(&proxy).await;
        assert_eq!(ask(&mut stream).await, Some(b'x'));
        proxy.set_mode(LinkMode::HalfClosed);
        assert_eq!(ask(&mut stream).await, None);
        count.wait_for(|it| *it == 2).await.unwrap();
    }
}
