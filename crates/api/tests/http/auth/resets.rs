//! Forgotten passwords.

use std::time::Duration;

use serde_json::{Value, json};
use test_servers::{SmtpMode, SmtpServer};

use crate::harness::{Client, PASSWORD, Person, Server, eventually, is_dead, shared, unique};

const NEXT: &str = "tr0ubador & three words";
/// Sweeps run twice a second; the bound allows for a machine that does other things too.
const SOON: Duration = Duration::from_secs(20);

/// A server that sends its mails to this one.
fn with_mails(mails: &SmtpServer) -> Server {
    Server::with(&[
        ("IDEM_SMTP_URL", &mails.url()),
        ("IDEM_SMTP_FROM", "Shop <shop@example.com>"),
        ("IDEM_PASSWORD_RESET_URL", "https://shop.example/reset#{token}"),
    ])
}

async fn ask(client: &Client, email: &str) -> crate::harness::Reply {
    client.post("/v1/auth/password-reset", &json!({"email": email})).await
}

fn confirmation(token: &str) -> Value {
    json!({"token": token, "newPassword": NEXT})
}

/// The token in the mail of that number, once it has come.
async fn token_in(mails: &SmtpServer, number: usize) -> String {
    let look = async || mails.mails().get(number - 1).cloned();
    let mail = eventually("the mail has come", SOON, look).await;
    let (_, link) = mail.content.split_once("https://shop.example/reset#").unwrap();
    link.lines().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_sets_a_new_password_once_and_ends_all_sessions() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let person = Person::new("forgetful");
    let client = person.register(&server.client()).await;
    let asked = ask(&client, &person.email.to_uppercase()).await;
    assert_eq!((asked.status, asked.text.as_str()), (202, ""));
    let token = token_in(&mails, 1).await;
    assert_eq!(mails.mails()[0].to, person.email);
    assert!(!server.log().contains(&token));
    let confirm =
        |key: &str| client.post("/v1/auth/password-reset/confirm", &confirmation(&token)).idempotent(key);
    confirm("one").await.ok(204);
    assert!(confirm("one").await.is_replayed());
    confirm("two").await.refused(400, "invalid-reset-token");
    is_dead(&client).await;
    client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.refused(401, "invalid-credentials");
    client.post("/v1/auth/login", &person.credentials(NEXT)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let person = Person::new("known");
    let client = person.register(&server.client()).await;
    let unknown = ask(&client, &format!("{}@example.com", unique("ghost"))).await;
    let known = ask(&client, &person.email).await;
    assert_eq!(unknown.anonymous(), known.anonymous());
    token_in(&mails, 1).await;
    // The unknown one was asked for first, and both were looked up in one order.
    assert_eq!(mails.mails().len(), 1);
    assert_eq!(mails.mails()[0].to, person.email);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_of_the_newest_mail_is_good() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let person = Person::new("impatient");
    let client = person.register(&server.client()).await;
    ask(&client, &person.email).await.ok(202);
    let first = token_in(&mails, 1).await;
    ask(&client, &person.email).await.ok(202);
    let second = token_in(&mails, 2).await;
    for token in [&first, "unknown", ""] {
        let refused = client.post("/v1/auth/password-reset/confirm", &confirmation(token)).await;
        refused.refused(400, "invalid-reset-token");
    }
    client.post("/v1/auth/password-reset/confirm", &confirmation(&second)).await.ok(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_confirmations_at_once_one_wins() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let person = Person::new("racer");
    let client = person.register(&server.client()).await;
    ask(&client, &person.email).await.ok(202);
    let token = token_in(&mails, 1).await;
    let mut rivals = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (client, token) = (client.clone(), token.clone());
        rivals.spawn(async move {
            let body = json!({"token": token, "newPassword": format!("{NEXT} {n}")});
            (n, client.post("/v1/auth/password-reset/confirm", &body).await)
        });
    }
    let mut won = vec![];
    for (n, reply) in rivals.join_all().await {
        if reply.status == 204 {
            won.push(n);
        } else {
            reply.refused(400, "invalid-reset-token");
        }
    }
    assert_eq!(won.len(), 1);
    let password = format!("{NEXT} {}", won[0]);
    client.post("/v1/auth/login", &person.credentials(&password)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_hangs_delays_no_one_and_gets_the_mail_when_it_is_back() {
    let mails = SmtpServer::start().unwrap();
    mails.set_mode(SmtpMode::Defer);
    let server = with_mails(&mails);
    let person = Person::new("patient");
    let client = person.register(&server.client()).await;
    ask(&client, &person.email).await.ok(202);
    let tried = async || (mails.connections() > 0).then_some(());
    eventually("the mail server was asked", SOON, tried).await;
    client.get("/v1/me").await.ok(200);
    assert!(mails.mails().is_empty());
    mails.set_mode(SmtpMode::Accept);
    // The next attempt is 15 s after the first.
    let look = async || (mails.mails().len() == 1).then_some(());
    eventually("the mail has come", Duration::from_secs(40), look).await;
    assert!(!server.log().contains(&person.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_throttled_alike_for_every_address() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("popular");
    let client = person.register(&server.client()).await;
    let mut refused = vec![];
    for email in [person.email.clone(), format!("{}@example.com", unique("ghost"))] {
        for _ in 0..3 {
            ask(&client, &email).await.ok(202);
        }
        let reply = ask(&client, &email).await;
        reply.refused(429, "too-many-requests");
        assert!(reply.header("retry-after").is_some() && reply.header("ratelimit").is_some());
        refused.push(reply.anonymous());
    }
    let digits = |it: &String| it.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    assert_eq!(digits(&refused[0]), digits(&refused[1]), "but for the seconds that are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_or_no_password_is_named() {
    let client = shared().client();
    let wrong =
        client.post("/v1/auth/password-reset", &json!({"email": "no address", "username": "x"})).await;
    assert_eq!(wrong.faults(), ["/email", "/username"]);
    let weak = json!({"token": "t", "newPassword": "password123"});
    assert_eq!(client.post("/v1/auth/password-reset/confirm", &weak).await.faults(), ["/newPassword"]);
    let missing = client.post("/v1/auth/password-reset/confirm", &json!({})).await;
    assert_eq!(missing.faults(), ["/newPassword", "/token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_hands_a_token_over_where_there_is_no_mail_server() {
    let server = Server::with(&[]);
    let person = Person::new("helped");
    let client = person.register(&server.client()).await;
    let output =
        server.place().command(&[]).args(["reset-password", "--username", &person.email]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (said, noted) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let token = said.lines().nth(1).unwrap();
    assert!(token.len() >= 50 && !noted.contains(token), "{said}: {noted}");
    client.post("/v1/auth/password-reset/confirm", &confirmation(token)).await.ok(204);
    client.post("/v1/auth/login", &person.credentials(NEXT)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_the_locks_of_an_account() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("locked");
    let client = person.register(&server.client()).await;
    for _ in 0..3 {
        client.post("/v1/auth/login", &person.credentials("guess")).await.refused(401, "invalid-credentials");
    }
    client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.refused(429, "too-many-requests");
    let output =
        server.place().command(&[]).args(["unlock-user", "--username", &person.username]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.ok(200);
}
