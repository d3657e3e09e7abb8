//! Serving requests, from the first to the last.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    pin::pin,
    time::Duration,
};

use actix_http::{HttpService, Protocol, error::DispatchError};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{App, dev::AppConfig, middleware::from_fn, web};
use socket2::{Domain, Socket, Type};
use tokio::{
    net::TcpStream,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    connections::{Guarded, connections_max},
    http::{
        self,
        frame::{Frame, Unread},
    },
    log,
    service::{Service, Shared},
    sweeps, terminal,
    wiring::{self, StartError, Wired},
};

/// What runs when the service is told to stop has this long to end.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Of which requests have this long, in seconds.
const REQUESTS_STOP_WITHIN_SECONDS: u64 = 9;
/// A client has this long to send the head of its first request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// A connection without a request is kept for this long.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// A client that was answered before it had sent everything has this long to read the answer.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Connections that wait for others to end.
const BACKLOG: i32 = 1024;
/// What the system keeps for a reader that is slow, in bytes; it takes twice as much.
const SEND_BUFFER: usize = 128 * 1024;
/// When a second signal cuts everything short, the log has this long.
const LOG_CUT_SHORT_WITHIN: Duration = Duration::from_millis(100);
/// The exit status when a second signal cuts everything short.
const CUT_SHORT: i32 = 1;

/// Serves until it is told to stop, then finishes what runs.
///
/// # Errors
/// [`StartError`] when it cannot begin, or the server fails.
pub async fn run(config: Config) -> Result<(), StartError> {
    let mut signals = Signals::listen()?;
    let start = async {
        let wired = wiring::wire(&config).await?;
        sweeps::catch_up(&wired.app).await.map_err(StartError::Unreachable)?;
        Ok::<_, StartError>(wired)
    };
    // To wait for a server, or for another instance that brings the database up to date, may take long.
    let wired = tokio::select! {
        wired = start => wired?,
        () = signals.next() => return Ok(()),
    };
    let sandbox = wired.sandbox.clone();
    let frame =
        Frame { ids: wired.ids.clone(), metrics: wired.metrics.clone(), deadline: config.request_deadline };
    let service = web::Data::new(service(&config, wired));
    let (server, address) = bind(&config, frame, service.clone())?;
    match &sandbox {
        Some(sandbox) => {
            tracing::warn!("the sandbox is on: orders can be paid with test tokens, and no money moves");
            sandbox.set_callback_base(format!("http://{}", reachable(address)));
        }
        None => {
            tracing::warn!("no payment gateway can be paid with: set IDEM_SANDBOX_SECRET to try payments")
        }
    }
    sweeps::start(&service.tasks, &service.app, &service.stopping);
    greet(&config, address, sandbox.is_some());
    let stop_sandbox = async || {
        if let Some(sandbox) = &sandbox {
            sandbox.stop().await;
        }
    };
    until_stopped(server, signals, &service, stop_sandbox).await
}

fn service(config: &Config, wired: Wired) -> Service {
    Service {
        app: wired.app,
        sealer: wired.sealer,
        digests: wired.digests,
        keyed_digests: wired.keyed_digests,
        metrics: wired.metrics,
        dependencies: wired.dependencies,
        tasks: crate::tasks::Tasks::default(),
        stopping: CancellationToken::new(),
        request_deadline: config.request_deadline,
        trusted_proxies: config.trusted_proxies.clone(),
    }
}

fn bind(config: &Config, frame: Frame, service: Shared) -> Result<(Server, SocketAddr), StartError> {
    let wanted = config.http_addr;
    let fault = |source| StartError::Bind { address: wanted, source };
    let listener = listen(wanted).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let workers = config.workers.get();
    let connections = connections_max(workers);
    tracing::info!(connections = connections * workers, "most connections of clients");
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(connections)
        .disable_signals()
        .shutdown_timeout(REQUESTS_STOP_WITHIN_SECONDS);
    let server = answer(server, listener, frame, service).map_err(fault)?;
    Ok((server.run(), address))
}

/// Listens, with a bound to what is kept for each reader.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Adds what answers the requests of those who connect.
fn answer(
    server: ServerBuilder,
    listener: TcpListener,
    frame: Frame,
    service: Shared,
) -> io::Result<ServerBuilder> {
    let stop = server.graceful_shutdown_signal();
    let app = move || {
        let frame = frame.clone();
        App::new()
            .app_data(service.clone())
            .wrap(from_fn(move |request, next| frame.clone().around(request, next)))
            .configure(http::configure)
            .into_factory()
            .map_err(|fault: actix_web::Error| fault.error_response())
    };
    server.listen("http", listener, move || {
        let stop = stop.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .client_request_timeout(HEAD_WITHIN)
            .keep_alive(KEPT_FOR)
            .client_disconnect_timeout(CLOSE_WITHIN)
            .on_connect_ext(|stream: &Guarded, connection| {
                connection.insert(Unread::default());
                connection.insert(stream.answers());
            })
            .finish(map_config(app(), |()| AppConfig::default()));
        fn_service(async |stream: TcpStream| {
            let stream = Guarded::new(stream);
            let peer = stream.peer();
            Ok::<_, DispatchError>((stream, Protocol::Http1, peer))
        })
        .and_then(http)
    })
}

/// The address under which this machine reaches itself.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(it) if it.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(it) if it.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        it @ (IpAddr::V4(_) | IpAddr::V6(_)) => it,
    };
    SocketAddr::new(ip, address.port())
}

/// Says what to do next.
fn greet(config: &Config, address: SocketAddr, sandbox: bool) {
    let payments = if sandbox { "the sandbox: test tokens, and no money moves" } else { "no gateway" };
    let here = reachable(address);
    terminal::greet(format!(
        "Idem is listening on http://{address}\n\
         Data: {}\n\
         Payments: {payments}\n\
         Try: curl -s http://{here}/v1/products\n\
         Docs: http://{here}/docs",
        config.database
    ));
}

/// Serves until the first signal; then no new requests are taken and what runs is finished, unless a second one comes.
async fn until_stopped(
    server: Server,
    mut signals: Signals,
    service: &Service,
    stop_sandbox: impl AsyncFnOnce(),
) -> Result<(), StartError> {
    let handle = server.handle();
    let mut server = pin!(server);
    tokio::select! {
        ended = &mut server => return ended.map_err(StartError::Failed),
        () = signals.next() => {}
    }
    tracing::info!("stopping");
    service.stopping.cancel();
    let finish = async {
        stop_sandbox().await;
        let (ended, ()) = tokio::join!(&mut server, handle.stop(true));
        service.tasks.finished().await;
        ended
    };
    tokio::select! {
        finished = timeout(STOP_WITHIN, finish) => match finished {
            Ok(ended) => ended.map_err(StartError::Failed)?,
            Err(_late) => tracing::warn!("some requests were not finished in time"),
        },
        () = signals.next() => {
            log::finish(LOG_CUT_SHORT_WITHIN);
            std::process::exit(CUT_SHORT)
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// The signals that ask to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, StartError> {
        let listen = |kind| signal(kind).map_err(StartError::Failed);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_all_is_reached_as_the_own_one() {
        let shown = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(shown("[::]:8080"), "[::1]:8080");
        assert_eq!(shown("192.0.2.7:8080"), "192.0.2.7:8080");
    }
}
