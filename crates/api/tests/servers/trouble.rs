//! Faults of the servers that the binary depends on.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;
use test_servers::{Server as TestServer, ServerKind};

use crate::harness::{PATIENCE, Server, eventually, raw};

/// One of the servers, by its name in `/readyz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultTarget {
    Database,
    Redis,
    Memcached,
}

/// Faults of the servers that the binary depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It dies, and comes back with what is on its disk.
    Killed,
    /// It takes connections and answers nothing.
    Hung,
}

impl FaultTarget {
    const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Redis => "redis",
            Self::Memcached => "memcached",
        }
    }

    pub(crate) fn inject(self, server: &Server, fault: FaultKind) {
        let stack = &server.place().stack;
        match self {
            Self::Database => inject(&mut stack.mariadb(), fault),
            Self::Redis => inject(&mut stack.redis(), fault),
            Self::Memcached => inject(&mut stack.memcached(), fault),
        }
    }

    pub(crate) fn clear(self, server: &Server, fault: FaultKind) {
        let stack = &server.place().stack;
        match self {
            Self::Database => clear(&mut stack.mariadb(), fault),
            Self::Redis => clear(&mut stack.redis(), fault),
            Self::Memcached => clear(&mut stack.memcached(), fault),
        }
    }
}

fn inject<K: ServerKind>(server: &mut TestServer<K>, fault: FaultKind) {
    match fault {
        FaultKind::Killed => server.kill().unwrap(),
        FaultKind::Hung => server.pause().unwrap(),
    }
}

fn clear<K: ServerKind>(server: &mut TestServer<K>, fault: FaultKind) {
    match fault {
        FaultKind::Killed => server.restart().unwrap(),
        FaultKind::Hung => server.resume().unwrap(),
    }
}

/// Redis forgets everything.
pub(crate) fn empty_redis(server: &Server) {
    told(server.place().stack.redis().port(), "FLUSHALL\r\n", "+OK\r\n");
}

/// memcached forgets everything.
pub(crate) fn empty_memcached(server: &Server) {
    told(server.place().stack.memcached().port(), "flush_all\r\n", "OK\r\n");
}

fn told(port: u16, what: &str, answer: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(what.as_bytes()).unwrap();
    let mut said = vec![0; answer.len()];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(String::from_utf8_lossy(&said), answer);
}

/// What `/readyz` says: the status of the answer, its word for all, and who is unavailable.
pub(crate) fn readiness(server: &Server) -> (u16, String, Vec<String>) {
    let request = "GET /readyz HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n";
    let reply = raw(server.address(), request).unwrap();
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let away = body["dependencies"].as_array().unwrap().iter().filter(|it| it["status"] != "ok");
    let away = away.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    (reply.status, body["status"].as_str().unwrap().to_owned(), away)
}

/// Waits until `/readyz` says so.
pub(crate) async fn becomes(server: &Server, status: u16, word: &str, away: &[FaultTarget]) {
    let names: Vec<_> = away.iter().map(|it| it.name().to_owned()).collect();
    let expected = (status, word.to_owned(), names);
    let look = async || {
        let server = readiness(server);
        (server == expected).then_some(())
    };
    eventually(&format!("/readyz says {expected:?}"), PATIENCE, look).await;
}
