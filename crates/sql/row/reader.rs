//! Reads the columns of one row, and names the row and the column when a value cannot be read.
//!
//! The value itself never appears in the error: it may be a secret, and the error gets into logs and
//! findings.

use std::fmt;

use diesel::{QueryResult, result::Error};
use domain::{
    Actor, ApiKeyKey, AuthorKey, ChangedBy, Currency, EventId, GatewayName, Money, OrderNumber, ProductId,
    Timestamp, TransactionId, UserId, UserKey,
};
use ports::{RowOwner, UnreadableRow};

use super::NO_AUTHOR_KEY;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// The row whose columns are read. A value that this program does not write makes an error of them, for
/// this row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowReader<'r> {
    table: &'static str,
    key: RowKey,
    parent: RowParent<'r>,
}

/// The key of a row as an operator needs it to find the row.
#[derive(Debug, Clone, Copy)]
enum RowKey {
    Single(i64),
    /// The key of the parent, and the number of the row within it: such rows have keys that nothing refers
    /// to.
    Part(i64, i64),
}

/// The order, transaction or product that a row is, or belongs to. It tells an operator what is affected.
#[derive(Debug, Clone, Copy)]
enum RowParent<'r> {
    None,
    Order(&'r str),
    Transaction(&'r str, &'r str),
    Product(&'r str),
    Event(&'r str, &'r str, Option<&'r str>),
    User(&'r str),
    UserRow(i64),
}

impl<'r> RowReader<'r> {
    /// Reads a row that is named by its own key.
    pub(super) const fn new(table: &'static str, key: i64) -> Self {
        Self { table, key: RowKey::Single(key), parent: RowParent::None }
    }

    /// Reads the row of that number among those that belong to `whole`.
    pub(super) const fn for_part(table: &'static str, whole: i64, number: i64) -> Self {
        Self { table, key: RowKey::Part(whole, number), parent: RowParent::None }
    }

    /// Says that the row is, or belongs to, that order.
    pub(super) const fn with_order(self, number: &'r str) -> Self {
        Self { parent: RowParent::Order(number), ..self }
    }

    /// Says that the row is, or belongs to, that transaction.
    pub(super) const fn with_transaction(self, id: &'r str, order: &'r str) -> Self {
        Self { parent: RowParent::Transaction(id, order), ..self }
    }

    /// Says that the row is, or belongs to, that product.
    pub(super) const fn with_product(self, id: &'r str) -> Self {
        Self { parent: RowParent::Product(id), ..self }
    }

    /// It is that event of a gateway, about that transaction.
    pub(super) const fn of_event(self, gateway: &'r str, id: &'r str, transaction: Option<&'r str>) -> Self {
        Self { parent: RowParent::Event(gateway, id, transaction), ..self }
    }

    /// It is that user.
    pub(super) const fn of_user(self, id: &'r str) -> Self {
        Self { parent: RowParent::User(id), ..self }
    }

    /// It belongs to the user in that row; [`NO_AUTHOR_KEY`] is none.
    pub(super) const fn of_user_row(self, key: i64) -> Self {
        Self { parent: if key == NO_AUTHOR_KEY { RowParent::None } else { RowParent::UserRow(key) }, ..self }
    }

    /// A row of another table with the same owner.
    pub(super) const fn sibling_row(self, table: &'static str, key: i64) -> Self {
        Self { table, key: RowKey::Single(key), ..self }
    }

    /// Reads the row of that number among those that belong to this one.
    pub(super) const fn child_row(self, table: &'static str, whole: i64, number: i64) -> Self {
        Self { table, key: RowKey::Part(whole, number), ..self }
    }

    /// The error that names this row and a column of it. It travels as diesel's own, because queries give
    /// no other.
    pub(super) fn unreadable_error(&self, column: &'static str) -> Error {
        let owner = match self.parent {
            RowParent::None => None,
            RowParent::Order(number) => Some(RowOwner::Order(OrderNumber::new(number.to_owned()))),
            RowParent::Transaction(id, order) => Some(RowOwner::Transaction(
                TransactionId::new(id.to_owned()),
                OrderNumber::new(order.to_owned()),
            )),
            RowParent::Product(id) => Some(RowOwner::Product(ProductId::new(id.to_owned()))),
            RowParent::Event(gateway, id, transaction) => Some(RowOwner::Event(
                GatewayName::new(gateway.to_owned()),
                EventId::new(id.to_owned()),
                transaction.map(|it| TransactionId::new(it.to_owned())),
            )),
            RowParent::User(id) => Some(RowOwner::User(UserId::new(id.to_owned()))),
            RowParent::UserRow(key) => Some(RowOwner::UserRow(UserKey::new(key))),
        };
        let (table, key) = (self.table, self.key.to_string());
        let row = UnreadableRow { table, column, key, owner: owner.map(Box::new) };
        Error::DeserializationError(Box::new(row))
    }

    /// The value, or the error that names its column if there is none.
    pub(super) fn require_value<T>(&self, value: Option<T>, column: &'static str) -> QueryResult<T> {
        value.ok_or_else(|| self.unreadable_error(column))
    }

    /// An amount in a currency that is or was in ISO 4217: rows outlive the currencies they were written
    /// in.
    pub(super) fn read_money(
        &self,
        amount: SqlAmount,
        currency: &str,
        column: &'static str,
    ) -> QueryResult<Money> {
        let currency = self.require_value(Currency::parse_historic(currency).ok(), "currency")?;
        self.require_value(amount.get().and_then(|it| Money::from_record(it, currency).ok()), column)
    }

    /// A count, which must be from 0 to 2^32 - 1.
    pub(super) fn read_count(&self, number: i64, column: &'static str) -> QueryResult<u32> {
        self.require_value(u32::try_from(number).ok(), column)
    }

    /// A timestamp that must be there.
    pub(super) fn read_timestamp(&self, at: SqlTimestamp, column: &'static str) -> QueryResult<Timestamp> {
        self.require_value(at.get(), column)
    }

    /// A timestamp that may be null; a value that is there must be readable.
    pub(super) fn read_optional_timestamp(
        &self,
        at: Option<SqlTimestamp>,
        column: &'static str,
    ) -> QueryResult<Option<Timestamp>> {
        at.map(|it| self.read_timestamp(it, column)).transpose()
    }

    /// The actor and the user or API key behind a change, from their two columns.
    pub(super) fn read_changed_by(&self, actor: &str, author: i64) -> QueryResult<ChangedBy> {
        let actor = self.require_value(Actor::parse(actor), "actor")?;
        let kind = match actor {
            Actor::Customer | Actor::Operator | Actor::Gateway | Actor::System => {
                AuthorKey::User(UserKey::new(author))
            }
            Actor::Service => AuthorKey::ApiKey(ApiKeyKey::new(author)),
        };
        Ok(ChangedBy { actor, author: (author != NO_AUTHOR_KEY).then_some(kind) })
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(key) => write!(f, "{key}"),
            Self::Part(whole, number) => write!(f, "{whole}/{number}"),
        }
    }
}

/// Takes the unreadable row out of a driver's error. Any other error comes back as it was.
pub(in crate::sql) fn unreadable_row(error: Error) -> Result<UnreadableRow, Error> {
    if let Error::DeserializationError(cause) = error {
        return cause.downcast().map(|it| *it).map_err(Error::DeserializationError);
    }
    Err(error)
}
