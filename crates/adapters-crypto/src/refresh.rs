//! Refresh tokens: `<kid>.<session>.<generation>.<HMAC-SHA256 of what stands before it>`.

use domain::SessionId;

use crate::{
    keys::{Ring, SigningKeys},
    mac::MacKey,
};

/// What the keys of refresh tokens are derived for.
const PURPOSE: &str = "idem refresh v1";

/// Signs and reads refresh tokens.
pub(crate) struct RefreshTokens(Ring<MacKey>);

impl RefreshTokens {
    pub(crate) fn new(keys: &SigningKeys) -> Self {
        Self(keys.ring(|secret| MacKey::derive(secret, PURPOSE)))
    }

    pub(crate) fn write(&self, session: &SessionId, generation: i64) -> String {
        let signer = self.0.signer();
        let said = format!("{}.{session}.{generation}", signer.kid);
        let signature = signer.key.sign(&said);
        format!("{said}.{signature}")
    }

    /// Session and generation, the signature verified before either is looked at.
    pub(crate) fn read(&self, token: &str) -> Option<(SessionId, i64)> {
        let (said, signature) = token.rsplit_once('.')?;
        let (kid, rest) = said.split_once('.')?;
        if !self.0.find(kid)?.verifies(said, signature) {
            return None;
        }
        let (session, generation) = rest.rsplit_once('.')?;
        Some((SessionId::parse(session).ok()?, generation.parse().ok()?))
    }
}
