//! Access tokens: JSON Web Tokens (RFC 7519), used as RFC 8725 recommends.

mod hs256;

use std::sync::LazyLock;

use domain::{SessionId, Timestamp, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, decode_header, encode,
};
use ports::{AccessClaims, TokenIssuer};
use serde::{Deserialize, Serialize};

use crate::{
    keys::{KeyRing, SigningKeys},
    refresh::RefreshTokens,
};

/// Longest token that is decoded, in bytes; a token with the longest ids is shorter.
const TOKEN_BYTES_MAX: usize = 2 * 1024;
/// The issuer that every token names, `iss`.
const ISSUER: &str = "idem";
/// The audience that every token names, `aud`.
const AUDIENCE: &str = "idem-api";

/// Issues and verifies access tokens, signed with HS256 only, and refresh tokens, signed with derived keys.
pub struct JwtTokens {
    keys: KeyRing<AccessKey>,
    refresh: RefreshTokens,
}

struct AccessKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// The claims of an access token, under their registered names; times in seconds.
#[derive(Serialize, Deserialize)]
struct JwtClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
}

impl JwtTokens {
    /// Tokens signed with these keys.
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        hs256::install_provider();
        let access = |secret: &[u8]| AccessKey {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        };
        Self { keys: keys.derive_keys(access), refresh: RefreshTokens::new(keys) }
    }
}

impl TokenIssuer for JwtTokens {
    #[expect(clippy::expect_used, reason = "plain claims and an HMAC key leave nothing that could fail")]
    fn issue_access_token(&self, claims: &AccessClaims) -> String {
        // Nothing random goes in: the same session and generation give the same bytes, so that a client whose
        // answer was lost gets the same pair again, also from another instance.
        let signer = self.keys.signing_key();
        encode(&jwt_header(&signer.kid), &JwtClaims::from(claims), &signer.key.encoding)
            .expect("HS256 signs any claims")
    }

    fn verify_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        // The header is not verified yet. It only chooses one of our own keys, and the algorithm is fixed
        // below, whatever the header says.
        let kid = decode_header(token).ok()?.kid?;
        let key = self.keys.find_key(&kid)?;
        let TokenData { header: found, claims } =
            decode::<JwtClaims>(token, &key.decoding, &VALIDATION).ok()?;
        // A header with more in it than this service writes is refused: another type, an embedded key, a
        // critical extension.
        if found != jwt_header(&kid) {
            return None;
        }
        claims.into_access_claims().filter(|it| now < it.expires_at)
    }

    fn issue_refresh_token(&self, session: &SessionId, generation: i64) -> String {
        self.refresh.sign_token(session, generation)
    }

    fn verify_refresh_token(&self, token: &str) -> Option<(SessionId, i64)> {
        // A size limit before any work: a client chooses the length, and the signature covers all of it.
        if token.len() > TOKEN_BYTES_MAX { None } else { self.refresh.verify_token(token) }
    }
}

/// The library's checks, without expiry: the library would read the machine's clock instead of the port's.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.validate_exp = false;
    rules
});

fn jwt_header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) }
}

impl From<&AccessClaims> for JwtClaims {
    fn from(claims: &AccessClaims) -> Self {
        // Rounds down, also before 1970, so that a token never expires later than its session says.
        let seconds = |time: Timestamp| time.as_millis().div_euclid(1_000);
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user.to_string(),
            sid: claims.session.to_string(),
            jti: format!("{}.{}", claims.session, claims.generation),
            iat: seconds(claims.issued_at),
            exp: seconds(claims.expires_at),
        }
    }
}

impl JwtClaims {
    fn into_access_claims(self) -> Option<AccessClaims> {
        let time = |seconds: i64| seconds.checked_mul(1_000).map(Timestamp::from_millis);
        // From the right: a generation has no dot. The session is in the token twice, and both must agree.
        let (session, generation) = self.jti.rsplit_once('.')?;
        if session != self.sid {
            return None;
        }
        Some(AccessClaims {
            user: UserId::parse(&self.sub).ok()?,
            session: SessionId::parse(session).ok()?,
            generation: generation.parse().ok()?,
            issued_at: time(self.iat)?,
            expires_at: time(self.exp)?,
        })
    }
}

#[cfg(test)]
mod tests;
