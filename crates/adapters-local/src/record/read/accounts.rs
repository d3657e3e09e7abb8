use std::cmp::Reverse;

use domain::{User, UserId};
use ports::{Account, AccountCursor, AccountFilter, Credentials, NameColumn, Page, first_match};

use super::{Read, sort_behind};
use crate::{
    MemoryRecord,
    record::{rows::UserKeys, tables::Tables},
};

impl MemoryRecord {
    pub(super) fn read_account(&self, id: &UserId) -> Read<Option<Account>> {
        let tables = self.tables();
        self.read_found(tables.users.find(&UserKeys::Id(id.clone())), |it| make_account(&tables, it))
    }

    /// A page of accounts. It is never short: the record in memory has no indexes that a search runs along.
    pub(super) fn read_accounts(&self, filter: &AccountFilter) -> Page<Account> {
        let tables = self.tables();
        let last = filter.after.as_ref().map(|it| tables.users.find(&UserKeys::Id(it.user.clone())));
        if matches!(last, Some(None)) {
            return Page::EMPTY;
        }
        let last = last.flatten();
        let is_exact = filter.email.is_some() || filter.username.is_some();
        let fits = |it: &&Credentials| {
            filter.matches_names(&it.user.username.fold_case(), &it.user.email.fold_case())
        };
        let rows = tables.users.rows().filter(fits);
        let account = |it: &Credentials| make_account(&tables, it);
        match (&filter.prefix, is_exact) {
            (_, true) if last.is_some() => Page::EMPTY,
            (Some(prefix), false) => {
                let place = |it: &Credentials| shown_place(prefix, &it.user);
                let last =
                    filter.after.as_ref().zip(last).map(|(it, row)| Some(place_at(it.column, &row.user)));
                let cursor = |it: &Credentials| {
                    let column = shown_place(prefix, &it.user).map_or(NameColumn::Username, |it| it.1);
                    AccountCursor { user: it.user.id.clone(), column }.to_string()
                };
                self.read_page(sort_behind(rows, place, last.as_ref()), filter.limit, cursor, account)
            }
            (None, _) | (Some(_), true) => {
                let place = |it: &Credentials| Reverse((it.user.created_at, it.user.key));
                let last = last.map(place);
                let cursor = |it: &Credentials| {
                    AccountCursor { user: it.user.id.clone(), column: NameColumn::Username }.to_string()
                };
                self.read_page(sort_behind(rows, place, last.as_ref()), filter.limit, cursor, account)
            }
        }
    }
}

fn make_account(tables: &Tables, row: &Credentials) -> Account {
    let user = row.user.clone();
    let last_login_at = tables.last_logins.get(&user.key).map(|it| it.at);
    let order_count = tables.open_counts.get(&(user.key, None)).map_or(0, |it| it.placed);
    Account { user, last_login_at, order_count }
}

/// The name by which an account is sorted in a search, and which of the two it is.
fn place_at(column: NameColumn, user: &User) -> (String, NameColumn) {
    let name = match column {
        NameColumn::Username => user.username.fold_case(),
        NameColumn::Email => user.email.fold_case(),
    };
    (name, column)
}

fn shown_place(prefix: &str, user: &User) -> Option<(String, NameColumn)> {
    let column = first_match(prefix, &user.username.fold_case(), &user.email.fold_case())?;
    Some(place_at(column, user))
}
