use domain::{ApiKey, ApiKeyId, ApiKeyKey, api_key::ApiKeyDigest};

use crate::record::table::Row;

/// A stored API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The key without its text.
    pub key: ApiKey,
    /// The digest of its text.
    pub digest: ApiKeyDigest,
}

/// The unique keys of API keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum ApiKeyKeys {
    Id(ApiKeyId),
    Digest(ApiKeyDigest),
}

impl Row for ApiKeyRow {
    const TABLE: &'static str = "api_keys";
    type Key = ApiKeyKey;
    type Unique = ApiKeyKeys;

    fn key(&self) -> ApiKeyKey {
        self.key.key
    }

    fn unique_keys(&self) -> Vec<ApiKeyKeys> {
        vec![ApiKeyKeys::Id(self.key.id.clone()), ApiKeyKeys::Digest(self.digest.clone())]
    }

    fn row_name(&self) -> String {
        self.key.key.get().to_string()
    }
}
