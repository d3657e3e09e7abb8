use diesel::prelude::*;
use domain::{Email, PasswordHash, Role, Timestamp, User, UserId, UserKey, Username};
use ports::{Account, Credentials};

use super::reader::RowReader;
use crate::sql::schema::user;
use crate::sql::value::SqlTimestamp;

/// A user with the password hash. It has no `Debug`, so that the hash cannot get into a log by accident.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = user, treat_none_as_default_value = false)]
pub(in crate::sql) struct UserRow {
    id: i64,
    username: String,
    password: String,
    email: String,
    created_at: SqlTimestamp,
    public_id: String,
    username_folded: String,
    email_folded: String,
    role: String,
    hash_cost: i64,
    disabled: bool,
    changed_at: Option<SqlTimestamp>,
    second_factor_at: Option<SqlTimestamp>,
    email_verified_at: Option<SqlTimestamp>,
    email_revision: i64,
}

impl UserRow {
    pub(in crate::sql) fn new(user: &User, hash: &PasswordHash) -> Self {
        Self {
            id: user.key.get(),
            username: user.username.as_str().to_owned(),
            password: hash.expose_secret().to_owned(),
            email: user.email.as_str().to_owned(),
            created_at: user.created_at.into(),
            public_id: user.id.as_str().to_owned(),
            username_folded: user.username.fold_case(),
            email_folded: user.email.fold_case(),
            role: user.role.as_str().to_owned(),
            hash_cost: hash.cost().into(),
            disabled: user.disabled,
            changed_at: user.changed_at.map(SqlTimestamp::from),
            second_factor_at: user.second_factor_at.map(SqlTimestamp::from),
            email_verified_at: user.email_verified_at.map(SqlTimestamp::from),
            email_revision: user.email_revision,
        }
    }

    /// The user's key and id and the time of the last change; none if role and `disabled` are as they were
    /// at first.
    pub(in crate::sql) fn last_change(&self) -> Option<(UserKey, UserId, Timestamp)> {
        let at = self.changed_at.and_then(SqlTimestamp::get)?;
        Some((UserKey::new(self.id), UserId::new(self.public_id.clone()), at))
    }

    /// The name, folded.
    pub(in crate::sql) fn folded_username(&self) -> &str {
        &self.username_folded
    }

    /// The address, folded.
    pub(in crate::sql) fn folded_email(&self) -> &str {
        &self.email_folded
    }

    /// The public id of the user.
    pub(in crate::sql) fn public_id(&self) -> UserId {
        UserId::new(self.public_id.clone())
    }

    /// Whether the folded text is the name of this user; otherwise a query found it by its address.
    pub(in crate::sql) fn has_username(&self, folded: &str) -> bool {
        self.username_folded == folded
    }

    /// The account, with the time of the last login and the number of orders ever placed; no number is none.
    pub(in crate::sql) fn into_account(
        self,
        last_login_at: Option<SqlTimestamp>,
        placed: Option<i64>,
    ) -> QueryResult<Account> {
        let row = RowReader::new("user", self.id).of_user(&self.public_id);
        let last_login_at = row.read_optional_timestamp(last_login_at, "last_login_at")?;
        let order_count = row.require_value(u64::try_from(placed.unwrap_or(0)).ok(), "placed")?;
        Ok(Account { user: self.into_credentials()?.user, last_login_at, order_count })
    }

    pub(in crate::sql) fn into_credentials(self) -> QueryResult<Credentials> {
        let row = RowReader::new("user", self.id).of_user(&self.public_id);
        let user = User {
            key: UserKey::new(self.id),
            username: Username::new(self.username),
            email: Email::new(self.email),
            role: row.require_value(Role::parse(&self.role), "role")?,
            disabled: self.disabled,
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            changed_at: row.read_optional_timestamp(self.changed_at, "changed_at")?,
            second_factor_at: row.read_optional_timestamp(self.second_factor_at, "second_factor_at")?,
            email_verified_at: row.read_optional_timestamp(self.email_verified_at, "email_verified_at")?,
            email_revision: self.email_revision,
            id: UserId::new(self.public_id),
        };
        Ok(Credentials { user, hash: PasswordHash::new(self.password) })
    }
}
