//! Access tokens whose signature was checked before, so that each is decoded once and not with every request.

use std::{sync::Arc, time::Duration};

use domain::{SessionId, Timestamp};
use moka::sync::Cache;
use ports::{AccessClaims, TokenIssuer};

/// The largest number of tokens that are remembered: some 10 MiB.
const TOKENS_MAX: u64 = 10_000;
/// How long a token is remembered, 5 min. It stays genuine, so this only frees memory.
const TTL: Duration = Duration::from_secs(300);

/// Remembers which access tokens are genuine.
///
/// Only the signature and the form are remembered: a token is as old as it is, so its expiry is compared at each use, and
/// whether its session has ended is asked elsewhere. Texts that are no token are not remembered, so guesses take no place.
pub struct VerifiedTokens {
    issuer: Arc<dyn TokenIssuer>,
    verified: Cache<String, Arc<AccessClaims>>,
}

impl VerifiedTokens {
    /// Decorates `issuer`, whose keys must not change while this value lives.
    #[must_use]
    pub fn new(issuer: Arc<dyn TokenIssuer>) -> Self {
        Self { issuer, verified: Cache::builder().max_capacity(TOKENS_MAX).time_to_live(TTL).build() }
    }
}

impl TokenIssuer for VerifiedTokens {
    fn issue_access_token(&self, claims: &AccessClaims) -> String {
        self.issuer.issue_access_token(claims)
    }

    fn verify_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        if let Some(claims) = self.verified.get(token) {
            return (now < claims.expires_at).then(|| claims.as_ref().clone());
        }
        let claims = self.issuer.verify_access_token(token, now)?;
        self.verified.insert(token.to_owned(), Arc::new(claims.clone()));
        Some(claims)
    }

    fn issue_refresh_token(&self, session: &SessionId, generation: i64) -> String {
        self.issuer.issue_refresh_token(session, generation)
    }

    fn verify_refresh_token(&self, token: &str) -> Option<(SessionId, i64)> {
        self.issuer.verify_refresh_token(token)
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;
    use ports::MockTokenIssuer;

    use super::*;

    fn claims(expires_at: i64) -> AccessClaims {
        AccessClaims {
            user: UserId::parse("user").unwrap(),
            session: SessionId::parse("session").unwrap(),
            generation: 1,
            issued_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(expires_at),
        }
    }

    #[test]
    fn a_token_is_decoded_once_and_expires_in_time() {
        let mut issuer = MockTokenIssuer::new();
        issuer.expect_verify_access_token().once().return_const(claims(1_000));
        let tokens = VerifiedTokens::new(Arc::new(issuer));
        let verify = |now| tokens.verify_access_token("token", Timestamp::from_millis(now));
        assert_eq!(verify(0), Some(claims(1_000)));
        assert_eq!(verify(999), Some(claims(1_000)));
        assert_eq!(verify(1_000), None);
        assert_eq!(verify(999), Some(claims(1_000)), "a clock that is set back");
    }

    #[test]
    fn a_text_that_is_no_token_is_not_remembered() {
        let mut issuer = MockTokenIssuer::new();
        issuer.expect_verify_access_token().times(2).return_const(None);
        let tokens = VerifiedTokens::new(Arc::new(issuer));
        assert_eq!(tokens.verify_access_token("guess", Timestamp::from_millis(0)), None);
        assert_eq!(tokens.verify_access_token("guess", Timestamp::from_millis(0)), None);
        assert_eq!(tokens.verified.iter().count(), 0);
    }
}
