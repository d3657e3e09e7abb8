//! A cache before the users, for the one read that every request makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Email, Role, Timestamp, User, UserId, UserKey, Username};
use ports::{Cache, CacheEntry, Credentials, Unavailable, UserRepository};

/// How long a copy lives. Nothing of a user that is cached ever changes.
const TTL: Duration = Duration::from_secs(300);
/// Nothing of a user that is cached ever changes, so there is one version of it.
const VERSION: i64 = 1;
/// Stands between the parts of a copy; no part can hold it.
const SEPARATOR: char = '\u{1f}';

/// Users by id from a cache; everything about logins from the record.
pub struct CachedUsers {
    record: Arc<dyn UserRepository>,
    cache: Arc<dyn Cache>,
}

impl CachedUsers {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn UserRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache }
    }
}

#[async_trait]
impl UserRepository for CachedUsers {
    async fn find(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        let name = format!("user:{id}");
        // A cache that is away, or holds something unreadable, is as good as an empty one.
        let copy = self.cache.get(&name).await.ok().flatten();
        if let Some(user) = copy.and_then(|it| read(&it.bytes)).filter(|it| it.id == *id) {
            return Ok(Some(user));
        }
        let found = self.record.find(id).await?;
        if let Some(user) = &found {
            let _ = self.cache.put(&name, CacheEntry { version: VERSION, bytes: write(user) }, TTL).await;
        }
        Ok(found)
    }

    async fn find_by_key(&self, key: UserKey) -> Result<Option<User>, Unavailable> {
        self.record.find_by_key(key).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<Credentials>, Unavailable> {
        self.record.find_by_login(login).await
    }

    async fn find_hash(&self, user: UserKey) -> Result<Option<domain::PasswordHash>, Unavailable> {
        self.record.find_hash(user).await
    }
}

fn write(user: &User) -> Vec<u8> {
    let User { key, id, username, email, role, created_at } = user;
    let (key, created_at) = (key.get().to_string(), created_at.millis().to_string());
    let parts = [&key, id.as_str(), username.as_str(), email.as_str(), role.as_str(), &created_at];
    parts.join(&SEPARATOR.to_string()).into_bytes()
}

fn read(bytes: &[u8]) -> Option<User> {
    let parts: Vec<_> = std::str::from_utf8(bytes).ok()?.split(SEPARATOR).collect();
    let [key, id, username, email, role, created_at] = parts.try_into().ok()?;
    Some(User {
        key: UserKey::new(key.parse().ok()?),
        id: UserId::new(id.to_owned()),
        username: Username::new(username.to_owned()),
        email: Email::new(email.to_owned()),
        role: Role::parse(role)?,
        created_at: Timestamp::from_millis(created_at.parse().ok()?),
    })
}

#[cfg(test)]
mod tests;
