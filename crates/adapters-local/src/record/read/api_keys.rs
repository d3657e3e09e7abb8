use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{ApiKey, ApiKeyId, ApiKeyKey, Timestamp, api_key::ApiKeyDigest};
use ports::{ApiKeyRepository, Page};

use super::{Read, sort_behind};
use crate::{
    MemoryRecord,
    record::rows::{ApiKeyKeys, ApiKeyRow},
};

#[async_trait]
impl ApiKeyRepository for MemoryRecord {
    async fn find_api_key(&self, id: &ApiKeyId) -> Read<Option<ApiKey>> {
        let tables = self.tables();
        self.read_found(tables.api_keys.find(&ApiKeyKeys::Id(id.clone())), |row| row.key.clone())
    }

    async fn find_api_key_by_key(&self, key: ApiKeyKey) -> Read<Option<ApiKey>> {
        self.read_found(self.tables().api_keys.get(&key), |row| row.key.clone())
    }

    async fn find_api_key_by_digest(&self, digest: &ApiKeyDigest) -> Read<Option<ApiKey>> {
        let tables = self.tables();
        self.read_found(tables.api_keys.find(&ApiKeyKeys::Digest(digest.clone())), |row| row.key.clone())
    }

    async fn list_api_keys(&self, revoked: bool, after: Option<ApiKeyId>, limit: u32) -> Read<Page<ApiKey>> {
        let tables = self.tables();
        let last = after.map(|id| tables.api_keys.find(&ApiKeyKeys::Id(id)).map(sort_place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let wanted = |it: &&ApiKeyRow| it.key.revoked_at.is_some() == revoked;
        let rows = sort_behind(tables.api_keys.rows().filter(wanted), sort_place, last.flatten().as_ref());
        Ok(self.read_page(rows, limit, |row| row.key.id.to_string(), |row| row.key.clone()))
    }
}

/// The sort key of API keys: newest first.
const fn sort_place(row: &ApiKeyRow) -> Reverse<(Timestamp, ApiKeyKey)> {
    Reverse((row.key.created_at, row.key.key))
}
