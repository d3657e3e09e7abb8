//! Makes an API key, whose text is shown once.

use std::sync::{Mutex, PoisonError};

use domain::{ApiKey, ApiKeyId, ApiKeyKey, Network, Text, Timestamp, api_key::Scopes};
use ports::{PortError, StoredReply, UnitOfWork, Write};

use super::SealedKey;
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    retry::Attempt,
    security::SecurityEvent,
};

/// A key to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// What it is for.
    pub name: Text,
    /// What it may do; not empty.
    pub scopes: Scopes,
    /// When it expires; `None` means never.
    pub expires_at: Option<Timestamp>,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// The idempotency key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The time at which it would end has passed already.
    #[error("the key would have expired")]
    Expired,
    /// The system of record is unavailable, or has no digest to derive the key with.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for CreateKeyError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Makes a key, and replies with it as `render` writes it: the sealed key stands where the reply shows the text.
///
/// # Errors
/// [`CreateKeyError`].
pub async fn create_api_key<R>(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    new: NewApiKey,
    network: Network,
    render: R,
) -> Result<IdempotentReply, CreateKeyError>
where
    R: Fn(&ApiKey, &SealedKey) -> StoredReply + Send + Sync,
{
    // What the last round made, for the log: a stale round draws new ids.
    let made = Mutex::new(None);
    let decide = || box_decision(async { decide_creation(app, by, &new, &render, &made) });
    let answered =
        run_once(app, request.as_ref(), decide, Attempt::<CreateKeyError>::from_commit_error).await?;
    let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (IdempotentReply::New(_), Some(key)) = (&answered, made) {
        let caller = by.caller();
        let (by, session) = (&caller.user.id, &caller.session);
        SecurityEvent::ApiKeyCreated { key: &key, by, session, network }.log();
    }
    // The stored reply has no text in it. A replay reads; if that fails, the next retry finds the same reply.
    super::sealed_key::reveal_reply(app, answered).await.map_err(CreateKeyError::from)
}

fn decide_creation(
    app: &App,
    by: &Operator,
    new: &NewApiKey,
    render: &impl Fn(&ApiKey, &SealedKey) -> StoredReply,
    made: &Mutex<Option<ApiKeyId>>,
) -> Result<Decision<StoredReply>, Attempt<CreateKeyError>> {
    let now = app.clock.now();
    if new.expires_at.is_some_and(|it| it <= now) {
        return Err(CreateKeyError::Expired.into());
    }
    let creator = &by.caller().user;
    let key = ApiKey {
        key: ApiKeyKey::new(app.ids.next_key()),
        id: ApiKeyId::new(app.ids.next_id()),
        name: new.name.clone(),
        scopes: new.scopes.clone(),
        creator: creator.key,
        creator_id: creator.id.clone(),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let sealed = SealedKey::from_nonce(app.ids.next_id());
    let text = sealed.derive_texts(app).into_iter().next();
    let text = text.ok_or_else(|| CreateKeyError::from(PortError::bug("no secret to derive a key with")))?;
    let digest = text.digest(&*app.content_digests);
    *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.id.clone());
    let (id, reply) = (key.id.to_string(), render(&key, &sealed));
    Ok(Decision::with_reply(UnitOfWork::new().with_write(Write::InsertApiKey(key, digest)), id, reply))
}
