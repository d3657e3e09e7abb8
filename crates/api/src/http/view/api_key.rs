//! Views of API keys.

use std::fmt;

use application::api_keys::SealedKey;
use domain::{Actor, ApiKey, api_key::Scope};
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, timestamp_text};
use crate::http::key_access::ScopeName;

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub struct ApiKeyView {
    /// Public id of the key, which histories show. It is no secret.
    pub id: String,
    /// What the key is for.
    #[schema(min_length = 1, max_length = 500, example = "Warehouse")]
    pub name: String,
    /// What the key may do.
    #[schema(min_items = 1, max_items = 7)]
    pub scopes: Vec<ScopeName>,
    /// The operator who made it.
    pub created_by: ChangedByView,
    /// Time at which it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time from which it is refused; null means never.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
    /// Time of a recent use, which is up to two minutes older than the last one; null before the first.
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
    /// Time at which it was revoked; null if it was not.
    #[schema(required, format = DateTime)]
    pub revoked_at: Option<String>,
}

/// A new API key, with the key itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewApiKey)]
pub struct NewApiKeyView {
    /// The key to send as `Authorization: Bearer`. It is shown in this answer and nowhere else. Null only in a replay
    /// after the service's own secret was replaced: then revoke the key and make another one.
    // The first member: the text of the key is put in by its mark, which no text of the client may come before.
    #[schema(
        required,
        pattern = "^idem_[A-Za-z0-9_-]{43}$",
        example = "idem_0123456789abcdefghijklmnopqrstuvwxyz0123456"
    )]
    pub key: Option<String>,
    /// The key as all other answers show it.
    #[serde(flatten)]
    pub about: ApiKeyView,
}

impl NewApiKeyView {
    /// The key, with a stand-in for its text.
    #[must_use]
    pub fn new(it: &ApiKey, sealed: &SealedKey) -> Self {
        Self { key: Some(sealed.to_string()), about: it.into() }
    }
}

impl fmt::Debug for NewApiKeyView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKeyView").field("about", &self.about).finish_non_exhaustive()
    }
}

impl From<&ApiKey> for ApiKeyView {
    fn from(it: &ApiKey) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.name.as_str().to_owned(),
            scopes: it.scopes.as_slice().iter().map(|it: &Scope| ScopeName::from(*it)).collect(),
            created_by: ChangedByView {
                actor: Actor::Operator.as_str(),
                id: Some(it.creator_id.to_string()),
            },
            created_at: timestamp_text(it.created_at),
            expires_at: it.expires_at.map(timestamp_text),
            last_used_at: it.last_used_at.map(timestamp_text),
            revoked_at: it.revoked_at.map(timestamp_text),
        }
    }
}
