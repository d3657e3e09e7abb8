//! Refresh tokens: `<kid>.<session>.<generation>.<HMAC-SHA256 of the text before it>`.
//!
//! A token is derived and never stored: the database holds the session's generation and no secret, and a
//! client whose answer was lost gets the same token again, byte for byte.

use domain::SessionId;

use crate::{
    keys::{KeyRing, SigningKeys},
    mac::MacKey,
};

/// The purpose that the keys of refresh tokens are derived for.
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

    /// Session and generation of a token with a valid signature, otherwise `None`.
    pub(crate) fn verify_token(&self, token: &str) -> Option<(SessionId, i64)> {
        let (said, signature) = token.rsplit_once('.')?;
        let (kid, rest) = said.split_once('.')?;
        if !self.0.find_key(kid)?.is_valid_signature(said, signature) {
            return None;
        }
        // Parsed only now: what is not signed by this service reaches no parser.
        let (session, generation) = rest.rsplit_once('.')?;
        Some((SessionId::parse(session).ok()?, generation.parse().ok()?))
    }
}
