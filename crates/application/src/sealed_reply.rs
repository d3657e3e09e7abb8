//! Replies that show a secret. They are stored under their idempotency key, so they are stored encrypted.

use ports::{PortError, StoredReply};

use crate::{App, IdempotentReply};

/// Separates replies from whatever else is encrypted.
const PURPOSE: &str = "replies with secrets";

/// Encrypts the body of a reply that shows a secret.
pub(crate) fn seal_reply(app: &App, reply: StoredReply) -> StoredReply {
    StoredReply { body: app.secret_cipher.encrypt_text(PURPOSE, &reply.body), ..reply }
}

/// The reply as it was before [`seal_reply`], new or replayed.
///
/// # Errors
/// [`PortError::Bug`] if the secret of the service was replaced within the lifetime of the claim.
pub(crate) fn open_reply(app: &App, reply: IdempotentReply) -> Result<IdempotentReply, PortError> {
    let open = |reply: StoredReply| {
        let body = app.secret_cipher.decrypt_text(PURPOSE, &reply.body);
        let body = body.ok_or_else(|| PortError::bug("a stored reply cannot be decrypted"))?;
        Ok(StoredReply { body, ..reply })
    };
    match reply {
        IdempotentReply::New(reply) => open(reply).map(IdempotentReply::New),
        IdempotentReply::Replay(reply) => open(reply).map(IdempotentReply::Replay),
    }
}
