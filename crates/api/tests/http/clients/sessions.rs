//! How the library keeps a session.

use futures_util::future::join_all;
use idem_client::Client;
use secrecy::ExposeSecret;

use super::{library, proxy::LossyProxy, take_over};
use crate::harness::{is_dead, shared};

#[tokio::test(flavor = "multi_thread")]
async fn one_refresh_serves_all_calls_whose_token_is_refused() {
    let proxy = LossyProxy::new(shared().address(), 0).await;
    let mut tokens = take_over(shared(), &shared().customer().await).tokens().await.unwrap();
    tokens.access_token = "no.token.now".into();
    let client = Client::builder(&proxy.url()).tokens(tokens.clone()).build().unwrap();
    let calls = (0..8).map(|_| async { client.accounts().me().await });
    let users: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert!(users.iter().all(|it| *it == users[0]));
    assert_eq!(proxy.count("POST /v1/auth/refresh "), 1);
    let after = client.tokens().await.unwrap();
    assert_ne!(after.refresh_token.expose_secret(), tokens.refresh_token.expose_secret());

    client.accounts().refresh().await.unwrap();
    let renewed = client.tokens().await.unwrap();
    assert_ne!(renewed.refresh_token.expose_secret(), after.refresh_token.expose_secret());
    client.accounts().me().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_and_a_revoked_key_are_errors() {
    let customer = shared().customer().await;
    let client = take_over(shared(), &customer);
    client.accounts().logout().await.unwrap();
    is_dead(&customer).await;
    let error = client.accounts().me().await.unwrap_err();
    assert!(error.is_kind("refresh-token-invalid"), "{error}");
    let wrong = library(shared()).login("nobody-here", "wrong password").await.unwrap_err();
    assert!(wrong.is_kind("invalid-credentials"), "{wrong}");
    let key = library(shared()).with_api_key("idem_unknown");
    assert!(key.accounts().me().await.unwrap_err().is_kind("unauthorized"));
}
