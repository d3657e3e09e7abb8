use async_trait::async_trait;
use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username, user::fold};
use ports::{ChangedUser, Credentials, Taken, UserRepository};

use super::{Read, row_count};
use crate::{
    MemoryRecord,
    record::{commit::UserKeys, tables::Tables},
};

#[async_trait]
impl UserRepository for MemoryRecord {
    async fn find(&self, id: &UserId) -> Read<Option<User>> {
        Ok(self.tables().users.find(&UserKeys::Id(id.clone())).map(|it| it.user.clone()))
    }

    async fn find_by_key(&self, key: UserKey) -> Read<Option<User>> {
        Ok(self.tables().users.get(&key).map(|it| it.user.clone()))
    }

    async fn find_by_login(&self, login: &str) -> Read<Option<Credentials>> {
        let (tables, folded) = (self.tables(), fold(login));
        let named = tables.users.find(&UserKeys::Username(folded.clone()));
        Ok(named.or_else(|| tables.users.find(&UserKeys::Email(folded))).cloned())
    }

    async fn find_hash(&self, user: UserKey) -> Read<Option<PasswordHash>> {
        Ok(self.tables().users.get(&user).map(|it| it.hash.clone()))
    }

    async fn taken(&self, username: &Username, email: &Email) -> Read<Vec<Taken>> {
        Ok(taken_by(&self.tables(), username, email))
    }

    async fn highest_hash_cost(&self) -> Read<u32> {
        Ok(self.tables().users.rows().map(|it| it.hash.cost()).max().unwrap_or(0))
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Read<Vec<ChangedUser>> {
        let tables = self.tables();
        let changed = |it: &Credentials| {
            let (at, key) = (it.user.changed_at?, it.user.key);
            // No row comes before the first key.
            let is_behind = (at, Some(key)) > (since, after);
            let user = || ChangedUser { key, id: it.user.id.clone(), at, user: Some(it.user.clone()) };
            is_behind.then(user)
        };
        let mut changed: Vec<_> = tables.users.rows().filter_map(changed).collect();
        changed.sort_by_key(|it| (it.at, it.key));
        changed.truncate(row_count(limit));
        Ok(changed)
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Read<Vec<User>> {
        let tables = self.tables();
        let users = tables.users.rows().map(|it| &it.user);
        let operators = users.filter(|it| it.role == Role::Operator && Some(it.key) > after);
        Ok(operators.take(row_count(limit)).cloned().collect())
    }
}

/// What of name and address somebody has.
pub(in crate::record) fn taken_by(tables: &Tables, username: &Username, email: &Email) -> Vec<Taken> {
    let named = tables.users.find(&UserKeys::Username(username.folded())).map(|_| Taken::Username);
    let addressed = tables.users.find(&UserKeys::Email(email.folded())).map(|_| Taken::Email);
    named.into_iter().chain(addressed).collect()
}
