//! JSON Web Tokens (RFC 7519), used as RFC 8725 says.

mod hs256;

use std::sync::LazyLock;

use domain::{SessionId, Timestamp, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, decode_header, encode,
};
use ports::{AccessClaims, Tokens};
use serde::{Deserialize, Serialize};

use crate::{
    keys::{Ring, SigningKeys},
    refresh::RefreshTokens,
};

/// Longest token that is looked at, in bytes; those with the longest ids are shorter.
const TOKEN_BYTES_MAX: usize = 2 * 1024;
/// `iss`
const ISSUER: &str = "idem";
/// `aud`
const AUDIENCE: &str = "idem-api";

/// Access tokens signed with HS256 and nothing else; refresh tokens with a key derived for them alone.
pub struct JwtTokens {
    keys: Ring<AccessKey>,
    refresh: RefreshTokens,
}

struct AccessKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// What stands in an access token.
#[derive(Serialize, Deserialize)]
struct Claims {
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
        Self { keys: keys.ring(access), refresh: RefreshTokens::new(keys) }
    }
}

impl Tokens for JwtTokens {
    #[expect(clippy::expect_used, reason = "plain claims and an HMAC key leave nothing that could fail")]
    fn access(&self, claims: &AccessClaims) -> String {
        let signer = self.keys.signer();
        encode(&header(&signer.kid), &Claims::from(claims), &signer.key.encoding)
            .expect("HS256 signs any claims")
    }

    fn read_access(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let kid = decode_header(token).ok()?.kid?;
        let key = self.keys.find(&kid)?;
        let TokenData { header: found, claims } = decode::<Claims>(token, &key.decoding, &RULES).ok()?;
        // A header has no more in it than this service writes: no other type, no key of its own, nothing critical.
        if found != header(&kid) {
            return None;
        }
        claims.read().filter(|it| now < it.expires_at)
    }

    fn refresh(&self, session: &SessionId, generation: i64) -> String {
        self.refresh.write(session, generation)
    }

    fn read_refresh(&self, token: &str) -> Option<(SessionId, i64)> {
        if token.len() > TOKEN_BYTES_MAX { None } else { self.refresh.read(token) }
    }
}

/// Expiry is none of the library's: it would read its own clock.
static RULES: LazyLock<Validation> = LazyLock::new(|| {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.validate_exp = false;
    rules
});

fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) }
}

impl From<&AccessClaims> for Claims {
    fn from(claims: &AccessClaims) -> Self {
        let seconds = |time: Timestamp| time.millis().div_euclid(1_000);
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

impl Claims {
    fn read(self) -> Option<AccessClaims> {
        let time = |seconds: i64| seconds.checked_mul(1_000).map(Timestamp::from_millis);
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
