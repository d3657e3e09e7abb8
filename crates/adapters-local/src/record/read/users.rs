use async_trait::async_trait;
use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username, user::fold_case};
use ports::{Account, AccountConflict, AccountFilter, ChangedUser, Credentials, Page, UserRepository};

use super::{Read, sort_behind};
use crate::record::table::row_count;
use crate::{MemoryRecord, record::rows::UserKeys};

#[async_trait]
impl UserRepository for MemoryRecord {
    async fn find_user(&self, id: &UserId) -> Read<Option<User>> {
        self.read_found(self.tables().users.find(&UserKeys::Id(id.clone())), |it| it.user.clone())
    }

    async fn find_user_by_key(&self, key: UserKey) -> Read<Option<User>> {
        self.read_found(self.tables().users.get(&key), |it| it.user.clone())
    }

    async fn list_users_by_key(&self, keys: &[UserKey]) -> Read<Vec<User>> {
        let tables = self.tables();
        let users = tables.users.rows().filter(|it| keys.contains(&it.user.key));
        Ok(self.read_readable(users, |it| it.user.clone()))
    }

    async fn find_credentials(&self, login: &str) -> Read<Option<Credentials>> {
        let (tables, folded) = (self.tables(), fold_case(login));
        let named = tables.users.find(&UserKeys::Username(folded.clone()));
        self.read_found(named.or_else(|| tables.users.find(&UserKeys::Email(folded))), Credentials::clone)
    }

    async fn find_password_hash(&self, user: UserKey) -> Read<Option<PasswordHash>> {
        Ok(self.tables().users.get(&user).map(|it| it.hash.clone()))
    }

    async fn find_account_conflicts(&self, username: &Username, email: &Email) -> Read<Vec<AccountConflict>> {
        Ok(self.tables().find_account_conflicts(username, email))
    }

    async fn highest_hash_cost(&self) -> Read<u32> {
        Ok(self.tables().users.rows().map(|it| it.hash.cost()).max().unwrap_or(0))
    }

    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Read<Vec<ChangedUser>> {
        let tables = self.tables();
        // `None` is less than every key, so without `after` no row at `since` is left out.
        let last = (Some(since), after);
        let changed = tables.users.rows().filter(|it| it.user.changed_at.is_some());
        let sort_place = |it: &Credentials| (it.user.changed_at, Some(it.user.key));
        let changed = sort_behind(changed, sort_place, Some(&last)).into_iter().take(row_count(limit));
        let read = |it: &Credentials| {
            let (key, id, at) = (it.user.key, it.user.id.clone(), it.user.changed_at?);
            Some(ChangedUser { key, id, at, user: self.read_row(it, |it| it.user.clone()).ok() })
        };
        Ok(changed.filter_map(read).collect())
    }

    async fn find_account(&self, id: &UserId) -> Read<Option<Account>> {
        self.read_account(id)
    }

    async fn list_accounts(&self, filter: AccountFilter) -> Read<Page<Account>> {
        Ok(self.read_accounts(&filter))
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Read<Vec<User>> {
        let tables = self.tables();
        let is_next = |it: &&Credentials| it.user.role == Role::Operator && Some(it.user.key) > after;
        let operators = tables.users.rows().filter(is_next).take(row_count(limit));
        Ok(self.read_all(operators)?.into_iter().map(|it| it.user).collect())
    }
}
