//! Serving: start, answer requests, stop.
//!
//! ```text
//! wire the adapters ─► catch up ─► bind ─► start the sweeps ─► serve ─► signal ─► stop
//! ```
//!
//! A stop takes at most `SHUTDOWN_TIMEOUT`: the listener closes, running requests end, then writes and sweeps
//! do. What is not finished by then ends with the process, and so does everything at a second signal. That is
//! safe at any point: a commit is atomic, and a client that got no answer repeats its request with the same
//! idempotency key.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    pin::pin,
    sync::Arc,
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
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    connections::{ConnectionPermits, GuardedStream, Transport, connections_max},
    gauges,
    http::{
        self,
        cors::Cors,
        middleware::{RequestMiddleware, UnreadBody},
    },
    limit_sharing::spawn_limit_sharing,
    log,
    service::{Service, SharedService},
    span_export::SpanExport,
    sweeps, terminal,
    tls::{self, Tls},
    webhook_tasks,
    wiring::{self, StartError, Wiring},
};

/// Time limit of a stop, for everything that still runs.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The part of it that requests have, in seconds; the last second is for their writes and for the sweeps.
const REQUEST_SHUTDOWN_SECONDS: u64 = 9;
/// Time limit for the head of a connection's first request. `connections` limits the heads that follow.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for agreeing on the encryption of a connection.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of a request's body an HTTP/2 client may send unread, in bytes: the longest body, and that of some requests
/// together.
const HTTP2_STREAM_WINDOW: u32 = 65_535;
const HTTP2_CONNECTION_WINDOW: u32 = 1 << 20;
/// How long a connection stays open between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long a client that was answered before it had sent everything has to read the answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Length of the system's queue of connections that wait until others end.
const BACKLOG: i32 = 1024;
/// Send buffer of a connection, in bytes: what a slow reader may cost the system, which doubles this number.
/// An answer that fits needs no fast reader at all.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Time limit for writing the log when a second signal ends the process at once.
const FORCED_LOG_TIMEOUT: Duration = Duration::from_millis(100);
/// Exit status after a second signal: the stop was not an orderly one.
const FORCED_EXIT_STATUS: i32 = 1;

/// Serves until `SIGTERM` or `SIGINT`, then finishes the work that runs.
///
/// # Errors
/// [`StartError`] when the service cannot start, or the server fails.
pub async fn run(config: Config) -> Result<(), StartError> {
    // Before anything that takes time: otherwise a signal during the start kills the process.
    let mut signals = Signals::listen()?;
    let hangups = config.edge.tls.as_ref().map(|_| listen_for(SignalKind::hangup())).transpose()?;
    let start = async {
        let wired = wiring::wire_adapters(&config).await?;
        // Before the first request: the first failed login must take as long as the costliest stored hash, or
        // time tells which accounts exist.
        sweeps::catch_up(&wired.app).await.map_err(StartError::Unreachable)?;
        Ok::<_, StartError>(wired)
    };
    // The start may wait long: for the database, or for another instance that migrates it. A signal ends the wait.
    let mut wired = tokio::select! {
        wired = start => wired?,
        () = signals.next() => return Ok(()),
    };
    let tls = config.edge.tls.clone().map(Tls::open).transpose()?.map(Arc::new);
    let sandbox = wired.sandbox.clone();
    let frame = RequestMiddleware {
        ids: wired.ids.clone(),
        metrics: wired.metrics.clone(),
        cors: Cors::new(config.edge.cors.clone()),
        compression: config.edge.compression,
        deadline: config.request_deadline,
        tracer: wired.tracer.clone(),
    };
    let exporting = SpanExport::start(wired.span_worker.take());
    let service = web::Data::new(build_service(&config, wired));
    let acceptor = tls.as_ref().map(|it| it.acceptor());
    let (server, address) = bind_server(&config, frame, service.clone(), acceptor)?;
    warn_of_payments(&config);
    if let Some(sandbox) = &sandbox {
        // Only now: with port 0 the address is known once the listener is bound.
        let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
        sandbox.set_callback_base(format!("{scheme}://{}", local_address(address)));
    }
    // After the bind: a process whose address is taken must end without having begun a sweep.
    sweeps::spawn_all(&service.tasks, &service.app, &service.stopping);
    gauges::spawn_gauges(&service);
    webhook_tasks::spawn_webhook_tasks(&service.tasks, &service.app, &service.stopping);
    if let Some((tls, hangups)) = tls.zip(hangups) {
        tls::spawn_reloading(&service.tasks, tls, hangups, service.stopping.clone());
    }
    spawn_limit_sharing(&service.tasks, service.request_limits.clone(), service.stopping.clone());
    let gateways: Vec<_> = wiring::connected_gateways(&service.app).map(|it| it.name().to_string()).collect();
    print_banner(&config, address, &gateways);
    let stop_sandbox = async || {
        if let Some(sandbox) = &sandbox {
            sandbox.stop().await;
        }
    };
    serve_until_signal(server, signals, (&service, &exporting), stop_sandbox).await
}

fn build_service(config: &Config, wired: Wiring) -> Service {
    Service {
        app: wired.app,
        sealer: wired.sealer,
        digests: wired.digests,
        keyed_digests: wired.keyed_digests,
        metrics: wired.metrics,
        dependencies: wired.dependencies,
        pools: wired.pools,
        record_clock: wired.record_clock,
        tasks: crate::tasks::Tasks::default(),
        stopping: CancellationToken::new(),
        request_deadline: config.request_deadline,
        exports: crate::http::order_export::export_permits(),
        trusted_proxies: config.trusted_proxies.clone(),
        request_limits: wired.request_limits,
    }
}

fn bind_server(
    config: &Config,
    frame: RequestMiddleware,
    service: SharedService,
    tls: Option<TlsAcceptor>,
) -> Result<(Server, SocketAddr), StartError> {
    let wanted = config.http_addr;
    let fault = |source| StartError::Bind { address: wanted, source };
    let listener = open_listener(wanted).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let workers = config.workers.get();
    let connections = connections_max(workers);
    tracing::info!(connections = connections * workers, "client connections are limited");
    let server = Server::build()
        // Its own signal handling would end requests, but it knows nothing of writes, sweeps and the log.
        .workers(workers)
        .max_concurrent_connections(connections)
        .disable_signals()
        .shutdown_timeout(REQUEST_SHUTDOWN_SECONDS);
    let permits = ConnectionPermits::new(connections * workers, config.trusted_proxies.clone());
    let server = add_http_service(server, listener, (permits, tls), frame, service).map_err(fault)?;
    Ok((server.run(), address))
}

/// Opens the listener, with a limit on what the system buffers for each reader.
fn open_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart must not wait until the closed connections of the process before it have timed out.
    socket.set_reuse_address(true)?;
    // Set on the listener, because accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Adds the HTTP service: every connection is guarded, and every request goes through the middleware.
fn add_http_service(
    server: ServerBuilder,
    listener: TcpListener,
    gate: (ConnectionPermits, Option<TlsAcceptor>),
    frame: RequestMiddleware,
    service: SharedService,
) -> io::Result<ServerBuilder> {
    // Put together by hand: `actix_web::HttpServer` takes plain TCP streams only, and each has to be wrapped
    // in a `GuardedStream` before the HTTP library sees a byte.
    let (stop, stopping) = (server.graceful_shutdown_signal(), service.stopping.clone());
    let app = move || {
        let frame = frame.clone();
        App::new()
            .app_data(service.clone())
            .wrap(from_fn(move |request, next| frame.clone().handle_request(request, next)))
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
            .client_request_timeout(FIRST_HEAD_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .h2_initial_window_size(HTTP2_STREAM_WINDOW)
            .h2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
            .on_connect_ext(|stream: &GuardedStream, connection| {
                connection.insert(UnreadBody::default());
                connection.insert(stream.response_counter());
                if let Some(requests) = stream.http2_requests() {
                    connection.insert(requests);
                }
            })
            .finish(map_config(app(), |()| AppConfig::default()));
        let (permits, tls) = gate.clone();
        let stopping = stopping.clone();
        let admit =
            move |stream: TcpStream| admit_connection(stream, permits.clone(), tls.clone(), stopping.clone());
        fn_service(admit).and_then(http)
    })
}

/// A connection that has a permit, and is encrypted if the service has a certificate. Of one that has none not even the
/// first byte is read: its network has enough of them.
async fn admit_connection(
    stream: TcpStream,
    permits: ConnectionPermits,
    tls: Option<TlsAcceptor>,
    stopping: CancellationToken,
) -> Result<(GuardedStream, Protocol, Option<SocketAddr>), DispatchError> {
    let peer = stream.peer_addr()?;
    // The end of an HTTP/2 answer is a write of its own, which would wait for the client to confirm the one before.
    stream.set_nodelay(true)?;
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let permit = permits.acquire(peer.ip()).ok_or_else(refused)?;
    let stream = match tls {
        None => Transport::Plain(stream),
        // The permit is held meanwhile, so handshakes that are not finished count as connections.
        Some(tls) => {
            let accepted = timeout(TLS_HANDSHAKE_TIMEOUT, tls.accept(stream)).await;
            Transport::Tls(Box::new(accepted.map_err(io::Error::from)??))
        }
    };
    let protocol = if stream.is_http2() { Protocol::Http2 } else { Protocol::Http1 };
    Ok((GuardedStream::new(stream, permit, stopping), protocol, Some(peer)))
}

/// The address under which this machine reaches itself.
fn local_address(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(it) if it.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(it) if it.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        it @ (IpAddr::V4(_) | IpAddr::V6(_)) => it,
    };
    SocketAddr::new(ip, address.port())
}

/// The name of the gateway that moves no money.
const SANDBOX: &str = "sandbox";

/// Warns of what an operator may not intend: test tokens beside real money, no way to pay, or notices that cannot be
/// verified.
fn warn_of_payments(config: &Config) {
    if config.gateways.lacks_notices() {
        tracing::warn!(
            "Stripe has a key and no webhook secret: its notices are refused, so refunds and disputes that begin at \
             Stripe stay unknown; set IDEM_STRIPE_WEBHOOK_SECRET"
        );
    }
    let has_sandbox = config.sandbox_secret.is_some() || config.has_sandbox_unasked();
    match (config.gateways.can_charge(), has_sandbox) {
        (true, true) => tracing::warn!(
            "the sandbox is on beside a gateway that takes money: any customer can pay any order with a test \
             token; unset IDEM_SANDBOX_SECRET unless this is a test"
        ),
        (false, true) => {
            tracing::warn!("the sandbox is on: orders can be paid with test tokens, and no money moves");
        }
        (false, false) => tracing::warn!(
            "no payment gateway accepts payments: set the keys of one, or IDEM_SANDBOX_SECRET to try payments"
        ),
        (true, false) => {}
    }
}

/// Prints where the service listens and what to try first.
fn print_banner(config: &Config, address: SocketAddr, gateways: &[String]) {
    let payments = match gateways {
        [] => "no gateway".to_owned(),
        [only] if only == SANDBOX => "the sandbox: test tokens, and no money moves".to_owned(),
        all => all.join(", "),
    };
    let here = local_address(address);
    let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
    // The first line is read by programs too: with port 0 it is the only place that names the port.
    terminal::spawn_print(format!(
        "Idem is listening on {scheme}://{address}\n\
         Data: {}\n\
         Payments: {payments}\n\
         Try: curl -s {scheme}://{here}/v1/products\n\
         Docs: {scheme}://{here}/docs",
        config.database
    ));
}

/// Serves until the first signal, then finishes the work that runs, unless a second signal ends the process.
async fn serve_until_signal(
    server: Server,
    mut signals: Signals,
    (service, exporting): (&Service, &SpanExport),
    stop_sandbox: impl AsyncFnOnce(),
) -> Result<(), StartError> {
    let handle = server.handle();
    let mut server = pin!(server);
    tokio::select! {
        ended = &mut server => return ended.map_err(StartError::Failed),
        () = signals.next() => {}
    }
    tracing::info!("stopping: no new connections, running work is finished");
    service.stopping.cancel();
    let finish = async {
        // First, because its notices go to this server, which is about to accept no connection.
        stop_sandbox().await;
        // Both at once: the server only stops while it is polled.
        let (ended, ()) = tokio::join!(&mut server, handle.stop(true));
        // After the requests, which may start writes until the last of them has ended.
        service.tasks.wait_all().await;
        // Last, for the spans of all that.
        exporting.finish().await;
        ended
    };
    tokio::select! {
        finished = timeout(SHUTDOWN_TIMEOUT, finish) => match finished {
            Ok(ended) => ended.map_err(StartError::Failed)?,
            Err(_late) => tracing::warn!(
                limit_seconds = SHUTDOWN_TIMEOUT.as_secs(),
                "shutdown time limit reached, unfinished work is dropped"
            ),
        },
        () = signals.next() => {
            log::flush_within(FORCED_LOG_TIMEOUT);
            std::process::exit(FORCED_EXIT_STATUS)
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// The signals that ask for a stop: `SIGTERM` from a supervisor, `SIGINT` from a terminal.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, StartError> {
        let [terminate, interrupt] = [SignalKind::terminate(), SignalKind::interrupt()].map(listen_for);
        Ok(Self { terminate: terminate?, interrupt: interrupt? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn listen_for(kind: SignalKind) -> Result<Signal, StartError> {
    signal(kind).map_err(StartError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_all_is_reached_as_the_own_one() {
        let shown = |text: &str| local_address(text.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(shown("[::]:8080"), "[::1]:8080");
        assert_eq!(shown("192.0.2.7:8080"), "192.0.2.7:8080");
    }
}
