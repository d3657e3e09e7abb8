//! What the log says of the safety of accounts.

use std::time::Duration;

use application::security::SecurityEvent;
use serde_json::{Value, json};

use crate::harness::{Client, Notice, PASSWORD, Person, Server, eventually};

/// The lines of that event, as soon as there are any.
async fn lines(server: &Server, event: &str) -> Vec<Value> {
    let look = async || {
        let lines: Vec<_> = all(server).into_iter().filter(|it| it["event"] == event).collect();
        (!lines.is_empty()).then_some(lines)
    };
    eventually(event, Duration::from_secs(20), look).await
}

/// Every line about safety.
fn all(server: &Server) -> Vec<Value> {
    let log = server.log();
    let lines = log.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    lines.filter(|it| it["target"] == "idem::security").collect()
}

async fn user_of(client: &Client) -> (Value, Value) {
    let user = client.get("/v1/me").await.ok(200)["id"].clone();
    let sessions = client.get("/v1/me/sessions").await.ok(200);
    let current = sessions["data"].as_array().unwrap().iter().find(|it| it["current"] == true);
    (user, current.unwrap()["id"].clone())
}

/// Gets a new password by a token, another address, and is erased.
async fn erase_account_after_changes(server: &Server, person: &Person) {
    let output = server
        .place()
        .command(&[])
        .args(["reset-password", "--username", &person.username])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let reset = json!({"token": said.lines().nth(1).unwrap(), "newPassword": PASSWORD});
    server.client().post("/v1/auth/password-reset/confirm", &reset).await.ok(204);
    let client = person.login(&server.client()).await;
    let moved = json!({"email": format!("moved-{}", person.email), "currentPassword": PASSWORD});
    client.put("/v1/me/email", &moved).await.ok(200);
    client.delete("/v1/me").json(&json!({"currentPassword": PASSWORD})).await.ok(204);
}

/// Triggers every security event.
async fn trigger_security_events(server: &Server, person: &Person) -> Client {
    let client = person.register(&server.client()).await;
    let (user, _) = user_of(&client).await;
    let wrong = client.post("/v1/auth/login", &person.credentials("wr0ng passw0rd"));
    wrong.header("x-request-id", "the-failed-login").await.refused(401, "invalid-credentials");
    for _ in 0..2 {
        client
            .post("/v1/auth/login", &person.credentials("wr0ng passw0rd"))
            .await
            .refused(401, "invalid-credentials");
    }
    client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.refused(429, "too-many-requests");
    client.get("/v1/operations/findings").await.refused(403, "forbidden");
    let change = |current: &str| json!({"currentPassword": current, "newPassword": "an0ther passw0rd"});
    client.put("/v1/me/password", &change("wr0ng passw0rd")).await.refused(403, "wrong-password");
    client.put("/v1/me/password", &change(PASSWORD)).await.ok(204);
    let first = json!({"refreshToken": client.refresh_token});
    let mut next = first.clone();
    // So many that the first is not among those that are remembered.
    for _ in 0..130 {
        next = json!({"refreshToken": client.post("/v1/auth/refresh", &next).await.ok(200)["refreshToken"]});
    }
    client.post("/v1/auth/refresh", &first).await.refused(401, "refresh-token-reused");
    Notice::text("{}").unsigned(&client).await.refused(401, "invalid-signature");
    // An operator does all that changes an account.
    let operator = server.operator().await;
    let account = format!("/v1/users/{}", user.as_str().unwrap());
    operator.patch(&account, &json!({"role": "OPERATOR", "disabled": true})).await.ok(200);
    operator.patch(&account, &json!({"role": "CUSTOMER", "disabled": false})).await.ok(200);
    operator.delete(&format!("{account}/sessions")).await.ok(204);
    erase_account_after_changes(server, person).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_concerns_the_safety_of_accounts_is_a_line_with_who_where_and_which_request() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("suspect");
    let before = person.register(&server.client()).await;
    let (user, _) = user_of(&before).await;
    let unknown = Person::new("nobody");
    before
        .post("/v1/auth/login", &unknown.credentials("wr0ng passw0rd"))
        .await
        .refused(401, "invalid-credentials");
    let other = Person::new("another");
    trigger_security_events(&server, &other).await;
    // Those about API keys and second factors have tests of their own.
    let is_elsewhere =
        |it: &&str| it.starts_with("api-key-") || it.starts_with("second-factor-") || *it == "scope-refused";
    for name in SecurityEvent::NAMES.into_iter().filter(|it| !is_elsewhere(it)) {
        for line in lines(&server, name).await {
            assert_eq!(
                (line["level"].as_str(), line["network"].as_str()),
                (Some("WARN"), Some("127.0.0.1")),
                "{line}"
            );
            assert!(line["span"]["request_id"].is_string(), "{line}");
            assert_ne!(line["user"], user, "it did nothing");
            let by_operator = ["role-set", "user-disabled", "user-enabled", "sessions-ended"];
            let with_session = [
                "password-wrong",
                "password-changed",
                "email-changed",
                "account-erased",
                "forbidden",
                "refresh-token-reused",
            ];
            let has_session = with_session.contains(&name) || by_operator.contains(&name);
            assert_eq!(line["session"].is_string(), has_session, "{line}");
            assert_eq!(line["by"].is_string(), by_operator.contains(&name), "{line}");
            assert!(line["user"].is_string() || !has_session, "{line}");
            assert!(line["by"].is_null() || line["by"] != line["user"], "{line}");
        }
    }
    let failed = lines(&server, "login-failed").await;
    assert_eq!(failed.len(), 4, "{failed:?}");
    assert!(failed[0]["user"].is_null() && failed[1..].iter().all(|it| it["user"].is_string()), "{failed:?}");
    assert_eq!(failed[1]["span"]["request_id"], "the-failed-login");
    let locks = lines(&server, "lock-began").await;
    assert_eq!(locks.len(), 1, "once: {locks:?}");
    assert_eq!((&locks[0]["locked"], &locks[0]["user"]), (&json!("account and network"), &failed[1]["user"]));
    assert_eq!(lines(&server, "signature-refused").await[0]["gateway"], "sandbox");
    let text: String = all(&server).iter().map(ToString::to_string).collect();
    let typed = [&unknown.username, &other.username, &other.email, PASSWORD, "passw0rd"];
    for secret in typed {
        assert!(!text.contains(secret), "{secret}");
    }
}
