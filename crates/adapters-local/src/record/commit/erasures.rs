use domain::{AuthorKey, OrderNumber, UserKey};
use ports::{Credentials, Erasure, ErasureProgress, UserErasure};

use super::{abort::Written, update_guarded};
use crate::record::{
    rows::is_about_one,
    table::{Row, row_count},
    tables::Tables,
};

/// Replaces what a user's row says about a person, and opens the erasure of the rest.
pub(super) fn erase_user(tables: &mut Tables, erasure: UserErasure) -> Written {
    let UserErasure { user, read, from, to, at } = erasure;
    let key = user.key;
    let is_as_read = |row: &Credentials| row.user.changed_at == read && row.hash == from;
    update_guarded(&mut tables.users, &key, is_as_read, |row| *row = Credentials { user, hash: to })?;
    tables.last_logins.remove(&key);
    let progress = ErasureProgress::Archive(None);
    Ok(tables.erasures.insert(Erasure { user: key, erased_at: at, progress })?)
}

pub(super) fn advance_erasure(
    tables: &mut Tables,
    user: UserKey,
    from: &ErasureProgress,
    to: ErasureProgress,
) -> Written {
    update_guarded(&mut tables.erasures, &user, |row| row.progress == *from, |row| row.progress = to)
}

/// Removes stored replies of the user, mails to it, and where its sessions began, at most that many of each.
pub(super) fn erase_personal_rows(tables: &mut Tables, user: UserKey, rows_max: u32) -> Written {
    let replies = tables.claims.rows().filter(|it| it.key.owner == Some(AuthorKey::User(user))).map(Row::key);
    let replies: Vec<_> = replies.take(row_count(rows_max)).collect();
    replies.iter().for_each(|key| tables.claims.remove(key));
    let waiting = tables.mails.rows().filter(|it| it.user == Some(user)).map(Row::key);
    let waiting: Vec<_> = waiting.take(row_count(rows_max)).collect();
    waiting.iter().for_each(|key| tables.mails.remove(key));
    let placed = tables.sessions.rows().filter(|it| it.session.user == user && it.origin.is_some());
    let placed: Vec<_> = placed.map(Row::key).take(row_count(rows_max)).collect();
    placed.into_iter().try_for_each(|key| Ok(tables.sessions.update(&key, |row| row.origin = None)?))
}

/// Removes claims of these orders with their stored replies, at most that many.
pub(super) fn erase_order_replies(tables: &mut Tables, orders: &[OrderNumber], rows_max: u32) -> Written {
    let replies = tables.claims.rows().filter(|it| is_about_one(it, orders)).map(Row::key);
    let replies: Vec<_> = replies.take(row_count(rows_max)).collect();
    replies.iter().for_each(|key| tables.claims.remove(key));
    Ok(())
}
