//! Every server starts, hangs, dies and comes back as told.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use test_servers::{MariaDb, Memcached, Redis};

/// What a server says to `question`, up to so many bytes.
fn ask(port: u16, question: &str, bytes: usize) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(question.as_bytes())?;
    let mut answer = vec![0; bytes];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn redis_keeps_what_was_written_when_it_is_killed() {
    let mut redis = Redis::start().unwrap();
    assert_eq!(ask(redis.port(), "SET key value\r\n", 5).unwrap(), "+OK\r\n");
    assert!(redis.url().ends_with(&format!("127.0.0.1:{}/0", redis.port())));
    assert_ne!(redis.empty_url(), redis.empty_url());
    redis.kill().unwrap();
    assert!(ask(redis.port(), "PING\r\n", 7).is_err());
    assert!(redis.kill().is_err(), "it is gone");
    redis.restart().unwrap();
    assert_eq!(ask(redis.port(), "GET key\r\n", 11).unwrap(), "$5\r\nvalue\r\n");
}

#[test]
fn a_server_that_is_paused_takes_connections_and_answers_nothing() {
    let redis = Redis::start().unwrap();
    redis.pause().unwrap();
    let error = ask(redis.port(), "PING\r\n", 7).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
    redis.resume().unwrap();
    assert_eq!(ask(redis.port(), "PING\r\n", 7).unwrap(), "+PONG\r\n");
}

#[test]
fn memcached_comes_back_empty() {
    let mut memcached = Memcached::start().unwrap();
    let set = "set key 0 0 5\r\nvalue\r\n";
    assert_eq!(ask(memcached.port(), set, 8).unwrap(), "STORED\r\n");
    assert_eq!(ask(memcached.port(), "get key\r\n", 5).unwrap(), "VALUE");
    memcached.restart().unwrap();
    assert_eq!(ask(memcached.port(), "get key\r\n", 5).unwrap(), "END\r\n");
}

#[test]
fn mariadb_keeps_what_was_committed_when_it_is_killed() {
    let mut mariadb = MariaDb::start().unwrap();
    mariadb.create_database("one").unwrap();
    assert!(mariadb.create_database("one").is_err(), "it exists");
    assert!(mariadb.create_database("one`; DROP DATABASE mysql").is_err());
    mariadb.execute_sql("CREATE TABLE one.t (a INT PRIMARY KEY); INSERT INTO one.t VALUES (1)").unwrap();
    mariadb.restart().unwrap();
    mariadb.execute_sql("INSERT INTO one.t VALUES (2)").unwrap();
    assert!(mariadb.execute_sql("INSERT INTO one.t VALUES (1)").is_err(), "it is there");
    assert!(mariadb.url("one").ends_with("/one"));
}

#[test]
fn all_tests_of_a_binary_share_one() {
    let ports = [(); 2].map(|()| Memcached::shared().unwrap().port());
    assert_eq!(ports[0], ports[1]);
}

#[test]
fn many_start_at_once() {
    let starts: Vec<_> = (0..8).map(|_| std::thread::spawn(|| Memcached::start().unwrap())).collect();
    let servers: Vec<_> = starts.into_iter().map(|it| it.join().unwrap()).collect();
    for server in &servers {
        assert_eq!(ask(server.port(), "version\r\n", 7).unwrap(), "VERSION");
    }
}
