//! Signing secrets: made here, stored encrypted, and shown once.

use domain::webhook::{SealedSecret, SigningSecret};

use crate::App;

/// Separates secrets of endpoints from whatever else is encrypted.
const SECRET_PURPOSE: &str = "webhook secrets";
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
