//! A cache in front of the users, for the one read that every request makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Email, PasswordHash, Timestamp, User, UserId, UserKey, Username};
use ports::{
    Account, AccountConflict, AccountFilter, Cache, ChangedUser, Credentials, Page, PortError, UserRepository,
};

use super::{CachedRows, SingleFlight};

/// About how long a cached user lives, 5 min. Changes arrive by `list_changed_users`, so this only frees
/// memory.
const TTL: Duration = Duration::from_secs(300);
/// About how long it is cached that an id has no user, 5 s. Ids are random and given out once, so no client
/// can have asked for one before it was made; the time is short all the same, in case a row comes back from a
/// backup.
const ABSENT_TTL: Duration = Duration::from_secs(5);
/// The version of a user that was never changed; each change has a later one, its timestamp.
const CREATED_VERSION: i64 = 1;
/// The version of "no such user": any user that is read replaces it.
const ABSENT_VERSION: i64 = 0;

/// Users by id, and lists of them by row, from a cache; everything about logins from the system of record.
///
/// An entry may be old until the changed users are [read](UserRepository::list_changed_users): that read
/// replaces older entries, and a concurrent load that is older does not replace them again.
pub struct CachedUsers {
    record: Arc<dyn UserRepository>,
    cache: CachedRows,
    loads: SingleFlight<Option<User>>,
}

impl CachedUsers {
    /// Decorates `record`, the system of record, with `cache`, which must belong to this process alone.
    #[must_use]
    pub fn new(record: Arc<dyn UserRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache: CachedRows::new_private(cache), loads: SingleFlight::new() }
    }

    /// Caches a user under its row key, too: that is how orders name their owners.
    async fn put_by_key(&self, user: &User) {
        self.cache.put_row(&row_cache_key(user.key), user_version(user), user, TTL).await;
    }
}

#[async_trait]
impl UserRepository for CachedUsers {
    async fn find_user(&self, id: &UserId) -> Result<Option<User>, PortError> {
        let name = cache_key(id);
        let copy = self.cache.get::<Option<User>>(&name).await;
        // The id is compared because the cache finds entries by a text: an entry under a wrong key must not
        // become the identity of a request.
        if let Some(user) = copy.filter(|it| it.as_ref().is_none_or(|it| it.id == *id)) {
            return Ok(user);
        }
        // Only the caller that loads puts the entry; the others would put the same one again.
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
            if let Some(user) = &found {
                self.put_by_key(user).await;
            }
        }
        Ok(found)
    }

    async fn find_user_by_key(&self, key: UserKey) -> Result<Option<User>, PortError> {
        self.record.find_user_by_key(key).await
    }

    async fn list_users_by_key(&self, keys: &[UserKey]) -> Result<Vec<User>, PortError> {
        let (mut users, mut missing) = (Vec::new(), Vec::new());
        for key in keys {
            match self.cache.get::<User>(&row_cache_key(*key)).await.filter(|it| it.key == *key) {
                Some(user) => users.push(user),
                None => missing.push(*key),
            }
        }
        // One query for all that are not cached, and none if all are.
        if !missing.is_empty() {
            let loaded = self.record.list_users_by_key(&missing).await?;
            for user in &loaded {
                self.put_by_key(user).await;
            }
            users.extend(loaded);
        }
        Ok(users)
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
            // An unreadable user is cached as absent, so that the user is refused: the change that cannot be
            // read may be a lost role. The version is the timestamp of the change, so a load that began
            // before it does not replace the entry.
            self.cache.put_row(&cache_key(&it.id), it.at.as_millis(), &it.user, TTL).await;
            if let Some(user) = &it.user {
                self.put_by_key(user).await;
            }
        }
        Ok(changed)
    }

    async fn find_account(&self, id: &UserId) -> Result<Option<Account>, PortError> {
        self.record.find_account(id).await
    }

    async fn list_accounts(&self, filter: AccountFilter) -> Result<Page<Account>, PortError> {
        self.record.list_accounts(filter).await
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

fn row_cache_key(key: UserKey) -> String {
    format!("user-row:{}", key.get())
}

fn cache_key(id: &UserId) -> String {
    format!("user:{id}")
}

#[cfg(test)]
mod tests;
