//! The conditions, the pages and the elements of operators' lists: accounts, payments and refunds.
//!
//! Each list is bounded: an adapter reads a page along an index, whatever the conditions are.

use std::fmt;

use domain::{
    AuthorId, GatewayName, Invalid, Refund, Timestamp, TransactionId, User, UserId,
    payment::{PaymentStatus, RefundStatus},
};

/// The rule that a text breaks which no cursor is written as.
const NO_POSITION: Invalid = Invalid("is no position in this list");

/// A user with what operators see about the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user, disabled or not.
    pub user: User,
    /// The time of the last login; `None` before the first one. It stays when the session is deleted.
    pub last_login_at: Option<Timestamp>,
    /// The number of orders that the user ever placed, whatever their status is now.
    pub order_count: u64,
}

/// The conditions and the page of a list of accounts; `None` is no condition. Texts are compared with the folded
/// names and addresses, so they must be [folded](domain::user::fold_case) as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only the account with this e-mail address.
    pub email: Option<String>,
    /// Only the account with this username.
    pub username: Option<String>,
    /// Only accounts whose username or address begins with this text.
    pub prefix: Option<String>,
    /// Only accounts that come after this position in the list.
    pub after: Option<AccountCursor>,
    /// Page size, 1 to 100.
    pub limit: u32,
}

impl AccountFilter {
    /// Whether an account with that folded username and address fulfils all conditions.
    #[must_use]
    pub fn matches_names(&self, username: &str, email: &str) -> bool {
        self.username.as_ref().is_none_or(|it| it == username)
            && self.email.as_ref().is_none_or(|it| it == email)
            && self.prefix.as_ref().is_none_or(|it| first_match(it, username, email).is_some())
    }
}

/// A name by which a list of accounts can be sorted. Of two equal texts the username comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameColumn {
    /// The folded username.
    Username,
    /// The folded e-mail address.
    Email,
}

/// The name by which a list of accounts with that prefix shows the account: the first one, in the order of their
/// texts, that begins with it. `None` if neither does.
// A search runs along two indexes, so it meets an account twice if both of its names match. This decides, by the
// account alone, at which of the two positions it is shown: each account once, whatever page it is met on.
#[must_use]
pub fn first_match(prefix: &str, username: &str, email: &str) -> Option<NameColumn> {
    let names = [(username, NameColumn::Username), (email, NameColumn::Email)];
    names.into_iter().filter(|(name, _)| name.starts_with(prefix)).min().map(|(_, column)| column)
}

/// A position in a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCursor {
    /// The last account that was looked at, shown or not.
    pub user: UserId,
    /// The name by which it was found, in a list that is sorted by names. A list without a prefix ignores it.
    pub column: NameColumn,
}

impl AccountCursor {
    /// Reads the text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// [`Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (column, user) = text.split_once(':').ok_or(NO_POSITION)?;
        let column = match column {
            "username" => NameColumn::Username,
            "email" => NameColumn::Email,
            _ => return Err(NO_POSITION),
        };
        Ok(Self { user: UserId::new(user.to_owned()), column })
    }
}

impl fmt::Display for AccountCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = match self.column {
            NameColumn::Username => "username",
            NameColumn::Email => "email",
        };
        write!(f, "{column}:{}", self.user)
    }
}

/// The conditions and the page of a list of transactions; `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Only transactions with one of these statuses; empty for all. A status that is named twice counts once.
    pub statuses: Vec<PaymentStatus>,
    /// Only transactions of this gateway.
    pub gateway: Option<GatewayName>,
    /// Only transactions made at or after this time.
    pub created_after: Option<Timestamp>,
    /// Only transactions made before this time.
    pub created_before: Option<Timestamp>,
    /// Only transactions that come after this one in the list.
    pub after: Option<TransactionId>,
    /// Page size, 1 to 100.
    pub limit: u32,
}

impl PaymentFilter {
    /// The statuses that are listed, each once: all of them if none is named.
    #[must_use]
    pub fn listed_statuses(&self) -> Vec<PaymentStatus> {
        let listed = |it: &PaymentStatus| self.statuses.is_empty() || self.statuses.contains(it);
        PaymentStatus::ALL.into_iter().filter(listed).collect()
    }
}

/// The conditions and the page of a list of refunds; `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundFilter {
    /// Only refunds with one of these statuses; empty for all. A status that is named twice counts once.
    pub statuses: Vec<RefundStatus>,
    /// Only refunds of this gateway's transactions.
    pub gateway: Option<GatewayName>,
    /// Only refunds that were requested, or first reported by the gateway, at or after this time.
    pub created_after: Option<Timestamp>,
    /// Only refunds that were requested, or first reported by the gateway, before this time.
    pub created_before: Option<Timestamp>,
    /// Only refunds that come after this one in the list.
    pub after: Option<RefundCursor>,
    /// Page size, 1 to 100.
    pub limit: u32,
}

impl RefundFilter {
    /// The statuses that are listed, each once: all of them if none is named.
    #[must_use]
    pub fn listed_statuses(&self) -> Vec<RefundStatus> {
        let listed = |it: &RefundStatus| self.statuses.is_empty() || self.statuses.contains(it);
        RefundStatus::ALL.into_iter().filter(listed).collect()
    }
}

/// A refund with the public ids that its row does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefund {
    /// The refund with its facts.
    pub refund: Refund,
    /// The public id of the refunded transaction.
    pub transaction: TransactionId,
    /// The user or API key that requested it; `None` if the service or the gateway began it.
    pub author: Option<AuthorId>,
}

/// The position of a refund in a list of refunds of many transactions.
// Not the refund's id: the gateways' own ids may be equal in two transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundCursor {
    /// The position among the transaction's refunds, from 1.
    pub sequence: i64,
    /// The public id of its transaction.
    pub transaction: TransactionId,
}

impl RefundCursor {
    /// Reads the text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// [`Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (sequence, transaction) = text.split_once(':').ok_or(NO_POSITION)?;
        let sequence = sequence.parse().map_err(|_| NO_POSITION)?;
        Ok(Self { sequence, transaction: TransactionId::new(transaction.to_owned()) })
    }
}

impl fmt::Display for RefundCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_as_it_was_written() {
        for column in [NameColumn::Username, NameColumn::Email] {
            let cursor = AccountCursor { user: UserId::new("u:1".to_owned()), column };
            assert_eq!(AccountCursor::parse(&cursor.to_string()), Ok(cursor));
        }
        let cursor = RefundCursor { sequence: 7, transaction: TransactionId::new("t:1".to_owned()) };
        assert_eq!(RefundCursor::parse(&cursor.to_string()), Ok(cursor));
        for bad in ["", "u", "name:u"] {
            assert!(AccountCursor::parse(bad).is_err() && RefundCursor::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_is_shown_by_the_first_of_its_names_that_matches() {
        let shown = |username, email| first_match("ada", username, email);
        assert_eq!(shown("ada", "ada@b.co"), Some(NameColumn::Username));
        assert_eq!(shown("adam", "ada@b.co"), Some(NameColumn::Email));
        assert_eq!(shown("ada@b.co", "ada@b.co"), Some(NameColumn::Username), "of equal ones the username");
        assert_eq!(shown("bob", "ada@b.co"), Some(NameColumn::Email));
        assert_eq!(shown("bob", "bob@ada.co"), None);
    }

    #[test]
    fn no_status_stands_for_all_of_them_and_each_counts_once() {
        assert_eq!(PaymentFilter::default().listed_statuses(), PaymentStatus::ALL);
        assert_eq!(RefundFilter::default().listed_statuses(), RefundStatus::ALL);
        let statuses = vec![PaymentStatus::Voided, PaymentStatus::Pending, PaymentStatus::Voided];
        let filter = PaymentFilter { statuses, ..PaymentFilter::default() };
        assert_eq!(filter.listed_statuses(), [PaymentStatus::Pending, PaymentStatus::Voided]);
    }
}
