//! Other people's accounts, changed from the command line beside running servers.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Client, PASSWORD, Person, Server, eventually};

/// What is promised is a second; the bound allows for a machine that does other things too, and is far below what a copy
/// of a user lives.
const SOON: Duration = Duration::from_secs(10);

/// Runs a command beside the server; it must succeed.
fn command(server: &Server, arguments: &[&str]) -> String {
    let output =
        server.place().command(&[("IDEM_OPERATOR_PASSWORD", NEW_PASSWORD)]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const NEW_PASSWORD: &str = "another horse battery staple";

/// Two servers, the clock of one of which is off, and a person who is logged in and known to both.
async fn log_in_on_two_servers() -> (Server, Server, Person, [Client; 2]) {
    let first = Server::with(&[]);
    let second = first.beside(&[]);
    let person = Person::new("somebody");
    let here = person.register(&first.client()).await;
    let there = here.at(second.address());
    for client in [&here, &there] {
        client.get("/v1/me").await.ok(200);
    }
    (first, second, person, [here, there])
}

async fn has_role(clients: &[Client; 2], role: &str) {
    for client in clients {
        let look = async || (client.get("/v1/me").await.ok(200)["role"] == role).then_some(());
        eventually(&format!("the role is {role}"), SOON, look).await;
    }
}

async fn are_dead(clients: &[Client; 2]) {
    for client in clients {
        let look = async || (client.get("/v1/me").await.status == 401).then_some(());
        eventually("the access token is dead", SOON, look).await;
    }
    let refresh = json!({"refreshToken": clients[0].refresh_token});
    clients[1].post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_given_or_taken_is_felt_on_every_instance() {
    let (first, _second, person, clients) = log_in_on_two_servers().await;
    for (role, status) in [("OPERATOR", 200), ("CUSTOMER", 403), ("OPERATOR", 200)] {
        for _ in 0..2 {
            let said = command(&first, &["set-role", "--username", &person.username, "--role", role]);
            assert_eq!(said.trim_end(), format!("{} is {role}", person.username));
        }
        has_role(&clients, role).await;
        for client in &clients {
            assert_eq!(client.get("/v1/operations/findings").await.status, status, "{role}");
        }
        let listed = command(&first, &["list-operators"]);
        assert_eq!(listed.contains(&person.email), role == "OPERATOR", "{listed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_worth_nothing_on_any_instance_until_it_is_opened_again() {
    let (first, second, person, clients) = log_in_on_two_servers().await;
    let wrong = clients[1].post("/v1/auth/login", &person.credentials("not the password")).await;
    for _ in 0..2 {
        command(&first, &["disable-user", "--username", &person.email]);
    }
    are_dead(&clients).await;
    let closed = clients[0].post("/v1/auth/login", &person.credentials(PASSWORD)).await;
    closed.refused(401, "invalid-credentials");
    assert_eq!(closed.anonymous(), wrong.anonymous(), "as with a wrong password");
    command(&first, &["enable-user", "--username", &person.username]);
    person.login(&second.client()).await.get("/v1/me").await.ok(200);
    clients[0].get("/v1/me").await.refused(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_set_ends_all_sessions() {
    let (first, second, person, clients) = log_in_on_two_servers().await;
    let said = command(&first, &["set-password", "--username", &person.username]);
    assert!(!said.contains(NEW_PASSWORD), "{said}");
    are_dead(&clients).await;
    let old = second.client().post("/v1/auth/login", &person.credentials(PASSWORD)).await;
    old.refused(401, "invalid-credentials");
    second.client().post("/v1/auth/login", &person.credentials(NEW_PASSWORD)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_does_to_an_account_is_a_line_of_the_security_log() {
    let server = Server::with(&[]);
    let person = Person::new("watched");
    let user = person.register(&server.client()).await.get("/v1/me").await.ok(200)["id"].clone();
    for (event, arguments) in [
        ("role-set", &["set-role", "--role", "OPERATOR"][..]),
        ("user-disabled", &["disable-user"]),
        ("user-enabled", &["enable-user"]),
        ("password-set", &["set-password"]),
        ("user-unlocked", &["unlock-user"]),
        ("password-reset-issued", &["reset-password"]),
        ("second-factor-reset", &["reset-second-factor"]),
    ] {
        let mut command = server.place().command(&[("IDEM_OPERATOR_PASSWORD", NEW_PASSWORD)]);
        let output = command.args(arguments).args(["--username", &person.username]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let line: serde_json::Value = serde_json::from_str(told.trim()).expect(&told);
        let expected = ("idem::security", "WARN", event);
        let said = ["target", "level", "event"].map(|it| line[it].as_str().unwrap());
        assert_eq!((said[0], said[1], said[2]), expected);
        assert_eq!(line["user"], user);
        assert!(!told.contains(&person.username) && !told.contains(NEW_PASSWORD), "{told}");
    }
}

#[test]
fn an_account_that_does_not_exist_is_not_changed() {
    let server = Server::with(&[]);
    for arguments in [
        &["disable-user", "--username", "nobody"][..],
        &["enable-user", "--username", "nobody"],
        &["set-password", "--username", "nobody"],
        &["unlock-user", "--username", "nobody"],
        &["reset-password", "--username", "nobody"],
        &["reset-second-factor", "--username", "nobody"],
        &["set-role", "--username", "nobody", "--role", "OPERATOR"],
    ] {
        let output = server
            .place()
            .command(&[("IDEM_OPERATOR_PASSWORD", NEW_PASSWORD)])
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("there is no user"), "{arguments:?}: {said}");
    }
}
