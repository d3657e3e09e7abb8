//! A cache before the users, for the one read that every request makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Email, PasswordHash, Timestamp, User, UserId, UserKey, Username};
use ports::{AccountConflict, Cache, ChangedUser, Credentials, PortError, UserRepository};

use super::{CachedRows, SingleFlight};

/// About how long a copy lives.
const TTL: Duration = Duration::from_secs(300);
/// About how long it is remembered that nobody has an id. Ids are random and given out once, so nobody can have asked
/// for one before it was made; this is short all the same, in case a row comes back from a backup.
const ABSENT_TTL: Duration = Duration::from_secs(5);
/// The version of a user as it was made: every change has a later one, its stamp.
const CREATED_VERSION: i64 = 1;
/// That there is nobody gives way to a user who is there after all.
const ABSENT_VERSION: i64 = 0;

/// Users by id from a cache; everything about logins from the record.
///
/// A copy may be old until it is [asked](UserRepository::list_changed_users) who changed: what comes by then takes the place
/// of older copies, and a copy that is loaded meanwhile and is older does not take it back.
pub struct CachedUsers {
    record: Arc<dyn UserRepository>,
    cache: CachedRows,
    loads: SingleFlight<Option<User>>,
}

impl CachedUsers {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn UserRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache: CachedRows::new(cache), loads: SingleFlight::new() }
    }
}

#[async_trait]
impl UserRepository for CachedUsers {
    async fn find_user(&self, id: &UserId) -> Result<Option<User>, PortError> {
        let name = cache_key(id);
        let copy = self.cache.get::<Option<User>>(&name).await;
        if let Some(user) = copy.filter(|it| it.as_ref().is_none_or(|it| it.id == *id)) {
            return Ok(user);
        }
        let mut leads = false;
        let load = async {
            leads = true;
            self.record.find_user(id).await
        };
        let found = self.loads.join_or_load(&name, load).await?;
        if leads {
            let (version, ttl) =
                found.as_ref().map_or((ABSENT_VERSION, ABSENT_TTL), |it| (user_version(it), TTL));
            self.cache.put_row(&name, version, &found, ttl).await;
        }
        Ok(found)
    }

    async fn find_user_by_key(&self, key: UserKey) -> Result<Option<User>, PortError> {
        self.record.find_user_by_key(key).await
    }

    async fn find_credentials(&self, login: &str) -> Result<Option<Credentials>, PortError> {
        self.record.find_credentials(login).await
    }

    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Result<Vec<ChangedUser>, PortError> {
        let changed = self.record.list_changed_users(since, after, limit).await?;
        for it in &changed {
            // A user whose row cannot be read is let in nowhere: what changed may be the role.
            self.cache.put_row(&cache_key(&it.id), it.at.as_millis(), &it.user, TTL).await;
        }
        Ok(changed)
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Result<Vec<User>, PortError> {
        self.record.list_operators(after, limit).await
    }

    async fn find_password_hash(&self, user: UserKey) -> Result<Option<PasswordHash>, PortError> {
        self.record.find_password_hash(user).await
    }

    async fn find_account_conflicts(
        &self,
        username: &Username,
        email: &Email,
    ) -> Result<Vec<AccountConflict>, PortError> {
        self.record.find_account_conflicts(username, email).await
    }

    async fn highest_hash_cost(&self) -> Result<u32, PortError> {
        self.record.highest_hash_cost().await
    }
}

fn user_version(user: &User) -> i64 {
    user.changed_at.map_or(CREATED_VERSION, Timestamp::as_millis)
}

fn cache_key(id: &UserId) -> String {
    format!("user:{id}")
}

#[cfg(test)]
mod tests;
