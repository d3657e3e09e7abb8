//! A cache before the users, for the one read that every request makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Email, PasswordHash, User, UserId, UserKey, Username};
use ports::{Cache, Credentials, PortError, Taken, UserRepository};

use super::{Copies, Flights};

/// About how long a copy lives.
const TTL: Duration = Duration::from_secs(300);
/// About how long it is remembered that nobody has an id. Ids are random and given out once, so nobody can have asked
/// for one before it was made; this is short all the same, in case a row comes back from a backup.
const NOBODY_TTL: Duration = Duration::from_secs(5);
/// Nothing of a user that is cached ever changes, so there is one version of it.
const VERSION: i64 = 1;
/// That there is nobody gives way to whoever is there after all.
const NOBODY: i64 = 0;

/// Users by id from a cache; everything about logins from the record.
pub struct CachedUsers {
    record: Arc<dyn UserRepository>,
    copies: Copies,
    loads: Flights<Option<User>>,
}

impl CachedUsers {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn UserRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, copies: Copies::new(cache), loads: Flights::new() }
    }
}

#[async_trait]
impl UserRepository for CachedUsers {
    async fn find(&self, id: &UserId) -> Result<Option<User>, PortError> {
        let name = format!("user:{id}");
        let copy = self.copies.get::<Option<User>>(&name).await;
        if let Some(user) = copy.filter(|it| it.as_ref().is_none_or(|it| it.id == *id)) {
            return Ok(user);
        }
        let mut leads = false;
        let load = async {
            leads = true;
            self.record.find(id).await
        };
        let found = self.loads.join(&name, load).await?;
        if leads {
            let (version, ttl) = if found.is_some() { (VERSION, TTL) } else { (NOBODY, NOBODY_TTL) };
            self.copies.put(&name, version, &found, ttl).await;
        }
        Ok(found)
    }

    async fn find_by_key(&self, key: UserKey) -> Result<Option<User>, PortError> {
        self.record.find_by_key(key).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<Credentials>, PortError> {
        self.record.find_by_login(login).await
    }

    async fn find_hash(&self, user: UserKey) -> Result<Option<PasswordHash>, PortError> {
        self.record.find_hash(user).await
    }

    async fn taken(&self, username: &Username, email: &Email) -> Result<Vec<Taken>, PortError> {
        self.record.taken(username, email).await
    }

    async fn highest_hash_cost(&self) -> Result<u32, PortError> {
        self.record.highest_hash_cost().await
    }
}

#[cfg(test)]
mod tests;
