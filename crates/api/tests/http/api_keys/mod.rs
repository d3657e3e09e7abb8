//! API keys: made and revoked by operators, used by other systems.

mod lifecycle;
mod orders;
mod scopes;
mod shop;

use serde_json::{Value, json};

use crate::harness::{Client, field, unique};

/// Makes a key with these scopes; the answer shows it.
pub(crate) async fn make_key(operator: &Client, scopes: &[&str]) -> Value {
    let body = json!({"name": unique("key"), "scopes": scopes});
    operator.post_once("/v1/api-keys", &body).patiently().await.ok(201)
}

/// A client that calls with this key.
pub(crate) fn with_key(client: &Client, key: &Value) -> Client {
    client.with_tokens(&json!({"accessToken": field(key, "key")}))
}

/// A system that has a key with these scopes.
pub(crate) async fn service(operator: &Client, scopes: &[&str]) -> (Client, String) {
    let key = make_key(operator, scopes).await;
    (with_key(operator, &key), field(&key, "id").to_owned())
}

/// The author as views show it.
pub(crate) fn author(id: &str) -> Value {
    json!({"type": "SERVICE", "id": id})
}
