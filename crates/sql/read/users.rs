use async_trait::async_trait;
use diesel::{dsl::max, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username, user::fold};
use ports::{ChangedUser, Credentials, PortError, Taken, UserRepository};

use super::each_or_unreadable;
use crate::connection::{Conn, Database};
use crate::sql::{
    row::{UserRow, read_rows},
    schema::user,
    value::Stamp,
};

#[async_trait]
impl UserRepository for Database {
    async fn find(&self, id: &UserId) -> Result<Option<User>, PortError> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query = user::table.filter(user::public_id.eq(id.as_str())).select(UserRow::as_select());
            let row = query.first(conn).await.optional()?;
            Ok(row.map(UserRow::read).transpose()?.map(|it| it.user))
        })
        .await
    }

    async fn find_by_key(&self, key: UserKey) -> Result<Option<User>, PortError> {
        self.read(async move |conn: &mut Conn| {
            let query = user::table.find(key.get()).select(UserRow::as_select());
            let row = query.first(conn).await.optional()?;
            Ok(row.map(UserRow::read).transpose()?.map(|it| it.user))
        })
        .await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<Credentials>, PortError> {
        let folded = fold(login);
        // No name or address ends in a space, and a server may take no notice of one.
        if folded.ends_with(' ') {
            return Ok(None);
        }
        self.read(async move |conn: &mut Conn| {
            let by_name = user::table.filter(user::username_folded.eq(&folded)).select(UserRow::as_select());
            let by_email = user::table.filter(user::email_folded.eq(&folded)).select(UserRow::as_select());
            let rows: Vec<UserRow> = by_name.union_all(by_email).load(conn).await?;
            let (named, addressed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|it| it.is_named(&folded));
            named.into_iter().chain(addressed).next().map(UserRow::read).transpose()
        })
        .await
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Result<Vec<ChangedUser>, PortError> {
        let witness = self.witness();
        // No row comes before the first key.
        let after = after.map_or(i64::MIN, UserKey::get);
        self.read(async move |conn: &mut Conn| {
            let later = user::changed_at.gt(Stamp::from(since));
            let beside = user::changed_at.eq(Stamp::from(since)).and(user::id.gt(after));
            let query = user::table
                .filter(user::changed_at.ge(Stamp::from(since)))
                .filter(later.or(beside))
                .order((user::changed_at.asc(), user::id.asc()))
                .limit(i64::from(limit))
                .select(UserRow::as_select());
            let rows: Vec<UserRow> = query.load(conn).await?;
            let heads: Vec<_> = rows.iter().filter_map(UserRow::change).collect();
            let users = each_or_unreadable(&*witness, rows, |row| row.read().map(|it| it.user))?;
            let changed =
                |((key, id, at), user): (_, Result<User, _>)| ChangedUser { key, id, at, user: user.ok() };
            Ok(heads.into_iter().zip(users).map(changed).collect())
        })
        .await
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Result<Vec<User>, PortError> {
        let after = after.map_or(i64::MIN, UserKey::get);
        self.read(async move |conn: &mut Conn| {
            let query = user::table
                .filter(user::role.eq(Role::Operator.as_str()))
                .filter(user::id.gt(after))
                .order(user::id.asc())
                .limit(i64::from(limit))
                .select(UserRow::as_select());
            read_rows(query.load(conn).await?, |row: UserRow| row.read().map(|it| it.user))
        })
        .await
    }

    async fn find_hash(&self, user: UserKey) -> Result<Option<PasswordHash>, PortError> {
        self.read(async move |conn: &mut Conn| {
            let query = user::table.find(user.get()).select(user::password);
            Ok(query.first(conn).await.optional()?.map(PasswordHash::new))
        })
        .await
    }

    async fn taken(&self, username: &Username, email: &Email) -> Result<Vec<Taken>, PortError> {
        let (name, address) = (username.folded(), email.folded());
        self.read(async move |conn: &mut Conn| {
            let folded = (user::username_folded, user::email_folded);
            let named = user::table.filter(user::username_folded.eq(&name)).select(folded);
            let addressed = user::table.filter(user::email_folded.eq(&address)).select(folded);
            let rivals: Vec<(String, String)> = named.union_all(addressed).load(conn).await?;
            let taken = [
                rivals.iter().any(|it| it.0 == name).then_some(Taken::Username),
                rivals.iter().any(|it| it.1 == address).then_some(Taken::Email),
            ];
            Ok(taken.into_iter().flatten().collect())
        })
        .await
    }

    async fn highest_hash_cost(&self) -> Result<u32, PortError> {
        self.read(async move |conn: &mut Conn| {
            let highest: Option<i64> = user::table.select(max(user::hash_cost)).first(conn).await?;
            Ok(highest.and_then(|it| u32::try_from(it).ok()).unwrap_or(0))
        })
        .await
    }
}
