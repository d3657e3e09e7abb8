//! Clients that are slow, ask for too much or are too many.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread::sleep,
    time::Duration,
};

use serde_json::json;

use crate::{
    bare::{Bare, Wire, after, get},
    harness::{PASSWORD, now, raw, shared, unique},
};

/// The largest answer that needs no token.
const BIG: &str = "/docs/swagger-ui-bundle.js";

#[test]
fn a_second_head_that_is_never_finished_ends_the_connection() {
    let address = shared().address();
    let mut half = Wire::to(address);
    assert_eq!(half.get("/healthz").0, 200);
    half.send("GET /heal").unwrap();
    let mut pipelined = Wire::to(address);
    pipelined.send(get("/healthz") + "\r\nGET /healthz HTTP/1.1\r\nhost:").unwrap();
    assert_eq!(pipelined.answer().unwrap().0, 200, "what was asked is answered");
    let mut after_a_body = Wire::to(address);
    let body =
        "POST /v1/products HTTP/1.1\r\nhost: idem\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    after_a_body.send(format!("{body}POST")).unwrap();
    assert!(after_a_body.answer().unwrap().0 >= 400);
    for wire in [&mut half, &mut pipelined, &mut after_a_body] {
        assert!(wire.is_ended());
    }
}

#[test]
fn a_second_head_that_drips_ends_the_connection() {
    let mut wire = Wire::to(shared().address());
    assert_eq!(wire.get("/healthz").0, 200);
    let began = now();
    wire.send("GET /healthz HTTP/1.1\r\nhost: idem\r\nx-drip: ").unwrap();
    // Each byte comes before the connection is idle for too long.
    let ended = (0..100).any(|_| {
        sleep(Duration::from_millis(400));
        wire.send("a").is_err()
    });
    eprintln!("ended after {:?}", now().duration_since(began));
    assert!(ended);
}

#[test]
fn a_second_head_that_comes_in_pieces_is_answered() {
    let mut wire = Wire::to(shared().address());
    for _ in 0..3 {
        for piece in ["GET /healthz HT", "TP/1.1\r\nho", "st: idem\r", "\n\r", "\n"] {
            wire.send(piece).unwrap();
            sleep(Duration::from_millis(20));
        }
        assert_eq!(wire.answer().unwrap().0, 200);
    }
}

#[test]
fn a_head_that_is_too_long_never_reaches_the_http_library() {
    let server = crate::harness::Server::with(&[]);
    let name = "x".repeat(70_000);
    let long = format!("GET /healthz HTTP/1.1\r\nhost: idem\r\n{name}: 1\r\n\r\n");
    let first = raw(server.address(), &long);
    assert!(first.is_err() || first.is_ok_and(|it| it.status == 431));
    let mut second = Wire::to(server.address());
    // The end may be refused while it is sent.
    let _ = second.send(get("/healthz") + &long);
    assert_eq!(second.answer().unwrap().0, 200);
    if let Ok((status, _)) = second.answer() {
        assert_eq!(status, 431);
    }
    assert!(second.is_ended());
    let mut after_a_body = Wire::to(server.address());
    let body = "POST /v1/products HTTP/1.1\r\nhost: idem\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let _ = after_a_body.send(format!("{body}{long}"));
    assert!(after_a_body.answer().unwrap().0 < 431);
    assert!(after_a_body.is_ended());
    let fits = format!(
        "GET /healthz HTTP/1.1\r\nhost: idem\r\nconnection: close\r\nx: {}\r\n\r\n",
        "y".repeat(32_000)
    );
    assert_eq!(raw(server.address(), fits).unwrap().status, 200);
    assert!(!server.log().contains("a fault of the service"), "{}", server.log());
}

#[test]
fn a_head_that_is_too_long_is_431() {
    // Exactly what may be sent, so that nothing is left over that would reset the connection.
    let head = "GET /healthz HTTP/1.1\r\nhost: idem\r\nx: ";
    let answer = raw(shared().address(), format!("{head}{}", "y".repeat(32 * 1024 - head.len())));
    assert_eq!(answer.unwrap().status, 431);
}

#[test]
fn readers_that_take_nothing_are_cut_and_their_memory_is_free() {
    let server = Bare::start(&[], |command| command);
    let descriptors = server.descriptors();
    let wave = || {
        let began = now();
        let readers: Vec<_> = (0..300)
            .map(|_| {
                let mut wire = server.wire();
                // More than the system keeps for one connection.
                wire.send(get(BIG).repeat(4)).unwrap();
                wire
            })
            .collect();
        server.until("all of them are served", || server.descriptors() >= descriptors + 290);
        assert_eq!(server.wire().get("/v1/products").0, 200);
        server.until("all of them are cut", || server.descriptors() <= descriptors + 4);
        eprintln!(
            "{} readers, cut after {:?}, leave {} KiB",
            readers.len(),
            now().duration_since(began),
            server.memory()
        );
        server.memory()
    };
    // What the first ones had, the next ones can have.
    let (first, second) = (wave(), wave());
    assert!(second < first * 5 / 4, "{first} KiB after the first, {second} KiB after the second");
}

#[test]
fn a_reader_that_drips_is_cut_and_one_that_is_slow_is_not() {
    let address = shared().address();
    let length =
        raw(address, get(BIG).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).unwrap().body.len();
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(get(BIG).as_bytes()).unwrap();
    let (mut taken, mut buffer) = (0, vec![0; 32 * 1024]);
    while taken < length {
        sleep(Duration::from_millis(100));
        let read = slow.read(&mut buffer).unwrap();
        assert!(read > 0, "{taken} of {length}");
        taken += read;
    }
    let mut drips = TcpStream::connect(address).unwrap();
    drips.write_all(get(BIG).repeat(8).as_bytes()).unwrap();
    let began = now();
    let cut = (0..600).any(|_| {
        sleep(Duration::from_millis(200));
        !drips.read(&mut buffer[..1000]).is_ok_and(|read| read > 0)
    });
    eprintln!("cut after {:?}", now().duration_since(began));
    assert!(cut);
}

#[test]
fn more_connections_than_descriptors_leave_the_record_to_those_who_are_served() {
    let server = Bare::start(&[], |command| after("ulimit -n 200;", &command));
    let mut open = server.wire();
    assert_eq!(open.get("/readyz").0, 200);
    let mut crowd = Vec::new();
    for round in 0..60 {
        let address = server.address();
        crowd.extend(
            (0..10).filter_map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()),
        );
        let name = unique("crowd");
        let account = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        let (status, answer) = open.post("/v1/auth/register", &account);
        assert_eq!(status, 201, "round {round}: {answer}");
        let (status, answer) = open.get("/readyz");
        assert_eq!(status, 200, "round {round}: {answer}");
        assert!(server.descriptors() < 200, "there is always one left");
    }
    assert!(crowd.len() > 200, "{}", crowd.len());
    drop((crowd, open));
    server.until("new clients are served", || {
        raw(server.address(), "GET /v1/products HTTP/1.0\r\n\r\n").is_ok_and(|it| it.status == 200)
    });
}

#[test]
fn slow_readers_of_one_network_leave_places_to_others() {
    /// Connections that are there for certain, whatever other descriptors the service opens and closes meanwhile.
    const CROWD: usize = 60;
    let server = Bare::start(&[], |command| after("ulimit -n 200;", &command));
    let idle = server.descriptors();
    // Whether another network is answered while they are all still there: they are cut after ten seconds.
    let beside_a_crowd = || {
        let mut crowd: Vec<_> = (0..150).map(|_| server.wire()).collect();
        for wire in &mut crowd {
            // More than the system keeps for one connection. Those who have no place are gone.
            let _ = wire.send(get(BIG).repeat(4));
        }
        server.until("places are taken", || server.descriptors() > idle + CROWD);
        let taken = server.descriptors();
        let mut other = Wire::from("127.0.0.2", server.address());
        assert_eq!(other.get("/v1/products").0, 200);
        let left = server.descriptors();
        drop(crowd);
        server.until("the crowd is gone", || server.descriptors() < idle + 10);
        assert_eq!(server.wire().get("/v1/products").0, 200, "its network is served again");
        eprintln!("{idle} descriptors, {taken} with the crowd, {left} when the other one was answered");
        left > idle + CROWD
    };
    assert!((0..5).any(|_| beside_a_crowd()));
}

#[test]
fn requests_that_wait_behind_slow_ones_cost_no_processor() {
    let server = Bare::start(&[("IDEM_BCRYPT_COST", "11")], |command| command);
    let body = |name: &str| json!({"username": name, "password": PASSWORD}).to_string();
    let login = || {
        let body = body(&unique("waits"));
        let head = "host: idem\r\ncontent-type: application/json";
        format!("POST /v1/auth/login HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let spent = |behind: usize| {
        let (mut wire, before) = (server.wire(), server.processor());
        let logins: String = (0..20).map(|_| login()).collect();
        let mut sender = wire.stream().try_clone().unwrap();
        let sending = std::thread::spawn(move || {
            // Not all of it is taken while the logins last.
            let _ = sender.write_all((logins + &get("/healthz").repeat(behind)).as_bytes());
        });
        for _ in 0..20 {
            assert_eq!(wire.answer().unwrap().0, 401);
        }
        let spent = server.processor() - before;
        let _ = wire.stream().shutdown(std::net::Shutdown::Both);
        sending.join().unwrap();
        spent
    };
    let (alone, followed) = (spent(0), spent(8_000));
    eprintln!("20 logins alone take {alone}, followed by others {followed}");
    assert!(followed < alone * 3 / 2, "{alone}, then {followed}");
}
