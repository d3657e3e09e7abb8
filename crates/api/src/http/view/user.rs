//! Users, tokens and sessions.

use application::auth::TokenPair;
use domain::{Session, SessionId, User};
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Public id.
    pub id: String,
    /// Name to log in with.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
    /// `CUSTOMER` or `OPERATOR`.
    pub role: &'static str,
    /// When the account was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&User> for UserView {
    fn from(it: &User) -> Self {
        Self {
            id: it.id.to_string(),
            username: it.username.as_str().to_owned(),
            email: it.email.as_str().to_owned(),
            role: it.role.as_str(),
            created_at: timestamp_text(it.created_at),
        }
    }
}

/// An access token and the refresh token that gets the next one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokensView {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    pub expires_in: u64,
    /// Is exchanged once, at `/v1/auth/refresh`.
    pub refresh_token: String,
    /// Lifetime of the refresh token, in seconds.
    pub refresh_expires_in: u64,
}

impl From<TokenPair> for TokensView {
    fn from(it: TokenPair) -> Self {
        Self {
            access_token: it.access,
            token_type: "Bearer",
            expires_in: it.access_ttl.as_secs(),
            refresh_token: it.refresh,
            refresh_expires_in: it.refresh_ttl.as_secs(),
        }
    }
}

/// A live session: one login, on one device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Public id.
    pub id: String,
    /// Whether it is the session that asks.
    pub current: bool,
    /// When the login was.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its tokens were last exchanged.
    #[schema(format = DateTime)]
    pub refreshed_at: String,
    /// When it ends unless its tokens are exchanged.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl SessionView {
    /// A session as seen from `current`.
    #[must_use]
    pub fn new(it: &Session, current: &SessionId) -> Self {
        Self {
            id: it.id.to_string(),
            current: it.id == *current,
            created_at: timestamp_text(it.created_at),
            refreshed_at: timestamp_text(it.rotated_at),
            expires_at: timestamp_text(it.expires_at),
        }
    }
}
