use domain::{PasswordHash, Timestamp, User, UserKey};
use ports::Credentials;

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{table::Duplicate, tables::Tables};

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

/// Replaces the user's address.
pub(super) fn change_email(tables: &mut Tables, next: User, read: Option<Timestamp>) -> Written {
    if tables.users.get(&next.key).is_none_or(|row| row.user.changed_at != read) {
        return Err(Abort::Stale);
    }
    let (email, changed_at) = (next.email.clone(), next.changed_at);
    let (verified_at, revision) = (next.email_verified_at, next.email_revision);
    let change = |row: &mut Credentials| {
        row.user.email = email;
        row.user.email_verified_at = verified_at;
        row.user.email_revision = revision;
        row.user.changed_at = changed_at;
    };
    tables.users.update(&next.key, change).map_err(|Duplicate| Abort::Email(Box::new(next)))
}

/// Says since when the user's address is verified.
pub(super) fn verify_email(tables: &mut Tables, next: &User, read: Option<Timestamp>) -> Written {
    let is_as_read = |row: &Credentials| row.user.changed_at == read;
    update_guarded(&mut tables.users, &next.key, is_as_read, |row| {
        row.user.email_verified_at = next.email_verified_at;
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
