//! Making, showing, listing and revoking keys.

use std::time::Duration;

use serde_json::{Value, json};

use super::{make_key, service, with_key};
use crate::harness::{Client, QUIET, Server, eventually, field, shared, unique};

/// The promise is a second; the bound allows for a machine that does other things too.
const SOON: Duration = Duration::from_secs(10);

fn path(id: &str) -> String {
    format!("/v1/api-keys/{id}")
}

async fn user_id(client: &Client) -> Value {
    client.get("/v1/me").await.ok(200)["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_make_see_and_revoke_keys() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (all, id) = service(&operator, &["orders:write", "users:read"]).await;
    let body = json!({"name": "mine", "scopes": ["orders:read"]});
    for (client, status, slug) in [
        (&customer, 403, "forbidden"),
        (&all, 403, "insufficient-scope"),
        (&server.client(), 401, "unauthorized"),
    ] {
        client.post("/v1/api-keys", &body).await.refused(status, slug);
        client.post("/v1/api-keys", &json!({"scopes": 1})).await.refused(status, slug);
        for read in ["/v1/api-keys", "/v1/api-keys?nothing=1", &path(&id)] {
            client.get(read).await.refused(status, slug);
        }
        client.delete(&path(&id)).await.refused(status, slug);
    }
    operator.get(&path(&id)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_its_rest_as_long_as_it_lives() {
    let operator = shared().operator().await;
    let body = json!({"name": " Lager 仓库 ", "scopes": ["users:read", "orders:read"], "expiresAt": "2099-01-01T00:00:00Z"});
    let made = operator.post("/v1/api-keys", &body).await;
    let key = made.ok(201);
    let (id, text) = (field(&key, "id"), field(&key, "key"));
    assert_eq!(made.header("location"), Some(path(id).as_str()));
    assert!(text.starts_with("idem_") && text.len() == 48, "{}", text.len());
    let shown = json!({
        "id": id, "name": "Lager 仓库", "scopes": ["orders:read", "users:read"],
        "createdBy": {"type": "OPERATOR", "id": user_id(&operator).await},
        "createdAt": key["createdAt"], "expiresAt": "2099-01-01T00:00:00.000Z", "lastUsedAt": null, "revokedAt": null,
    });
    assert_eq!(operator.get(&path(id)).await.ok(200), shown);
    let mut with_text = shown.clone();
    with_text["key"] = json!(text);
    assert_eq!(key, with_text);
    let listed = operator.all("/v1/api-keys").await;
    assert_eq!(listed.iter().filter(|it| it["id"] == id).collect::<Vec<_>>(), [&shown]);
    let list = operator.get("/v1/api-keys?limit=100").await.text;
    assert!(!list.contains("idem_"), "no list shows a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_shows_the_same_bytes_and_makes_no_other_key() {
    let operator = shared().operator().await;
    let (name, idempotency_key) = (unique("once"), unique("key"));
    let body = json!({"name": name, "scopes": ["orders:read"]});
    let make = async |body: &Value| operator.post("/v1/api-keys", body).idempotent(&idempotency_key).await;
    let first = make(&body).await;
    let again = make(&body).await;
    assert!(!first.is_replayed() && again.is_replayed());
    assert_eq!((first.ok(201), &first.text), (again.ok(201), &again.text));
    with_key(&operator, &again.json()).get("/v1/orders?limit=1").await.ok(200);
    let other = json!({"name": name, "scopes": ["orders:write"]});
    make(&other).await.refused(422, "idempotency-key-reused");
    let all = operator.all("/v1/api-keys").await;
    assert_eq!(all.iter().filter(|it| it["name"] == name.as_str()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_key_is_named_at_once() {
    let operator = shared().operator().await;
    let make = async |body: Value| operator.post("/v1/api-keys", &body).await.faults();
    assert_eq!(make(json!({})).await, ["/name", "/scopes"]);
    let all = make(json!({"name": "", "scopes": [], "expiresAt": "soon", "key": "idem_mine"})).await;
    assert_eq!(all, ["/expiresAt", "/key", "/name", "/scopes"]);
    for scopes in
        [json!("orders:read"), json!([1]), json!(["orders:delete"]), json!(["orders:read", "orders:read"])]
    {
        assert_eq!(make(json!({"name": "x", "scopes": scopes})).await, ["/scopes"], "{scopes}");
    }
    let past = json!({"name": "x", "scopes": ["orders:read"], "expiresAt": "2020-01-01T00:00:00Z"});
    assert_eq!(make(past).await, ["/expiresAt"]);
    operator.get("/v1/api-keys?revoked=maybe").await.refused(422, "invalid-request");
    operator.get(&path("none")).await.refused(404, "not-found");
    operator.delete(&path("none")).await.refused(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_gone_but_for_the_list_of_revoked_ones() {
    let operator = shared().operator().await;
    let (client, id) = service(&operator, &["orders:read"]).await;
    client.get("/v1/orders?limit=1").await.ok(200);
    let idempotency_key = unique("key");
    operator.delete(&path(&id)).idempotent(&idempotency_key).await.ok(204);
    client.get("/v1/orders?limit=1").await.refused(401, "unauthorized");
    let again = operator.delete(&path(&id)).idempotent(&idempotency_key).await;
    again.ok(204);
    assert!(again.is_replayed());
    operator.delete(&path(&id)).await.refused(404, "not-found");
    operator.get(&path(&id)).await.refused(404, "not-found");
    let is_listed = async |list: &str| operator.all(list).await.iter().any(|it| it["id"] == id.as_str());
    assert!(!is_listed("/v1/api-keys").await);
    assert!(is_listed("/v1/api-keys?revoked=true").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_felt_on_another_instance_and_so_is_a_use() {
    let here = Server::with(QUIET);
    let there = here.beside(QUIET);
    let operator = here.operator().await;
    let (client, id) = service(&operator, &["orders:read"]).await;
    let there = client.at(there.address());
    there.get("/v1/orders?limit=1").await.ok(200);
    let used = async || {
        let key = operator.get(&path(&id)).await.ok(200);
        key["lastUsedAt"].as_str().map(str::to_owned)
    };
    eventually("the use is stored", crate::harness::PATIENCE, used).await;
    operator.delete(&path(&id)).await.ok(204);
    let look = async || (there.get("/v1/orders?limit=1").await.status == 401).then_some(());
    eventually("the key is refused there", SOON, look).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_security_log_names_keys_by_their_ids_and_no_log_shows_one() {
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let key = make_key(&operator, &["orders:read"]).await;
    let (client, id) = (with_key(&operator, &key), field(&key, "id"));
    client.get("/v1/users").await.refused(403, "insufficient-scope");
    client.get("/v1/orders").await.ok(200);
    operator.delete(&path(id)).await.ok(204);
    client.get("/v1/orders").await.refused(401, "unauthorized");
    let events = || {
        let log = server.log();
        let lines = log.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
        let ours = lines.filter(|it| it["target"] == "idem::security" && it["api_key"] == id);
        ours.filter_map(|it| it["event"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let expected = ["api-key-created", "scope-refused", "api-key-revoked"];
    eventually("the events are logged", SOON, async || (events() == expected).then_some(())).await;
    assert!(!server.log().contains(&field(&key, "key")[5..]), "the log shows a key");
}
