//! Who calls.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

/// A session's tokens, as login and refresh give them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// Sent with each request. Its `Debug` shows nothing.
    #[serde(with = "crate::secrets")]
    pub access_token: SecretString,
    /// Lifetime of the access token from its making, in seconds.
    pub expires_in: u64,
    /// Gets the next pair, once.
    #[serde(with = "crate::secrets")]
    pub refresh_token: SecretString,
    /// Lifetime of the refresh token from its making, in seconds.
    pub refresh_expires_in: u64,
}

/// What a client shows the service.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Nothing: only public calls succeed.
    Anonymous,
    /// An API key, which is never renewed.
    ApiKey(SecretString),
    /// A session. The lock is held while its tokens are renewed, so that one refresh serves all calls that wait.
    Session(Mutex<Tokens>),
}

/// Time after which no further attempt to refresh begins: a refresh token that is shown again later than 10 s after it was
/// spent ends the session as stolen.
pub(crate) const REFRESH_TOTAL: Duration = Duration::from_secs(8);

impl Credentials {
    /// The bearer token of the next request.
    pub(crate) async fn bearer(&self) -> Option<SecretString> {
        match self {
            Self::Anonymous => None,
            Self::ApiKey(key) => Some(key.clone()),
            Self::Session(tokens) => Some(tokens.lock().await.access_token.clone()),
        }
    }
}

/// Whether two secrets are the same text. Both are the caller's own, so the time that it takes shows nothing.
pub(crate) fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}
