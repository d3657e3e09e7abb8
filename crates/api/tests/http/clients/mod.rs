//! The Rust client library, used as another system uses it.

mod answers;
#[path = "../../../../client/examples/backend/steps.rs"]
mod example;
mod proxy;
mod retries;
mod sessions;
mod shop;
mod webhooks;

use idem_client::Client;

use crate::harness::{self, PASSWORD, Server};

/// A client of the library that has not logged in.
fn library(server: &Server) -> Client {
    Client::builder(&format!("http://{}", server.address())).build().unwrap()
}

/// The session of a client of the tests, given to the library.
fn take_over(server: &Server, client: &harness::Client) -> Client {
    let token = |it: &Option<String>| it.clone().unwrap();
    let tokens = serde_json::json!({"accessToken": token(&client.token), "expiresIn": 900,
        "refreshToken": token(&client.refresh_token), "refreshExpiresIn": 900});
    library(server).with_tokens(serde_json::from_value(tokens).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_page_about_backends_runs() {
    let server = harness::shared();
    let operator = take_over(server, &server.operator().await);
    let product = harness::unique("example");
    example::run(&library(server), &operator, &product, PASSWORD).await.unwrap();
}
