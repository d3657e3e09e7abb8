//! Tokens that a client shows.

use domain::{SessionId, Timestamp, UserId};

/// What an access token says (RFC 7519, RFC 8725). Issuer, audience, algorithm and key belong to the adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`
    pub user: UserId,
    /// `sid`
    pub session: SessionId,
    /// Which of the session's tokens it is; `jti` is made of session and generation.
    pub generation: i64,
    /// `iat`, whole seconds count.
    pub issued_at: Timestamp,
    /// `exp`, whole seconds count.
    pub expires_at: Timestamp,
}

/// Makes and reads tokens. The same input gives the same token, so that a lost answer can be given again.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenIssuer: Send + Sync {
    /// An access token.
    fn issue_access_token(&self, claims: &AccessClaims) -> String;

    /// What a genuine access token says that has not expired at `now`; `None` for any other text.
    fn verify_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims>;

    /// The refresh token of that generation of a session. It cannot be guessed from older ones.
    fn issue_refresh_token(&self, session: &SessionId, generation: i64) -> String;

    /// Session and generation of a genuine refresh token; `None` for any other text.
    fn verify_refresh_token(&self, token: &str) -> Option<(SessionId, i64)>;
}
