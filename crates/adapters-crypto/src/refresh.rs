//! Refresh tokens: `<kid>.<session>.<generation>.<HMAC-SHA256 of what stands before it>`.

use domain::SessionId;

use crate::{
    keys::{KeyRing, SigningKeys},
    mac::MacKey,
};

/// What the keys of refresh tokens are derived for.
const PURPOSE: &str = "idem refresh v1";

/// Signs and reads refresh tokens.
pub(crate) struct RefreshTokens(KeyRing<MacKey>);

impl RefreshTokens {
    pub(crate) fn new(keys: &SigningKeys) -> Self {
        Self(keys.derive_keys(|secret| MacKey::derive_key(secret, PURPOSE)))
    }

    pub(crate) fn sign_token(&self, session: &SessionId, generation: i64) -> String {
        let signer = self.0.signing_key();
        let said = format!("{}.{session}.{generation}", signer.kid);
        let signature = signer.key.sign_message(&said);
        format!("{said}.{signature}")
    }

    /// Session and generation, the signature verified before either is looked at.
    pub(crate) fn verify_token(&self, token: &str) -> Option<(SessionId, i64)> {
        let (said, signature) = token.rsplit_once('.')?;
        let (kid, rest) = said.split_once('.')?;
        if !self.0.find_key(kid)?.is_valid_signature(said, signature) {
            return None;
        }
        let (session, generation) = rest.rsplit_once('.')?;
        Some((SessionId::parse(session).ok()?, generation.parse().ok()?))
    }
}
