use domain::{ApiKey, ApiKeyKey, Timestamp, api_key::ApiKeyDigest};

use super::{abort::Written, require_parent, update_guarded};
use crate::record::{rows::ApiKeyRow, tables::Tables};

pub(super) fn insert_api_key(tables: &mut Tables, key: ApiKey, digest: ApiKeyDigest) -> Written {
    require_parent(&tables.users, &key.creator, "a user")?;
    Ok(tables.api_keys.insert(ApiKeyRow { key, digest })?)
}

pub(super) fn revoke_api_key(tables: &mut Tables, key: ApiKeyKey, at: Timestamp) -> Written {
    let is_live = |row: &ApiKeyRow| row.key.revoked_at.is_none();
    update_guarded(&mut tables.api_keys, &key, is_live, |row| row.key.revoked_at = Some(at))
}

pub(super) fn record_key_use(tables: &mut Tables, key: ApiKeyKey, at: Timestamp) -> Written {
    Ok(tables.api_keys.update(&key, |row| row.key.last_used_at = row.key.last_used_at.max(Some(at)))?)
}
