//! What is done all day, and who is logged in meanwhile.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use test_servers::LoadStopwatch;

use crate::harness::{Client, Notice, Person, Place, QUIET, Reply, Server, Shelf, is_dead, item, unique};

/// Two instances.
pub(crate) fn pair() -> (Server, Server) {
    let place = Arc::new(Place::new());
    (Server::on(Arc::clone(&place), QUIET), Server::on(place, QUIET))
}

/// What customers do all day, at two instances in turn, with the answers that belong to it.
pub(crate) async fn everyday(first: &Server, second: &Server, operator: &Client) {
    let product = operator.product("5.00", Some(10)).await;
    let person = Person::new("everyday");
    let here = person.register(&first.client()).await;
    let there = here.at(second.address());
    let key = unique("key");
    let place =
        |client: &Client| client.post("/v1/orders", &json!({"items": [item(&product, 2)]})).idempotent(&key);
    let (order, again) = (place(&here).patiently().await, place(&there).patiently().await);
    assert!(order.text == again.text && again.is_replayed(), "{}", again.text);
    let order = order.ok(201);
    there.pay(&order, "tok_visa").await;
    assert_eq!(here.reread(&order).await["version"], 2);
    let (undecided, waiting) = here.undecided(&product).await;
    let captured = Notice::of("payment.captured", &waiting);
    assert!(!captured.deliver(&there).await && captured.deliver(&here).await);
    assert_eq!(there.reread(&undecided).await["status"], "PAID");
    there.moved(&here.order(&product, 1).await, "CANCELLED").await;
    operator.check_invariants(&[Shelf { product, initial: 10 }]).await;

    let refresh =
        |client: &Client| client.post("/v1/auth/refresh", &json!({"refreshToken": here.refresh_token}));
    let (pair, again) = (refresh(&here).await.ok(200), refresh(&there).await.ok(200));
    assert_eq!(pair, again);
    let (here, there) = (here.with_tokens(&pair), there.with_tokens(&pair));
    there.get("/v1/me").await.ok(200);
    here.post("/v1/auth/logout", &json!({})).await.ok(204);
    is_dead(&there).await;
    is_dead(&here).await;
    person.login(&second.client()).await.at(first.address()).get("/v1/me").await.ok(200);
}

/// A customer who is logged in everywhere, and one who was.
pub(crate) async fn sessions(first: &Server, second: &Server) -> (Client, Client) {
    let (stays, gone) = (first.customer().await, first.customer().await);
    for client in [&stays, &gone] {
        client.at(second.address()).get("/v1/me").await.ok(200);
    }
    gone.post("/v1/auth/logout", &json!({})).await.ok(204);
    is_dead(&gone.at(second.address())).await;
    (stays, gone)
}

/// They still are, at both.
pub(crate) async fn are_as_they_were(first: &Server, second: &Server, (stays, gone): &(Client, Client)) {
    for server in [first, second] {
        let (stays, gone) = (stays.at(server.address()), gone.at(server.address()));
        stays.get("/v1/me").await.ok(200);
        gone.get("/v1/me").await.refused(401, "unauthorized");
        let refresh = json!({"refreshToken": gone.refresh_token});
        gone.post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
    }
}

/// The answer, and how long it would have taken on a calm machine.
pub(crate) async fn timed(request: impl IntoFuture<Output = Reply>) -> (Reply, Duration) {
    let pace = LoadStopwatch::start();
    let reply = request.await;
    (reply, pace.elapsed_without_load())
}
