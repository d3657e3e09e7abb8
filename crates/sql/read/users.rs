use async_trait::async_trait;
use diesel::{dsl::max, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username, user::fold_case};
use ports::{
    Account, AccountConflict, AccountFilter, ChangedUser, Credentials, Page, PortError, UserRepository,
};

use super::{accounts, read_each_row, read_readable_rows};
use crate::connection::{Conn, Database};
use crate::sql::{
    cached_statement::{CachedStatement, pad_keys},
    row::{UserRow, read_rows},
    schema::user,
    value::SqlTimestamp,
};

#[async_trait]
impl UserRepository for Database {
    async fn find_user(&self, id: &UserId) -> Result<Option<User>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = user::table.filter(user::public_id.eq(id.as_str())).select(UserRow::as_select());
            let row = query.first(conn).await.optional()?;
            Ok(row.map(UserRow::into_credentials).transpose()?.map(|it| it.user))
        })
        .await
    }

    async fn find_user_by_key(&self, key: UserKey) -> Result<Option<User>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = user::table.find(key.get()).select(UserRow::as_select());
            let row = query.first(conn).await.optional()?;
            Ok(row.map(UserRow::into_credentials).transpose()?.map(|it| it.user))
        })
        .await
    }

    async fn list_users_by_key(&self, keys: &[UserKey]) -> Result<Vec<User>, PortError> {
        let observer = self.observer();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = pad_keys(keys.iter().map(|it| it.get()).collect());
        self.run_query(async move |conn: &mut Conn| {
            let query = user::table.filter(user::id.eq_any(&keys)).select(UserRow::as_select());
            let rows: Vec<UserRow> = CachedStatement(query).load(conn).await?;
            read_readable_rows(&*observer, rows, |row| row.into_credentials().map(|it| it.user))
        })
        .await
    }

    async fn find_credentials(&self, login: &str) -> Result<Option<Credentials>, PortError> {
        let folded = fold_case(login);
        // No name or address ends in a space. Some servers ignore trailing spaces when they compare, so
        // that "name " would find the account of "name".
        if folded.ends_with(' ') {
            return Ok(None);
        }
        self.run_query(async move |conn: &mut Conn| {
            // `UNION ALL` of two unique lookups: an `OR` over two columns uses neither index. Both may
            // match, because an adopted name can look like the address of another account; then the name
            // wins.
            let by_name = user::table.filter(user::username_folded.eq(&folded)).select(UserRow::as_select());
            let by_email = user::table.filter(user::email_folded.eq(&folded)).select(UserRow::as_select());
            let rows: Vec<UserRow> = by_name.union_all(by_email).load(conn).await?;
            let (named, addressed): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|it| it.has_username(&folded));
            named.into_iter().chain(addressed).next().map(UserRow::into_credentials).transpose()
        })
        .await
    }

    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Result<Vec<ChangedUser>, PortError> {
        let observer = self.observer();
        // No row comes before this key, so that the first page needs no other query.
        let after = after.map_or(i64::MIN, UserKey::get);
        self.run_query(async move |conn: &mut Conn| {
            let later = user::changed_at.gt(SqlTimestamp::from(since));
            let beside = user::changed_at.eq(SqlTimestamp::from(since)).and(user::id.gt(after));
            let query = user::table
                .filter(user::changed_at.ge(SqlTimestamp::from(since)))
                .filter(later.or(beside))
                .order((user::changed_at.asc(), user::id.asc()))
                .limit(i64::from(limit))
                .select(UserRow::as_select());
            let rows: Vec<UserRow> = query.load(conn).await?;
            // Key, id and time are taken before the row is read: if the rest is unreadable, the cached
            // entry of the user must still be removed.
            let heads: Vec<_> = rows.iter().filter_map(UserRow::last_change).collect();
            let users = read_each_row(&*observer, rows, |row| row.into_credentials().map(|it| it.user))?;
            let changed =
                |((key, id, at), user): (_, Result<User, _>)| ChangedUser { key, id, at, user: user.ok() };
            Ok(heads.into_iter().zip(users).map(changed).collect())
        })
        .await
    }

    async fn find_account(&self, id: &UserId) -> Result<Option<Account>, PortError> {
        accounts::find_account(self, id).await
    }

    async fn list_accounts(&self, filter: AccountFilter) -> Result<Page<Account>, PortError> {
        accounts::list_accounts(self, filter).await
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Result<Vec<User>, PortError> {
        let after = after.map_or(i64::MIN, UserKey::get);
        self.run_query(async move |conn: &mut Conn| {
            let query = user::table
                .filter(user::role.eq(Role::Operator.as_str()))
                .filter(user::id.gt(after))
                .order(user::id.asc())
                .limit(i64::from(limit))
                .select(UserRow::as_select());
            // Fails at an unreadable row: a list of operators that is silently incomplete would be
            // misleading.
            read_rows(query.load(conn).await?, |row: UserRow| row.into_credentials().map(|it| it.user))
        })
        .await
    }

    async fn find_password_hash(&self, user: UserKey) -> Result<Option<PasswordHash>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = user::table.find(user.get()).select(user::password);
            Ok(query.first(conn).await.optional()?.map(PasswordHash::new))
        })
        .await
    }

    async fn find_account_conflicts(
        &self,
        username: &Username,
        email: &Email,
    ) -> Result<Vec<AccountConflict>, PortError> {
        let (name, address) = (username.fold_case(), email.fold_case());
        self.run_query(async move |conn: &mut Conn| {
            let folded = (user::username_folded, user::email_folded);
            let named = user::table.filter(user::username_folded.eq(&name)).select(folded);
            let addressed = user::table.filter(user::email_folded.eq(&address)).select(folded);
            let rivals: Vec<(String, String)> = named.union_all(addressed).load(conn).await?;
            let taken = [
                rivals.iter().any(|it| it.0 == name).then_some(AccountConflict::Username),
                rivals.iter().any(|it| it.1 == address).then_some(AccountConflict::Email),
            ];
            Ok(taken.into_iter().flatten().collect())
        })
        .await
    }

    async fn highest_hash_cost(&self) -> Result<u32, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let highest: Option<i64> = user::table.select(max(user::hash_cost)).first(conn).await?;
            Ok(highest.and_then(|it| u32::try_from(it).ok()).unwrap_or(0))
        })
        .await
    }
}
