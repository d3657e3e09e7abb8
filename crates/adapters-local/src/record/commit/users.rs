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

/// The unique keys of accounts. Names and addresses are folded by [`fold_case`](domain::user::fold_case).
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

/// Replaces the user's role and whether the account is disabled.
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

/// Writes nothing. Guard: the user has this password hash and is not disabled; otherwise `Stale`.
pub(super) fn require_password(tables: &mut Tables, user: UserKey, hash: &PasswordHash) -> Written {
    update_guarded(&mut tables.users, &user, |row| row.hash == *hash && !row.user.disabled, |_| ())
}
