//! What an operator sets up for other systems: API keys and endpoints of webhooks.

use domain::{FeedEventType, api_key::Scope};
use hyper::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Client, Request, Word};

/// Calls about API keys: see [`Client::api_keys`].
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'c>(pub(crate) &'c Client);

/// Calls about endpoints of webhooks: see [`Client::webhook_endpoints`].
#[derive(Debug, Clone, Copy)]
pub struct WebhookEndpoints<'c>(pub(crate) &'c Client);

/// An API key to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKey {
    /// Name for people, such as the system that uses it.
    pub name: String,
    /// What the key may do.
    pub scopes: Vec<Word<Scope>>,
    /// Time at which the key ends, RFC 3339; `None`: only when it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl CreateApiKey {
    /// A key that never expires.
    #[must_use]
    pub fn new(name: &str, scopes: &[Scope]) -> Self {
        let scopes = scopes.iter().copied().map(Word::Known).collect();
        Self { name: name.to_owned(), scopes, expires_at: None }
    }
}

/// A new API key. Nothing shows its text again.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewApiKey {
    /// Id of the key, which histories show as the actor.
    pub id: String,
    /// The key, to be stored as a secret: `idem_…`. `None` only when an old answer is replayed after the service's own secret
    /// was replaced: revoke the key and make another one.
    #[serde(deserialize_with = "crate::secrets::deserialize_option")]
    pub key: Option<SecretString>,
    /// What the key may do.
    pub scopes: Vec<Word<Scope>>,
    /// Time at which the key ends; `None`: only when it is revoked.
    pub expires_at: Option<String>,
}

/// An endpoint of webhooks to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateWebhookEndpoint {
    /// Address that gets the messages.
    pub url: String,
    /// Types of events that it gets; empty: all of them.
    pub types: Vec<Word<FeedEventType>>,
    /// Text for people; `None`: no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl CreateWebhookEndpoint {
    /// An endpoint without a description.
    #[must_use]
    pub fn new(url: &str, types: &[FeedEventType]) -> Self {
        let types = types.iter().copied().map(Word::Known).collect();
        Self { url: url.to_owned(), types, description: None }
    }
}

/// An endpoint with its signing secret. Nothing shows the secret again.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WebhookSecret {
    /// Public id of the endpoint.
    pub id: String,
    /// Address that gets the messages.
    pub url: String,
    /// The secret for [`webhook::Verifier`](crate::webhook::Verifier): `whsec_…`.
    #[serde(with = "crate::secrets")]
    pub secret: SecretString,
}

impl ApiKeys<'_> {
    /// Makes a key, whose text only this answer shows.
    pub fn create(self, key: &CreateApiKey) -> Request<NewApiKey> {
        Request::write(self.0, Method::POST, self.0.url(&["api-keys"]), key)
    }

    /// Revokes a key for good.
    pub fn revoke(self, id: &str) -> Request<()> {
        Request::write_empty(self.0, Method::DELETE, self.0.url(&["api-keys", id]))
    }
}

impl WebhookEndpoints<'_> {
    /// Makes an endpoint. It gets the events that happen from then on.
    pub fn create(self, endpoint: &CreateWebhookEndpoint) -> Request<WebhookSecret> {
        Request::write(self.0, Method::POST, self.0.url(&["webhook-endpoints"]), endpoint)
    }

    /// Replaces the signing secret. For 24 hours the old one signs, too.
    pub fn rotate_secret(self, id: &str) -> Request<WebhookSecret> {
        let url = self.0.url(&["webhook-endpoints", id, "secret-rotation"]);
        Request::write_empty(self.0, Method::POST, url)
    }

    /// Deletes an endpoint; nothing is sent to it afterwards.
    pub fn delete(self, id: &str) -> Request<()> {
        Request::write_empty(self.0, Method::DELETE, self.0.url(&["webhook-endpoints", id]))
    }
}
