//! Tokens that a client presents: access tokens (JWT) and refresh tokens (ADR 0007).

use domain::{SessionId, Timestamp, UserId};

/// The claims of an access token (RFC 7519, RFC 8725). Issuer, audience, algorithm and key belong to the
/// adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`: the public id of the user.
    pub user: UserId,
    /// `sid`: the public id of the session that the token belongs to.
    pub session: SessionId,
    /// The session's generation at issue; `jti` is made of session and generation.
    pub generation: i64,
    /// `iat`, cut to whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, cut to whole seconds.
    pub expires_at: Timestamp,
}

/// Issues and verifies tokens. Equal input gives an equal token: a client whose reply was lost gets the same
/// pair again, although no token is stored.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenIssuer: Send + Sync {
    /// A signed access token with these claims.
    fn issue_access_token(&self, claims: &AccessClaims) -> String;

    /// The claims of a genuine access token that has not expired at `now`; `None` for any other text.
    fn verify_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims>;

    /// The refresh token of one generation of a session. It cannot be derived from older ones.
    fn issue_refresh_token(&self, session: &SessionId, generation: i64) -> String;

    /// Session and generation of a genuine refresh token; `None` for any other text. Whether it is still
    /// good, the session decides.
    fn verify_refresh_token(&self, token: &str) -> Option<(SessionId, i64)>;
}
