//! API keys.

use domain::{
    ApiKey, ApiKeyId, ApiKeyKey, Text, User,
    api_key::{ApiKeyDigest, Scope},
};

use super::{at, next_number};

/// A key with one scope that the user made, never used, without an expiry.
#[must_use]
pub fn api_key(user: &User) -> ApiKey {
    let number = next_number();
    ApiKey {
        key: ApiKeyKey::new(number),
        id: ApiKeyId::new(format!("key-{number}")),
        name: Text::new("Warehouse"),
        scopes: [Scope::OrdersRead].into_iter().collect(),
        creator: user.key,
        creator_id: user.id.clone(),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

/// The digest that a key is stored with here.
#[must_use]
pub fn digest(key: &ApiKey) -> ApiKeyDigest {
    ApiKeyDigest::new(format!("{:064x}", key.key.get()))
}
