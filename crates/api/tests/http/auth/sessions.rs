//! Tokens and the sessions behind them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Person, Server, eventually, is_dead, shared};

/// Longer than a retry after a lost answer is waited for.
const RETRY_WINDOW: Duration = Duration::from_millis(10_500);

async fn refresh(client: &Client, token: &Value) -> crate::harness::Reply {
    client.post("/v1/auth/refresh", &json!({"refreshToken": token})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_exchanged_for_a_new_pair() {
    let customer = shared().customer().await;
    let spent = json!(customer.refresh_token);
    let pair = refresh(&customer, &spent).await.ok(200);
    assert_ne!(pair["refreshToken"], spent);
    assert_ne!(pair["accessToken"], json!(customer.token));
    let next = customer.with_tokens(&pair);
    next.get("/v1/me").await.ok(200);
    refresh(&customer, &pair["refreshToken"]).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_a_lost_answer_gets_the_same_pair() {
    let customer = shared().customer().await;
    let spent = json!(customer.refresh_token);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, spent) = (customer.clone(), spent.clone());
        asked.spawn(async move { refresh(&client, &spent).await.ok(200) });
    }
    let mut pairs = asked.join_all().await;
    pairs.push(refresh(&customer, &spent).await.ok(200));
    assert!(pairs.iter().all(|it| *it == pairs[0]), "{pairs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_back_late_ends_the_whole_session() {
    let customer = shared().customer().await;
    let spent = json!(customer.refresh_token);
    let pair = refresh(&customer, &spent).await.ok(200);
    let thief = customer.with_tokens(&pair);
    tokio::time::sleep(RETRY_WINDOW).await;
    refresh(&customer, &spent).await.refused(401, "refresh-token-reused");
    refresh(&customer, &pair["refreshToken"]).await.refused(401, "refresh-token-invalid");
    is_dead(&thief).await;
    is_dead(&customer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_token_that_was_spent_a_moment_ago_gets_the_newest_pair() {
    let customer = shared().customer().await;
    let first = json!(customer.refresh_token);
    let second = refresh(&customer, &first).await.ok(200)["refreshToken"].clone();
    let newest = refresh(&customer, &second).await.ok(200);
    for spent in [&first, &second, &first] {
        assert_eq!(refresh(&customer, spent).await.ok(200), newest);
    }
    customer.with_tokens(&newest).get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanging_newer_tokens_keeps_no_older_one_good() {
    let customer = shared().customer().await;
    let first = json!(customer.refresh_token);
    let second = refresh(&customer, &first).await.ok(200)["refreshToken"].clone();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let third = refresh(&customer, &second).await.ok(200);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(refresh(&customer, &second).await.ok(200), third, "spent 5 s ago");
    refresh(&customer, &first).await.refused(401, "refresh-token-reused");
    refresh(&customer, &third["refreshToken"]).await.refused(401, "refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_some_time_after_its_login_however_often_it_is_refreshed() {
    let server = Server::with(&[("IDEM_SESSION_TTL", "12s")]);
    let customer = server.customer().await;
    let pair = refresh(&customer, &json!(customer.refresh_token)).await.ok(200);
    let left = pair["refreshExpiresIn"].as_u64().unwrap();
    assert!(left <= 12 && pair["expiresIn"].as_u64().unwrap() <= 12, "{pair}");
    tokio::time::sleep(Duration::from_secs(13)).await;
    customer.with_tokens(&pair).get("/v1/me").await.refused(401, "unauthorized");
    refresh(&customer, &pair["refreshToken"]).await.refused(401, "refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused() {
    let customer = shared().customer().await;
    let mut forged = customer.refresh_token.clone().unwrap();
    forged.push('x');
    for token in [forged, customer.token.clone().unwrap(), String::new(), "x".repeat(5000)] {
        refresh(&customer, &json!(token)).await.refused(401, "refresh-token-invalid");
    }
    customer.get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_logout_nothing_of_the_session_is_good() {
    let person = Person::new("leaver");
    let one = person.register(&shared().client()).await;
    let other = person.login(&shared().client()).await;
    one.post("/v1/auth/logout", &json!({})).await.ok(204);
    refresh(&one, &json!(one.refresh_token)).await.refused(401, "refresh-token-invalid");
    is_dead(&one).await;
    other.get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_reaches_another_instance_within_a_second() {
    let first = Server::with(&[]);
    let second = first.beside(&[]);
    let customer = first.customer().await;
    let there = customer.at(second.address());
    there.get("/v1/me").await.ok(200);
    customer.post("/v1/auth/logout", &json!({})).await.ok(204);
    is_dead(&there).await;
    let again = Person::new("both").register(&second.client()).await;
    again.at(first.address()).get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_page_by_page() {
    let person = Person::new("pages");
    let one = person.register(&shared().client()).await;
    for _ in 0..2 {
        person.login(&shared().client()).await;
    }
    let first = one.get("/v1/me/sessions?limit=2").await.ok(200);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = one.get(&format!("/v1/me/sessions?limit=2&cursor={cursor}")).await.ok(200);
    let ids =
        |page: &Value| page["data"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids(&first).len(), ids(&second).len()), (2, 1));
    assert!(!ids(&first).contains(&ids(&second)[0]) && second["nextCursor"].is_null());
    one.get("/v1/me/sessions?limit=0").await.refused(422, "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_one_by_one() {
    let person = Person::new("devices");
    let one = person.register(&shared().client()).await;
    let other = person.login(&shared().client()).await;
    let sessions = one.all("/v1/me/sessions").await;
    assert_eq!(sessions.len(), 2);
    let own = other.all("/v1/me/sessions").await;
    assert_eq!(own.len(), 2);
    let stranger = shared().customer().await;
    let path = |session: &Value| format!("/v1/me/sessions/{}", session["id"].as_str().unwrap());
    // The newest is listed first, so this is the other one's.
    stranger.delete(&path(&sessions[0])).await.refused(404, "not-found");
    one.delete(&path(&sessions[0])).await.ok(204);
    one.delete(&path(&sessions[0])).await.refused(404, "not-found");
    is_dead(&other).await;
    one.get("/v1/me").await.ok(200);
    assert_eq!(one.all("/v1/me/sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_shows_where_it_began() {
    let person = Person::new("places");
    let first = person.register(&shared().client()).await;
    let login = |agent: &str| {
        let asked = first.post("/v1/auth/login", &person.credentials(PASSWORD)).header("user-agent", agent);
        async move { asked.patiently().await.ok(200) }
    };
    login("Mozilla/5.0 (Ada's phone)\tx").await;
    login(&"long ".repeat(200)).await;
    login("card 4242424242424242").await;
    let sessions = first.all("/v1/me/sessions").await;
    let agents: Vec<_> = sessions.iter().map(|it| &it["userAgent"]).collect();
    let long = "long ".repeat(52);
    assert_eq!(
        agents,
        [&json!(null), &json!(long[..256].trim()), &json!("Mozilla/5.0 (Ada's phone) x"), &json!(null)]
    );
    assert!(sessions.iter().all(|it| it["network"] == "127.0.0.1"), "{sessions:?}");
    let refreshed = refresh(&first, &json!(first.refresh_token)).await.ok(200);
    let kept = first.with_tokens(&refreshed).all("/v1/me/sessions").await;
    assert_eq!(
        kept.iter().map(|it| &it["userAgent"]).collect::<Vec<_>>(),
        agents,
        "a refresh changes nothing of it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_tampered_with_is_worth_nothing() {
    let customer = shared().customer().await;
    let token = customer.token.clone().unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{} parts", parts.len()) };
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let other = shared().customer().await.token.unwrap();
    let others_payload = other.split('.').nth(1).unwrap();
    for forged in [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{header}.{others_payload}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{token}x"),
        customer.refresh_token.clone().unwrap(),
        "x".repeat(4000),
    ] {
        let tokens = json!({"accessToken": forged});
        let reply = customer.with_tokens(&tokens).get("/v1/me").await;
        reply.refused(401, "unauthorized");
        assert!(reply.header("www-authenticate").unwrap().contains("invalid_token"), "{:?}", reply.headers);
    }
    customer.get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_ends_by_itself() {
    let server = Server::with(&[("IDEM_ACCESS_TOKEN_TTL", "1s")]);
    let customer = server.customer().await;
    let look = async || (customer.get("/v1/me").await.status == 401).then_some(());
    eventually("the token has expired", crate::harness::PATIENCE, look).await;
    let pair = refresh(&customer, &json!(customer.refresh_token)).await.ok(200);
    assert_eq!(pair["expiresIn"], 1);
    customer.with_tokens(&pair).get("/v1/me").await.ok(200);
}
