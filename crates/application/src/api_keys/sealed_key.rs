//! The stand-in for the text of a new key in the stored reply.

use std::fmt;

use ports::{PortError, StoredReply};

use super::ApiKeyText;
use crate::{App, IdempotentReply};

/// What begins a sealed key, as it stands in the JSON of the reply: in a string of a client the quote would be escaped.
const MARK: &str = "\"sealed:";
/// The purpose of the digests that texts are made of.
const PURPOSE: &str = "API keys v1";

/// The nonce that the text of a key is derived from, with a mark by which it is found in a reply.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey(String);

impl SealedKey {
    /// A stand-in for a new key. The nonce is drawn from the id generator, so it cannot be guessed.
    pub(super) const fn from_nonce(nonce: String) -> Self {
        Self(nonce)
    }

    /// The text under each secret that is still accepted, the present one first.
    pub(super) fn derive_texts(&self, app: &App) -> Vec<ApiKeyText> {
        let digests = app.digests.keyed_digests(PURPOSE, &self.0);
        digests.into_iter().map(|it| ApiKeyText::from_digest(&it)).collect()
    }
}

/// As it has to stand in the reply: a JSON string of its own, before any text of the client.
impl fmt::Display for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sealed:{}", self.0)
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(…)")
    }
}

/// The reply with the text of the key in place of the sealed one; null if the secret that made it is no longer accepted.
///
/// # Errors
/// [`PortError`] when the system of record is unavailable.
pub(super) async fn reveal_reply(app: &App, answered: IdempotentReply) -> Result<IdempotentReply, PortError> {
    match answered {
        IdempotentReply::New(reply) => {
            // Made a moment ago, with the present secret. Nothing is read, so that no failure can lose the text.
            let text = sealed_in(&reply).and_then(|it| it.derive_texts(app).into_iter().next());
            Ok(IdempotentReply::New(replace_sealed(reply, text.as_ref())))
        }
        IdempotentReply::Replay(reply) => {
            let text = match sealed_in(&reply) {
                Some(sealed) => find_text(app, &sealed).await?,
                None => None,
            };
            Ok(IdempotentReply::Replay(replace_sealed(reply, text.as_ref())))
        }
    }
}

/// The text that the key was really made with: the one whose digest is stored.
async fn find_text(app: &App, sealed: &SealedKey) -> Result<Option<ApiKeyText>, PortError> {
    // At most as many as there are secrets.
    for text in sealed.derive_texts(app) {
        let digest = text.digest(&*app.content_digests);
        if app.api_keys.find_api_key_by_digest(&digest).await?.is_some() {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn sealed_in(reply: &StoredReply) -> Option<SealedKey> {
    let (_, rest) = reply.body.split_once(MARK)?;
    rest.split_once('"').map(|(nonce, _)| SealedKey(nonce.to_owned()))
}

fn replace_sealed(reply: StoredReply, text: Option<&ApiKeyText>) -> StoredReply {
    let Some(sealed) = sealed_in(&reply) else { return reply };
    let shown = text.map_or_else(|| "null".to_owned(), |it| format!("\"{}\"", it.expose_secret()));
    let body = reply.body.replacen(&format!("\"{sealed}\""), &shown, 1);
    StoredReply { body, ..reply }
}
