//! A cache before the users, for the one read that every request makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Email, PasswordHash, Timestamp, User, UserId, UserKey, Username};
use ports::{Cache, ChangedUser, Credentials, PortError, Taken, UserRepository};

use super::{Copies, Flights};

/// About how long a copy lives.
const TTL: Duration = Duration::from_secs(300);
/// About how long it is remembered that nobody has an id. Ids are random and given out once, so nobody can have asked
/// for one before it was made; this is short all the same, in case a row comes back from a backup.
const NOBODY_TTL: Duration = Duration::from_secs(5);
/// The version of a user as it was made: every change has a later one, its stamp.
const MADE: i64 = 1;
/// That there is nobody gives way to a user who is there after all.
const NOBODY: i64 = 0;

/// Users by id from a cache; everything about logins from the record.
///
/// A copy may be old until it is [asked](UserRepository::changed_since) who changed: what comes by then takes the place
/// of older copies, and a copy that is loaded meanwhile and is older does not take it back.
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
        let name = name(id);
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
            let (version, ttl) = found.as_ref().map_or((NOBODY, NOBODY_TTL), |it| (version(it), TTL));
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

    async fn changed_since(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Result<Vec<ChangedUser>, PortError> {
        let changed = self.record.changed_since(since, after, limit).await?;
        for it in &changed {
            // A user whose row cannot be read is let in nowhere: what changed may be the role.
            self.copies.put(&name(&it.id), it.at.millis(), &it.user, TTL).await;
        }
        Ok(changed)
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Result<Vec<User>, PortError> {
        self.record.list_operators(after, limit).await
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

fn version(user: &User) -> i64 {
    user.changed_at.map_or(MADE, Timestamp::millis)
}

fn name(id: &UserId) -> String {
    format!("user:{id}")
}

#[cfg(test)]
mod tests;
