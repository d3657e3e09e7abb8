use domain::{PasswordHash, Timestamp, User, UserId, UserKey};
use ports::Credentials;

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{
    table::{Duplicate, Row},
    tables::Tables,
};

/// What two accounts may not share. Names and addresses are as [`fold_case`](domain::user::fold_case) gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum UserKeys {
    Id(UserId),
    Username(String),
    Email(String),
}

impl Row for Credentials {
    const TABLE: &'static str = "user";
    type Key = UserKey;
    type Unique = UserKeys;

    fn key(&self) -> UserKey {
        self.user.key
    }

    fn unique_keys(&self) -> Vec<UserKeys> {
        let User { id, username, email, .. } = &self.user;
        vec![
            UserKeys::Id(id.clone()),
            UserKeys::Username(username.fold_case()),
            UserKeys::Email(email.fold_case()),
        ]
    }

    fn row_name(&self) -> String {
        self.user.key.get().to_string()
    }
}

pub(super) fn insert_user(tables: &mut Tables, user: User, hash: PasswordHash) -> Written {
    let account = Box::new(user.clone());
    tables.users.insert(Credentials { user, hash }).map_err(|Duplicate| Abort::User(account))
}

/// Changes what a user may do.
pub(super) fn update_user(tables: &mut Tables, next: &User, read: Option<Timestamp>) -> Written {
    let is_as_read = |row: &Credentials| row.user.changed_at == read;
    update_guarded(&mut tables.users, &next.key, is_as_read, |row| {
        row.user.role = next.role;
        row.user.disabled = next.disabled;
        row.user.changed_at = next.changed_at;
    })
}

pub(super) fn change_password(
    tables: &mut Tables,
    user: UserKey,
    from: &PasswordHash,
    to: PasswordHash,
) -> Written {
    update_guarded(&mut tables.users, &user, |row| row.hash == *from, |row| row.hash = to)
}

/// Only guards.
pub(super) fn require_password(tables: &mut Tables, user: UserKey, hash: &PasswordHash) -> Written {
    update_guarded(&mut tables.users, &user, |row| row.hash == *hash && !row.user.disabled, |_| ())
}
