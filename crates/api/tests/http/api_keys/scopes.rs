//! Every route with every scope, with none, and with a key that is over.

use api::http::ROUTES;
use reqwest::Method;
use serde_json::{Value, json};

use super::{make_key, service, with_key};
use crate::harness::{Client, PATIENCE, Reply, eventually, field, now, shared};

const SCOPES: [&str; 7] = [
    "orders:read",
    "orders:write",
    "payments:write",
    "refunds:write",
    "products:write",
    "events:read",
    "users:read",
];

/// Routes that need no caller.
const PUBLIC: [&str; 10] = [
    "POST /v1/auth/register",
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/password-reset",
    "POST /v1/auth/password-reset/confirm",
    "POST /v1/auth/email-verification",
    "POST /v1/auth/email-verification/confirm",
    "GET /v1/products",
    "GET /v1/products/{productId}",
    "POST /v1/callbacks/{gateway}",
];

/// What the contract says, written a second time and in another way: the scopes that open a route. A key reads what it may
/// write.
#[rustfmt::skip]
fn expected(route: &str) -> &'static [&'static str] {
    let (method, path) = route.split_once(' ').unwrap();
    let reads = method == "GET";
    match path {
        "/v1/orders" | "/v1/orders/{orderNumber}" | "/v1/orders/{orderNumber}/history"
        | "/v1/orders/{orderNumber}/transitions" | "/v1/orders/export" => {
            if reads { &["orders:read", "orders:write"] } else { &["orders:write"] }
        }
        "/v1/orders/{orderNumber}/payments" | "/v1/payments" | "/v1/payments/{transactionId}"
        | "/v1/payments/{transactionId}/attempts" | "/v1/payments/{transactionId}/notices" => {
            if reads { &["payments:write", "refunds:write"] } else { &["payments:write"] }
        }
        "/v1/payments/{transactionId}/captures" | "/v1/payments/{transactionId}/voids"
        | "/v1/operations/findings" | "/v1/operations/findings/{id}/resolution" => &["payments:write"],
        "/v1/payments/{transactionId}/refunds" | "/v1/refunds" => &["refunds:write"],
        path if path.starts_with("/v1/products") => &["products:write"],
        "/v1/users" | "/v1/users/{id}" if reads => &["users:read"],
        "/v1/events" => &["events:read"],
        "/v1/operations/overview" => &["orders:read", "orders:write"],
        _ => &[],
    }
}

/// The routes that need a caller.
fn routes() -> impl Iterator<Item = &'static str> {
    let names = ROUTES.iter().filter(|it| it.path.starts_with("/v1/")).map(|it| it.name);
    names.filter(|it| !PUBLIC.contains(it))
}

/// Asks for the route of something that does not exist, with a body that says nothing.
async fn ask(client: &Client, route: &str) -> Reply {
    let (method, path) = route.split_once(' ').unwrap();
    let parts: Vec<_> = path.split('/').map(|it| if it.starts_with('{') { "none" } else { it }).collect();
    let method: Method = method.parse().unwrap();
    let request = client.request(method.clone(), &parts.join("/"));
    if matches!(method, Method::GET | Method::DELETE) {
        request.await
    } else {
        request.json(&json!({})).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_scope_and_says_which() {
    let operator = shared().operator().await;
    for scope in SCOPES {
        let (client, _) = service(&operator, &[scope]).await;
        for route in routes() {
            let (reply, scopes) = (ask(&client, route).await, expected(route));
            if scopes.contains(&scope) {
                assert!(!matches!(reply.status, 401 | 403 | 500), "{route} with {scope}: {}", reply.text);
                continue;
            }
            let problem = reply.refused(403, "insufficient-scope");
            // One that is implied is not named.
            let named: Vec<_> = scopes
                .iter()
                .filter(|it| !(scopes.len() == 2 && scopes[0] == "orders:read" && **it == "orders:write"))
                .collect();
            assert_eq!(problem["requiredScopes"], json!(named), "{route} with {scope}");
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(challenge.starts_with(r#"Bearer error="insufficient_scope""#), "{challenge}");
            for scope in named {
                assert!(challenge.contains(*scope), "{route}: {challenge}");
                assert!(field(&problem, "detail").contains(*scope), "{route}: {problem}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_unknown_revoked_or_over_opens_nothing() {
    let operator = shared().operator().await;
    let (revoked, id) = service(&operator, &SCOPES).await;
    operator.delete(&format!("/v1/api-keys/{id}")).await.ok(204);
    let ends = now() + std::time::Duration::from_secs(2);
    let body = json!({"name": "short", "scopes": SCOPES, "expiresAt": ends.to_string()});
    let expired = with_key(&operator, &operator.post("/v1/api-keys", &body).await.ok(201));
    let look = async || (expired.get("/v1/orders").await.status == 401).then_some(());
    eventually("the key expires", PATIENCE, look).await;
    let unknown = with_key(&operator, &json!({"key": format!("idem_{}", "x".repeat(43))}));
    let bad_token = ask(&with_key(&operator, &json!({"key": "nonsense"})), "GET /v1/orders").await;
    for (what, client) in [("revoked", revoked), ("expired", expired), ("unknown", unknown)] {
        for route in routes() {
            let reply = ask(&client, route).await;
            reply.refused(401, "unauthorized");
            let challenge = reply.header("www-authenticate");
            assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#), "{what}: {route}");
            assert_eq!(reply.anonymous(), bad_token.anonymous(), "{what}: {route}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_scopes_open_what_each_of_them_opens() {
    let operator = shared().operator().await;
    let (client, _) = service(&operator, &["users:read", "products:write"]).await;
    client.get("/v1/users?limit=1").await.ok(200);
    let product = client.product("5.00", Some(1)).await;
    client.get(&format!("/v1/products/{product}/changes")).await.ok(200);
    client.get("/v1/orders").await.refused(403, "insufficient-scope");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_public_and_shows_what_is_not_for_sale_to_who_may_change_it() {
    let operator = shared().operator().await;
    let hidden = operator.product("5.00", None).await;
    operator.patch(&format!("/v1/products/{hidden}"), &json!({"active": false})).await.ok(200);
    let sees = async |client: &Client| {
        let all: Vec<Value> = client.all("/v1/products").await;
        all.iter().any(|it| it["productId"] == hidden.as_str() || it["id"] == hidden.as_str())
    };
    let (editor, _) = service(&operator, &["products:write"]).await;
    let reader = with_key(&operator, &make_key(&operator, &["orders:read"]).await);
    assert!(sees(&editor).await && sees(&operator).await);
    assert!(!sees(&reader).await && !sees(&shared().client()).await);
}
