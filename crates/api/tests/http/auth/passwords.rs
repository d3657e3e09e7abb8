//! Changing a password.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, Server, eventually, shared};

const NEXT: &str = "tr0ubador & three words";

fn change(current: &str, new: &str) -> Value {
    json!({"currentPassword": current, "newPassword": new})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_other_sessions() {
    let person = Person::new("changer");
    let one = person.register(&shared().client()).await;
    let other = person.login(&shared().client()).await;
    one.put("/v1/me/password", &change(PASSWORD, NEXT)).await.ok(204);
    one.get("/v1/me").await.ok(200);
    let look = async || (other.get("/v1/me").await.status == 401).then_some(());
    eventually("the other session has ended", Duration::from_secs(1), look).await;
    let refresh = json!({"refreshToken": other.refresh_token});
    one.post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
    one.post("/v1/auth/login", &person.credentials(PASSWORD)).await.refused(401, "invalid-credentials");
    one.post("/v1/auth/login", &person.credentials(NEXT)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_present_password_changes_nothing() {
    let person = Person::new("forgetful");
    let one = person.register(&shared().client()).await;
    let other = person.login(&shared().client()).await;
    one.put("/v1/me/password", &change("not the password", NEXT)).await.refused(403, "wrong-password");
    one.post("/v1/auth/login", &person.credentials(PASSWORD)).await.ok(200);
    other.get("/v1/me").await.ok(200);
    let weak = one.put("/v1/me/password", &change(PASSWORD, "password123")).await;
    assert_eq!(weak.faults(), ["/newPassword"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_present_passwords_are_counted_by_the_session_and_do_not_lock_the_login() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("insider");
    let client = person.register(&server.client()).await;
    for _ in 0..3 {
        client.put("/v1/me/password", &change("not the password", NEXT)).await.refused(403, "wrong-password");
    }
    let locked = client.put("/v1/me/password", &change(PASSWORD, NEXT)).await;
    locked.refused(429, "too-many-requests");
    assert!(locked.header("retry-after").is_some() && locked.header("ratelimit").is_some());
    let other = person.login(&client).await;
    other.put("/v1/me/password", &change(PASSWORD, NEXT)).await.ok(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_the_login_does_not_stand_in_the_way_of_a_change() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("victim");
    let client = person.register(&server.client()).await;
    for _ in 0..3 {
        client.post("/v1/auth/login", &person.credentials("guess")).await.refused(401, "invalid-credentials");
    }
    client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.refused(429, "too-many-requests");
    client.put("/v1/me/password", &change(PASSWORD, NEXT)).await.ok(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_not_guessed_with_a_used_key() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let client = Person::new("insider").register(&server.client()).await;
    let under = |current: &str| client.put("/v1/me/password", &change(current, NEXT)).idempotent("one-key");
    under(PASSWORD).await.ok(204);
    for _ in 0..3 {
        under("guess").await.refused(422, "idempotency-key-reused");
    }
    for password in ["guess", PASSWORD] {
        under(password).await.refused(429, "too-many-requests");
    }
}
