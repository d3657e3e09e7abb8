//! Customers and operators.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Client, Place, eventually, unique};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How soon a revocation is known everywhere.
const REVOKED_WITHIN: Duration = Duration::from_secs(1);

/// Waits until an access token is worth nothing, as long as that may take after its session has ended.
pub(crate) async fn is_dead(client: &Client) {
    let look = async || (client.get("/v1/me").await.status == 401).then_some(());
    eventually("the access token is dead", REVOKED_WITHIN, look).await;
}

/// A person with an account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The name to log in with.
    pub(crate) username: String,
    /// The address, which logs in too.
    pub(crate) email: String,
}

impl Person {
    /// A person with a unique name, without an account yet.
    pub(crate) fn new(kind: &str) -> Self {
        let username = unique(kind);
        Self { email: format!("{username}@example.com"), username }
    }

    /// What registering needs.
    pub(crate) fn account(&self) -> Value {
        json!({"username": self.username, "email": self.email, "password": PASSWORD})
    }

    /// An operator's account, made from the command line beside the running server.
    pub(super) fn operator(place: &Place) -> Self {
        let operator = Self::new("operator");
        let arguments = ["create-operator", "--username", &operator.username, "--email", &operator.email];
        let made = place.command(&[("IDEM_OPERATOR_PASSWORD", PASSWORD)]).args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        operator
    }

    /// Registers and logs in.
    pub(crate) async fn register(&self, client: &Client) -> Client {
        let key = format!("register-{}", self.username);
        client.post("/v1/auth/register", &self.account()).idempotent(&key).patiently().await.ok(201);
        self.login(client).await
    }

    /// Logs in.
    pub(crate) async fn login(&self, client: &Client) -> Client {
        let tokens = client.post("/v1/auth/login", &self.credentials(PASSWORD)).patiently().await.ok(200);
        client.with_tokens(&tokens)
    }

    /// What logging in needs.
    pub(crate) fn credentials(&self, password: &str) -> Value {
        json!({"username": self.username, "password": password})
    }
}
