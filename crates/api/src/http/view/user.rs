//! Views of users, tokens and sessions.

use application::auth::TokenPair;
use domain::{SessionId, User, session::ListedSession};
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A user, without anything secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Public id of the user.
    pub id: String,
    /// Name to log in with, spelled as it was registered.
    pub username: String,
    /// E-mail address, which also logs in.
    pub email: String,
    /// `CUSTOMER` or `OPERATOR`.
    pub role: &'static str,
    /// Whether a login needs a code of a second factor.
    pub second_factor: bool,
    /// Time at which a token showed that mails to the address arrive, RFC 3339 in UTC; null if none has since the address was
    /// set. No operation needs it.
    #[schema(required, format = DateTime)]
    pub email_verified_at: Option<String>,
    /// Time at which the account was created, RFC 3339 in UTC.
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
            second_factor: it.second_factor_at.is_some(),
            email_verified_at: it.email_verified_at.map(timestamp_text),
            created_at: timestamp_text(it.created_at),
        }
    }
}

/// An access token and the refresh token that gets the next one.
// No `Debug`: tokens must not get into a log by way of a format string.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokensView {
    /// Access token (JWT), for the header `Authorization: Bearer …`.
    pub access_token: String,
    /// Type of the access token: always `Bearer`.
    pub token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    pub expires_in: u64,
    /// Refresh token, to be exchanged once at `/v1/auth/refresh`.
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
    /// Public id of the session, for `DELETE /v1/me/sessions/{id}`.
    pub id: String,
    /// Whether it is the session that sent this request.
    pub current: bool,
    /// What the client said about itself in `User-Agent` at the login, with control characters as spaces and cut to 256
    /// characters; null if it said nothing. A claim: do not trust it.
    #[schema(
        required,
        max_length = 256,
        example = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    )]
    pub user_agent: Option<String>,
    /// The network of the login: an IPv4 address, or the first 64 bits of an IPv6 address as `2001:db8::/64`; null once it
    /// was erased.
    #[schema(required, max_length = 64, example = "192.0.2.1")]
    pub network: Option<String>,
    /// Time of the login, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time at which the refresh token was last exchanged; that of the login before the first exchange.
    #[schema(format = DateTime)]
    pub refreshed_at: String,
    /// Time at which the session ends unless its refresh token is exchanged before.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl SessionView {
    /// A session as the session `current` sees it.
    #[must_use]
    pub fn new(listed: &ListedSession, current: &SessionId) -> Self {
        let ListedSession { session: it, network, user_agent } = listed;
        Self {
            id: it.id.to_string(),
            current: it.id == *current,
            user_agent: user_agent.as_ref().map(|it| it.as_str().to_owned()),
            network: network.map(|it| it.to_string()),
            created_at: timestamp_text(it.created_at),
            refreshed_at: timestamp_text(it.rotated_at),
            expires_at: timestamp_text(it.expires_at),
        }
    }
}
