//! Signing secrets: made here, stored encrypted, and shown once.

use domain::webhook::{SealedSecret, SigningSecret};
use ports::{PortError, StoredReply};

use crate::{App, IdempotentReply};

/// Separates secrets of endpoints from whatever else is encrypted.
const SECRET_PURPOSE: &str = "webhook secrets";
/// Separates replies that hold a secret.
const REPLY_PURPOSE: &str = "webhook replies";
/// The prefix of a secret, by the Standard Webhooks specification.
const SECRET_PREFIX: &str = "whsec_";

/// Makes a secret, in the form that is shown and in the form that is stored.
pub(super) fn new_secret(app: &App) -> (SigningSecret, SealedSecret) {
    let text = format!("{SECRET_PREFIX}{}", app.secret_cipher.generate_secret());
    let sealed = app.secret_cipher.encrypt_text(SECRET_PURPOSE, &text);
    (SigningSecret::new(text), SealedSecret::new(sealed))
}

/// The secret that can sign; `None` if it was encrypted under a secret that the service no longer has.
pub(super) fn open_secret(app: &App, sealed: &SealedSecret) -> Option<SigningSecret> {
    app.secret_cipher.decrypt_text(SECRET_PURPOSE, sealed.as_str()).map(SigningSecret::new)
}

/// Encrypts the body of a reply that shows a secret, because it is stored under its idempotency key.
pub(super) fn seal_reply(app: &App, reply: StoredReply) -> StoredReply {
    StoredReply { body: app.secret_cipher.encrypt_text(REPLY_PURPOSE, &reply.body), ..reply }
}

/// The reply as it was before [`seal_reply`], new or replayed.
///
/// # Errors
/// [`PortError::Bug`] if the secret of the service was replaced within the lifetime of the claim.
pub(super) fn open_reply(app: &App, reply: IdempotentReply) -> Result<IdempotentReply, PortError> {
    let open = |reply: StoredReply| {
        let body = app.secret_cipher.decrypt_text(REPLY_PURPOSE, &reply.body);
        let body = body.ok_or_else(|| PortError::bug("a stored reply cannot be decrypted"))?;
        Ok(StoredReply { body, ..reply })
    };
    match reply {
        IdempotentReply::New(reply) => open(reply).map(IdempotentReply::New),
        IdempotentReply::Replay(reply) => open(reply).map(IdempotentReply::Replay),
    }
}
