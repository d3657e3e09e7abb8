//! Accounts as operators see them. Whatever is asked for, a page is read along an index of names or of times.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use ports::{
    Account, AccountCursor, AccountFilter, NameColumn, Page, PortError, UnreadableObserver, first_match,
};

use super::{limit_plus_one, read_page, read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::UserRow;
use crate::sql::schema::{open_order_counts as counts, user};
use crate::sql::value::SqlTimestamp;

/// The product id of the row that counts a user's orders: no product has it.
const ORDERS: &str = "";

/// How often a search reads on to fill a page. Only accounts that match with both names need it, and the page of a
/// search that meets very many of them is short.
const ROUNDS_MAX: usize = 4;

/// Sorts behind every text that begins with a prefix, put at the prefix' end.
const LAST_CHARACTER: char = char::MAX;

/// A user's row with the last login and the number of orders ever placed.
type AccountRow = (UserRow, Option<SqlTimestamp>, Option<i64>);

/// The rows of accounts, each joined with the one row that counts the user's orders.
macro_rules! account_rows {
    () => {
        user::table
            .left_join(counts::table.on(counts::user_id.eq(user::id).and(counts::product_id.eq(ORDERS))))
            .select((UserRow::as_select(), user::last_login_at, counts::placed.nullable()))
    };
}

pub(super) async fn find_account(database: &Database, id: &UserId) -> Result<Option<Account>, PortError> {
    let id = id.clone();
    database
        .run_query(async move |conn: &mut Conn| {
            let query = account_rows!().filter(user::public_id.eq(id.as_str()));
            query.first::<AccountRow>(conn).await.optional()?.map(read_account).transpose()
        })
        .await
}

pub(super) async fn list_accounts(
    database: &Database,
    filter: AccountFilter,
) -> Result<Page<Account>, PortError> {
    let observer = database.observer();
    database
        .run_snapshot(async move |conn: &mut Conn| match (&filter.email, &filter.username, &filter.prefix) {
            (None, None, None) => list_newest(conn, &*observer, &filter).await,
            (None, None, Some(prefix)) => list_by_prefix(conn, &*observer, &filter, prefix).await,
            (Some(_), _, _) | (None, Some(_), _) => list_exact(conn, &*observer, &filter).await,
        })
        .await
}

fn read_account((row, last_login_at, placed): AccountRow) -> QueryResult<Account> {
    row.into_account(last_login_at, placed)
}

/// All accounts, newest first.
async fn list_newest(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    filter: &AccountFilter,
) -> QueryResult<Page<Account>> {
    let mut query = account_rows!().into_boxed();
    if let Some(after) = &filter.after {
        let place = user::table.filter(user::public_id.eq(after.user.as_str()));
        let place = place.select((user::created_at, user::id)).first::<(SqlTimestamp, i64)>(conn).await;
        let Some((at, key)) = place.optional()? else { return Ok(Page::EMPTY) };
        let beside = user::created_at.eq(at).and(user::id.lt(key));
        // The first condition is redundant beside the `OR`, but only it is seen as a range of the index.
        query = query.filter(user::created_at.le(at)).filter(user::created_at.lt(at).or(beside));
    }
    let query = query.order((user::created_at.desc(), user::id.desc())).limit(limit_plus_one(filter.limit));
    let rows: Vec<AccountRow> = IndexHint(Index::USER_BY_TIME, query).load(conn).await?;
    let cursor = |row: &AccountRow| {
        AccountCursor { user: row.0.public_id(), column: NameColumn::Username }.to_string()
    };
    read_page(observer, rows, filter.limit, cursor, read_account)
}

/// The one account with an address or a username, if it fulfils the other conditions, too.
async fn list_exact(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    filter: &AccountFilter,
) -> QueryResult<Page<Account>> {
    // There is one page, which has no cursor.
    if filter.after.is_some() {
        return Ok(Page::EMPTY);
    }
    let rows: Vec<AccountRow> = match (&filter.email, &filter.username) {
        (Some(email), _) => account_rows!().filter(user::email_folded.eq(email)).load(conn).await?,
        (None, Some(username)) => {
            account_rows!().filter(user::username_folded.eq(username)).load(conn).await?
        }
        (None, None) => Vec::new(),
    };
    // Compared once more: some servers ignore trailing spaces.
    let fits = |it: &AccountRow| filter.matches_names(it.0.folded_username(), it.0.folded_email());
    let rows = rows.into_iter().filter(fits).collect();
    read_readable_rows(observer, rows, read_account).map(Page::single_page)
}

/// The place of a row on the way along the names that begin with a prefix: the name, and which of the two it is.
type Place = (String, NameColumn);

/// A row that a search meets.
struct Match {
    row: AccountRow,
    place: Place,
}

impl Match {
    fn new(row: AccountRow, column: NameColumn) -> Self {
        let name = match column {
            NameColumn::Username => row.0.folded_username(),
            NameColumn::Email => row.0.folded_email(),
        };
        Self { place: (name.to_owned(), column), row }
    }

    /// The place, and the cursor of the page that begins behind it.
    fn next_position(&self) -> (Place, String) {
        (self.place.clone(), self.cursor_text())
    }

    fn cursor_text(&self) -> String {
        AccountCursor { user: self.row.0.public_id(), column: self.place.1 }.to_string()
    }

    /// Whether the account is shown here, and not where its other name is.
    fn is_shown(&self, prefix: &str) -> bool {
        let (username, email) = (self.row.0.folded_username(), self.row.0.folded_email());
        first_match(prefix, username, email) == Some(self.place.1)
    }
}

/// The accounts with a name that begins with a prefix, by that name.
async fn list_by_prefix(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    filter: &AccountFilter,
    prefix: &str,
) -> QueryResult<Page<Account>> {
    let (limit, mut shown, mut ends) = (to_usize(filter.limit), Vec::new(), false);
    let mut position = None;
    if let Some(after) = &filter.after {
        let query = account_rows!().filter(user::public_id.eq(after.user.as_str()));
        let Some(row) = query.first::<AccountRow>(conn).await.optional()? else { return Ok(Page::EMPTY) };
        position = Some(Match::new(row, after.column).next_position());
    }
    for _ in 0..ROUNDS_MAX {
        let place = position.as_ref().map(|(place, _)| place);
        let matches = next_matches(conn, prefix, place, filter.limit).await?;
        ends = matches.len() <= limit;
        position = matches.last().map(Match::next_position).or(position);
        shown.extend(matches.into_iter().filter(|it| it.is_shown(prefix)));
        if ends || shown.len() > limit {
            break;
        }
    }
    let next = if shown.len() > limit {
        shown.truncate(limit);
        shown.last().map(Match::cursor_text)
    } else {
        // Not the last account that is shown: those behind it that were looked at would be looked at again, and a
        // page without any account would have no cursor.
        position.filter(|_| !ends).map(|(_, cursor)| cursor)
    };
    let rows = shown.into_iter().map(|it| it.row).collect();
    Ok(Page { data: read_readable_rows(observer, rows, read_account)?, next })
}

/// The next rows of both indexes together, one more than the limit.
async fn next_matches(
    conn: &mut Conn,
    prefix: &str,
    after: Option<&Place>,
    limit: u32,
) -> QueryResult<Vec<Match>> {
    let end = format!("{prefix}{LAST_CHARACTER}");
    // Only one lower bound, the higher one: with two a database may walk from the lower one.
    let after = after.filter(|(name, _)| name.as_str() >= prefix);
    let begin = after.map_or(prefix, |(name, _)| name.as_str());
    let mut usernames = account_rows!().filter(user::username_folded.lt(&end)).into_boxed();
    let mut emails = account_rows!().filter(user::email_folded.lt(&end)).into_boxed();
    usernames = match after {
        Some(_) => usernames.filter(user::username_folded.gt(begin)),
        None => usernames.filter(user::username_folded.ge(begin)),
    };
    emails = match after {
        Some((_, NameColumn::Email)) => emails.filter(user::email_folded.gt(begin)),
        // Of two equal texts the username comes first, so the address is still to come.
        Some((_, NameColumn::Username)) | None => emails.filter(user::email_folded.ge(begin)),
    };
    let most = limit_plus_one(limit);
    let usernames = usernames.order(user::username_folded.asc()).limit(most);
    let emails = emails.order(user::email_folded.asc()).limit(most);
    let usernames: Vec<AccountRow> = IndexHint(Index::USER_NAME, usernames).load(conn).await?;
    let emails: Vec<AccountRow> = IndexHint(Index::USER_EMAIL, emails).load(conn).await?;
    let usernames = usernames.into_iter().map(|row| Match::new(row, NameColumn::Username));
    let emails = emails.into_iter().map(|row| Match::new(row, NameColumn::Email));
    let mut matches: Vec<_> = usernames.chain(emails).collect();
    matches.sort_by(|a, b| a.place.cmp(&b.place));
    matches.truncate(to_usize(limit).saturating_add(1));
    Ok(matches)
}
