//! A server that returns fixed bytes: the most that the HTTP framework can do here, and so the ceiling for reads.
//!
//! It is this program in a process of its own, so that its CPU time is measured as that of the service is.

use std::{env, net::SocketAddr, path::Path};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::{
    error::BenchResult,
    service::{LISTENING, ServerProcess, print_line},
};

/// The argument that makes this program that server; the length of the body follows.
pub(crate) const COMMAND: &str = "hello-server";

/// The server, until it is dropped.
#[derive(Debug)]
pub(crate) struct HelloServer(ServerProcess);

impl HelloServer {
    /// Starts the server; its responses have a body of `length` bytes.
    pub(crate) async fn start(folder: &Path, length: usize) -> BenchResult<Self> {
        let mut command = std::process::Command::new(env::current_exe()?);
        command.args([COMMAND, &length.to_string()]).current_dir(folder);
        ServerProcess::start(command).await.map(Self)
    }

    /// The address on which it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The id of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.0.process_id()
    }
}

/// The body of every response.
pub(crate) fn body(length: usize) -> String {
    "x".repeat(length)
}

/// Serves until the process is killed.
pub(crate) fn serve(length: usize) -> BenchResult<()> {
    let body = web::Bytes::from(body(length));
    let server = HttpServer::new(move || {
        let body = body.clone();
        let respond = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(body) }
        };
        App::new().default_service(web::to(respond))
    });
    let server = server.disable_signals().bind("127.0.0.1:0")?;
    let address = server.addrs().first().copied().ok_or("the server has no address")?;
    print_line(&format!("{LISTENING}{address}"))?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}
