use domain::{MailKey, Timestamp, User, UserKey};
use ports::PasswordReset;

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::tables::Tables;

pub(super) fn begin_mail(tables: &mut Tables, key: MailKey, attempts: u32, due_at: Timestamp) -> Written {
    let is_as_read = |row: &ports::QueuedMail| row.attempts == attempts;
    update_guarded(&mut tables.mails, &key, is_as_read, |row| {
        row.attempts = attempts.saturating_add(1);
        row.due_at = due_at;
    })
}

pub(super) fn delete_mail(tables: &mut Tables, key: MailKey, attempts: u32) -> Written {
    if tables.mails.get(&key).is_none_or(|it| it.attempts != attempts) {
        return Err(Abort::Stale);
    }
    tables.mails.remove(&key);
    Ok(())
}

/// Replaces the account's reset, if the account is still as it was read and the reset is not of a later request.
pub(super) fn request_reset(tables: &mut Tables, reset: PasswordReset, read: &User) -> Written {
    if tables.users.get(&reset.user).is_none_or(|it| it.user.changed_at != read.changed_at) {
        return Err(Abort::Stale);
    }
    if tables.password_resets.get(&reset.user).is_some_and(|it| it.requested_at > reset.requested_at) {
        return Err(Abort::Stale);
    }
    tables.password_resets.remove(&reset.user);
    Ok(tables.password_resets.insert(reset)?)
}

pub(super) fn set_token(
    tables: &mut Tables,
    user: UserKey,
    requested_at: Timestamp,
    digest: String,
) -> Written {
    let is_as_read = |row: &PasswordReset| row.requested_at == requested_at;
    update_guarded(&mut tables.password_resets, &user, is_as_read, |row| row.digest = Some(digest))
}

pub(super) fn use_reset(tables: &mut Tables, user: UserKey, digest: &str, now: Timestamp) -> Written {
    let is_good = |row: &PasswordReset| row.digest.as_deref() == Some(digest) && row.expires_at > now;
    if !tables.password_resets.get(&user).is_some_and(is_good) {
        return Err(Abort::Stale);
    }
    tables.password_resets.remove(&user);
    Ok(())
}

pub(super) fn drop_reset(tables: &mut Tables, user: UserKey) -> Written {
    tables.password_resets.remove(&user);
    Ok(())
}
