use diesel::prelude::*;
use domain::{
    ApiKey, ApiKeyId, ApiKeyKey, Text, Timestamp, UserId, UserKey,
    api_key::{ApiKeyDigest, Scopes},
};

use super::reader::RowReader;
use crate::sql::schema::api_keys;
use crate::sql::value::SqlTimestamp;

/// An API key as it is read. Its digest is not selected: only the query by it needs it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub(in crate::sql) struct ApiKeyRow {
    id: i64,
    key_id: String,
    name: String,
    scopes: String,
    creator: i64,
    created_at: SqlTimestamp,
    expires_at: Option<i64>,
    revoked_at: Option<SqlTimestamp>,
    last_used_at: Option<SqlTimestamp>,
}

impl ApiKeyRow {
    pub(in crate::sql) fn public_id(&self) -> String {
        self.key_id.clone()
    }

    /// The key, with the public id of the operator who made it.
    pub(in crate::sql) fn into_api_key(self, creator: String) -> QueryResult<ApiKey> {
        let row = RowReader::new("api_keys", self.id);
        Ok(ApiKey {
            key: ApiKeyKey::new(self.id),
            name: Text::new(self.name),
            // One that this version does not know makes the key unreadable, so that it is refused and reported.
            scopes: row.require_value(Scopes::parse(&self.scopes), "scopes")?,
            creator: UserKey::new(self.creator),
            creator_id: UserId::new(creator),
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            expires_at: self.expires_at.map(Timestamp::from_millis),
            revoked_at: row.read_optional_timestamp(self.revoked_at, "revokedAt")?,
            last_used_at: row.read_optional_timestamp(self.last_used_at, "lastUsedAt")?,
            id: ApiKeyId::new(self.key_id),
        })
    }
}

/// A new API key as it is written.
#[derive(Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub(in crate::sql) struct NewApiKey<'a> {
    id: i64,
    key_id: &'a str,
    digest: &'a str,
    name: &'a str,
    scopes: String,
    creator: i64,
    created_at: SqlTimestamp,
    expires_at: Option<i64>,
    revoked: bool,
    revoked_at: Option<SqlTimestamp>,
    last_used_at: Option<SqlTimestamp>,
}

impl<'a> NewApiKey<'a> {
    pub(in crate::sql) fn new(key: &'a ApiKey, digest: &'a ApiKeyDigest) -> Self {
        Self {
            id: key.key.get(),
            key_id: key.id.as_str(),
            digest: digest.expose_secret(),
            name: key.name.as_str(),
            scopes: key.scopes.to_string(),
            creator: key.creator.get(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Timestamp::as_millis),
            // Repeats `revoked_at`, because "null" is no value by which an index can list in order.
            revoked: key.revoked_at.is_some(),
            revoked_at: key.revoked_at.map(SqlTimestamp::from),
            last_used_at: key.last_used_at.map(SqlTimestamp::from),
        }
    }
}
