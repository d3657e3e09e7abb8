//! A log that has no reader, a slow one or no room.

use std::{
    fs::OpenOptions,
    io::{Read, Write, pipe},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    bare::{Bare, after},
    harness::{PASSWORD, Server, unique},
};

const DROPPED: &str = "idem_log_lines_dropped_total";

/// It answers, writes to the record, counts what it could not log, and stops as it should.
fn serves_and_stops(mut server: Bare, requests: u64) {
    let mut wire = server.wire();
    for _ in 0..requests {
        assert_eq!(wire.get("/v1/products").0, 200);
    }
    let name = unique("logged");
    let account = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
    let (status, answer) = wire.post("/v1/auth/register", &account);
    assert_eq!(status, 201, "{answer}");
    let login = json!({"identifier": name, "username": name, "password": PASSWORD});
    assert!(wire.post("/v1/auth/login", &login).0 < 500);
    drop(wire);
    server.until("lost lines are counted", || server.metric(DROPPED) >= requests);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_full_disk_of_the_log_stops_nothing() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let to_full = |mut command: Command| {
        command.stdout(full()).stderr(full());
        command
    };
    serves_and_stops(Bare::start(&[], to_full), 100);
}

#[test]
fn a_reader_of_the_log_that_went_away_stops_nothing() {
    let close_reader = |mut command: Command| {
        command.stdout(pipe().unwrap().1).stderr(pipe().unwrap().1);
        command
    };
    serves_and_stops(Bare::start(&[], close_reader), 100);
}

#[test]
fn streams_that_are_closed_stop_nothing() {
    let mut server = Bare::start(&[], |command| {
        let mut closed = after("exec >&- 2>&-;", &command);
        closed.stdout(Stdio::inherit()).stderr(Stdio::inherit());
        closed
    });
    assert_eq!(server.wire().get("/v1/products").0, 200);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_reader_of_the_log_that_hangs_stops_nothing_and_costs_no_memory() {
    let (_errors, error_pipe) = pipe().unwrap();
    let (_output, mut output_pipe) = pipe().unwrap();
    // Nothing more goes into it.
    output_pipe.write_all(&[b' '; 65_536]).unwrap();
    let hung = |mut command: Command| {
        command.stdout(output_pipe).stderr(error_pipe);
        command
    };
    let server = Bare::start(&[("IDEM_LOG", "trace,mio=off")], hung);
    let mut wire = server.wire();
    let mut until_dropped = |more: u64| {
        let before = server.metric(DROPPED);
        let enough = (0..1_000).any(|_| {
            for _ in 0..100 {
                assert_eq!(wire.get("/healthz").0, 200);
            }
            server.metric(DROPPED) > before + more
        });
        assert!(enough, "the queue is bounded");
        server.memory()
    };
    let full = until_dropped(1);
    let later = until_dropped(20_000);
    eprintln!("memory with a full queue: {full} KiB, and 20,000 lines later: {later} KiB");
    assert!(later < full * 3 / 2, "{full} KiB, then {later} KiB");
    drop(wire);
    serves_and_stops(server, 1);
}

#[test]
fn a_log_reader_that_comes_back_gets_what_was_kept_and_the_count_of_the_rest() {
    let (mut errors, error_pipe) = pipe().unwrap();
    let mut server = Bare::start(&[("IDEM_LOG", "trace,mio=off")], |mut command| {
        command.stderr(error_pipe);
        command
    });
    let mut wire = server.wire();
    let lost = (0..1_000).any(|_| {
        for _ in 0..100 {
            wire.get("/healthz");
        }
        server.metric(DROPPED) > 0
    });
    assert!(lost);
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).unwrap();
        text
    });
    server.until("the log has caught up", || {
        let before = server.metric(DROPPED);
        wire = server.wire();
        wire.get("/healthz");
        server.metric(DROPPED) == before
    });
    assert_eq!(server.stop().code(), Some(0));
    let text = reader.join().unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let told = lines.iter().filter(|it| it["message"] == "lines of the log were dropped");
    assert!(told.filter_map(|it| it["lines"].as_u64()).sum::<u64>() > 0);
    assert!(lines.iter().any(|it| it["message"] == "stopped"), "the last line is written too");
}

#[tokio::test]
async fn the_last_line_is_written_before_the_process_ends() {
    let mut server = Server::with(&[]);
    server.ask_to_stop();
    assert_eq!(server.stopped().code(), Some(0));
    let said = async || server.log().contains("\"message\":\"stopped\"").then_some(());
    crate::harness::eventually("it says that it stopped", crate::bare::PATIENCE, said).await;
}
