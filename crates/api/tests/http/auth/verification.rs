//! Addresses that are verified by a mail.

use std::time::Duration;

use serde_json::{Value, json};
use test_servers::SmtpServer;

use crate::harness::{Client, PASSWORD, Person, Reply, Server, eventually, shared, unique};

const REQUEST: &str = "/v1/auth/email-verification";
const CONFIRM: &str = "/v1/auth/email-verification/confirm";
/// Sweeps run twice a second; the bound allows for a machine that does other things too.
const SOON: Duration = Duration::from_secs(20);

/// A server that sends its mails to this one.
fn with_mails(mails: &SmtpServer) -> Server {
    Server::with(&[
        ("IDEM_SMTP_URL", &mails.url()),
        ("IDEM_SMTP_FROM", "Shop <shop@example.com>"),
        ("IDEM_EMAIL_VERIFICATION_URL", "https://shop.example/verify#{token}"),
    ])
}

/// The token in the mail of that number among those to this address, once it has come.
async fn token_for(mails: &SmtpServer, email: &str, number: usize) -> String {
    let look = async || mails.mails().iter().filter(|it| it.to == email).nth(number - 1).cloned();
    let mail = eventually("the mail has come", SOON, look).await;
    // A long line may be wrapped (quoted-printable).
    let content = mail.content.replace("=\r\n", "").replace("=\n", "");
    let (_, link) = content.split_once("https://shop.example/verify#").unwrap();
    link.lines().next().unwrap().to_owned()
}

async fn verified_at(client: &Client) -> Value {
    client.get("/v1/me").await.ok(200)["emailVerifiedAt"].clone()
}

async fn ask(client: &Client, email: &str) -> Reply {
    client.post(REQUEST, &json!({"email": email})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_address_is_verified_once_and_every_instance_knows_it() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let second = server.beside(&[]);
    let person = Person::new("verified");
    let client = person.register(&server.client()).await;
    let there = client.at(second.address());
    assert_eq!(verified_at(&client).await, Value::Null, "and yet the login was not refused");
    verified_at(&there).await;
    let token = token_for(&mails, &person.email, 1).await;
    assert!(!server.log().contains(&token));
    let confirm = |key: &str| client.post(CONFIRM, &json!({"token": token})).idempotent(key);
    confirm("one").await.ok(204);
    assert!(confirm("one").await.is_replayed());
    confirm("two").await.refused(400, "invalid-verification-token");
    let at = verified_at(&client).await;
    assert!(at.is_string(), "{at}");
    let look = async || (verified_at(&there).await == at).then_some(());
    eventually("the other instance knows it", SOON, look).await;
    let operator = server.operator().await;
    let id = client.get("/v1/me").await.ok(200)["id"].as_str().unwrap().to_owned();
    assert_eq!(operator.get(&format!("/v1/users/{id}")).await.ok(200)["emailVerifiedAt"], at);
    let look = async || {
        let events = operator.get("/v1/events?limit=100").await.ok(200);
        let of_them = |it: &&Value| it["type"] == "user.email-verified" && it["data"]["id"] == id.as_str();
        events["data"].as_array().unwrap().iter().find(of_them).cloned()
    };
    eventually("the event is in the feed", SOON, look).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_address_ends_what_was_verified_and_every_older_token() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let person = Person::new("mover");
    let client = person.register(&server.client()).await;
    let first = token_for(&mails, &person.email, 1).await;
    ask(&client, &person.email.to_uppercase()).await.ok(202);
    let second = token_for(&mails, &person.email, 2).await;
    client.post(CONFIRM, &json!({"token": first})).await.ok(204);
    let next = format!("{}@example.com", unique("moved"));
    let change = |email: &str| json!({"email": email, "currentPassword": PASSWORD});
    let moved = client.put("/v1/me/email", &change(&next)).await.ok(200);
    assert_eq!(moved["emailVerifiedAt"], Value::Null);
    let third = token_for(&mails, &next, 1).await;
    client.put("/v1/me/email", &change(&person.email)).await.ok(200);
    for token in [&first, &second, &third, "unknown", ""] {
        client.post(CONFIRM, &json!({"token": token})).await.refused(400, "invalid-verification-token");
    }
    assert_eq!(verified_at(&client).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_confirmations_at_once_one_wins() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let second = server.beside(&[]);
    let person = Person::new("racer");
    person.register(&server.client()).await;
    let token = token_for(&mails, &person.email, 1).await;
    let mut rivals = tokio::task::JoinSet::new();
    for place in [&server, &second].into_iter().cycle().take(8) {
        let (client, token) = (place.client(), token.clone());
        rivals.spawn(async move { client.post(CONFIRM, &json!({"token": token})).await });
    }
    let replies = rivals.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 204);
    assert_eq!(won.len(), 1);
    lost.iter().for_each(|it| drop(it.refused(400, "invalid-verification-token")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_and_a_verified_address_get_the_same_answer_and_no_mail() {
    let mails = SmtpServer::start().unwrap();
    let server = with_mails(&mails);
    let (known, other) = (Person::new("known"), Person::new("other"));
    let client = known.register(&server.client()).await;
    let token = token_for(&mails, &known.email, 1).await;
    client.post(CONFIRM, &json!({"token": token})).await.ok(204);
    let unknown = ask(&client, &format!("{}@example.com", unique("ghost"))).await;
    let verified = ask(&client, &known.email).await;
    assert_eq!((unknown.status, unknown.text.as_str()), (202, ""));
    assert_eq!(unknown.anonymous(), verified.anonymous());
    // Queued later, so the two before were looked at when it has come.
    other.register(&server.client()).await;
    token_for(&mails, &other.email, 1).await;
    assert_eq!(mails.mails().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_limited_alike_for_every_address() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("popular");
    let client = person.register(&server.client()).await;
    for email in [person.email.clone(), format!("{}@example.com", unique("ghost"))] {
        for _ in 0..3 {
            ask(&client, &email).await.ok(202);
        }
        ask(&client, &email).await.refused(429, "too-many-requests");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_or_no_token_is_named() {
    let client = shared().client();
    let wrong = client.post(REQUEST, &json!({"email": "no address", "username": "x"})).await;
    assert_eq!(wrong.faults(), ["/email", "/username"]);
    assert_eq!(client.post(CONFIRM, &json!({})).await.faults(), ["/token"]);
}
