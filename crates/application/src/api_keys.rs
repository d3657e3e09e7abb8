//! API keys, with which other systems call the service: made, listed and revoked by operators, and checked with each
//! request.
//!
//! ```text
//! nonce ── HMAC under the signing secret ──► text `idem_…` ── SHA-256 ──► digest, stored in the row
//!   └────────── stored in the reply to the POST, for as long as it is replayed
//! ```
//!
//! The text is shown in the reply that makes the key, and stored nowhere. A replay of that reply derives it once more
//! from the nonce, so it is byte for byte the same. When the stored reply is deleted, the nonce is gone, and nothing in
//! the service can make the text again: neither the system of record nor the signing secret, nor both.
//!
//! The promise: a key that was revoked or has expired is refused here at once and everywhere within a second. A read of
//! a key is relied on for less than a second (`RecentKeys`), whatever is unavailable.

mod authenticate;
mod create;
mod recent_keys;
mod sealed_key;
mod text;
mod uses;

use domain::{ApiKey, ApiKeyId, Network};
use ports::{Page, PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::Attempt,
    security::SecurityEvent,
};

pub use authenticate::authenticate_key;
pub use create::{CreateKeyError, NewApiKey, create_api_key};
pub use recent_keys::RecentKeys;
pub use sealed_key::SealedKey;
pub use text::ApiKeyText;
pub use uses::{KeyUses, record_key_uses};

/// The key with that id; `None` if there is none, or it is revoked.
///
/// # Errors
/// [`PortError`].
pub async fn find_api_key(app: &App, _by: &Operator, id: &ApiKeyId) -> Result<Option<ApiKey>, PortError> {
    Ok(app.api_keys.find_api_key(id).await?.filter(|it| it.revoked_at.is_none()))
}

/// A page of the keys that are revoked, or of those that are not, newest first.
///
/// # Errors
/// [`PortError`].
pub async fn list_api_keys(
    app: &App,
    _by: &Operator,
    revoked: bool,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<ApiKey>, PortError> {
    app.api_keys.list_api_keys(revoked, after, limit).await
}

/// Why a key was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// The idempotency key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No key has this id, or it is revoked already.
    #[error("there is no such API key")]
    NotFound,
    /// The system of record is unavailable, or the key cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for RevokeKeyError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Revokes a key for good, and replies with `reply`. What it did stays in the histories under its id.
///
/// # Errors
/// [`RevokeKeyError`].
pub async fn revoke_api_key(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    id: &ApiKeyId,
    network: Network,
    reply: StoredReply,
) -> Result<IdempotentReply, RevokeKeyError> {
    let decide = || {
        let decided = async {
            let found = app.api_keys.find_api_key(id).await.map_err(RevokeKeyError::from)?;
            let live = found.filter(|it| it.revoked_at.is_none()).ok_or(RevokeKeyError::NotFound)?;
            let work =
                UnitOfWork::new().with_write(Write::RevokeApiKey { key: live.key, at: app.clock.now() });
            Ok(Decision::with_reply(work, id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    let answered =
        run_once(app, request.as_ref(), decide, Attempt::<RevokeKeyError>::from_commit_error).await?;
    // For a replay too: this instance may have read the key before another one revoked it.
    app.recent_keys.remove_key(id);
    if let IdempotentReply::New(_) = answered {
        let caller = by.caller();
        let (by, session) = (&caller.user.id, &caller.session);
        SecurityEvent::ApiKeyRevoked { key: id, by, session, network }.log();
    }
    Ok(answered)
}

#[cfg(test)]
mod tests;
