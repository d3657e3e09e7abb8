//! Reading the columns of one row, and naming it when one of them cannot be read.

use std::fmt;

use diesel::{QueryResult, result::Error};
use domain::{
    Actor, ChangedBy, Currency, EventId, GatewayName, Money, OrderNumber, ProductId, Timestamp,
    TransactionId, UserId, UserKey,
};
use ports::{Owner, Unreadable};

use super::NOBODY;
use crate::sql::value::{Parts, Stamp};

/// A row while it is read. A column that holds what this program does not write there is an error that names row and
/// column, and never the value: it may be a secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'r> {
    table: &'static str,
    key: Key,
    owner: Of<'r>,
}

/// The key of a row.
#[derive(Debug, Clone, Copy)]
enum Key {
    One(i64),
    /// Of what it belongs to, and its number there.
    Part(i64, i64),
}

/// What a row is, or belongs to.
#[derive(Debug, Clone, Copy)]
enum Of<'r> {
    Nothing,
    Order(&'r str),
    Transaction(&'r str, &'r str),
    Product(&'r str),
    Event(&'r str, &'r str, Option<&'r str>),
    User(&'r str),
    UserRow(i64),
}

impl<'r> Reading<'r> {
    /// The row of that key.
    pub(super) const fn of(table: &'static str, key: i64) -> Self {
        Self { table, key: Key::One(key), owner: Of::Nothing }
    }

    /// The row of that number among those that belong to `whole`.
    pub(super) const fn part(table: &'static str, whole: i64, number: i64) -> Self {
        Self { table, key: Key::Part(whole, number), owner: Of::Nothing }
    }

    /// It is, or belongs to, that order.
    pub(super) const fn of_order(self, number: &'r str) -> Self {
        Self { owner: Of::Order(number), ..self }
    }

    /// It is, or belongs to, that transaction.
    pub(super) const fn of_transaction(self, id: &'r str, order: &'r str) -> Self {
        Self { owner: Of::Transaction(id, order), ..self }
    }

    /// It is, or belongs to, that product.
    pub(super) const fn of_product(self, id: &'r str) -> Self {
        Self { owner: Of::Product(id), ..self }
    }

    /// It is that event of a gateway, about that transaction.
    pub(super) const fn of_event(self, gateway: &'r str, id: &'r str, transaction: Option<&'r str>) -> Self {
        Self { owner: Of::Event(gateway, id, transaction), ..self }
    }

    /// It is that user.
    pub(super) const fn of_user(self, id: &'r str) -> Self {
        Self { owner: Of::User(id), ..self }
    }

    /// It belongs to the user in that row; [`NOBODY`] is none.
    pub(super) const fn of_user_row(self, key: i64) -> Self {
        Self { owner: if key == NOBODY { Of::Nothing } else { Of::UserRow(key) }, ..self }
    }

    /// A row of another table with the same owner.
    pub(super) const fn beside(self, table: &'static str, key: i64) -> Self {
        Self { table, key: Key::One(key), ..self }
    }

    /// The row of that number among those that belong to this one.
    pub(super) const fn within(self, table: &'static str, whole: i64, number: i64) -> Self {
        Self { table, key: Key::Part(whole, number), ..self }
    }

    /// The error that names this row and that column.
    pub(super) fn unreadable(&self, column: &'static str) -> Error {
        let owner = match self.owner {
            Of::Nothing => None,
            Of::Order(number) => Some(Owner::Order(OrderNumber::new(number.to_owned()))),
            Of::Transaction(id, order) => Some(Owner::Transaction(
                TransactionId::new(id.to_owned()),
                OrderNumber::new(order.to_owned()),
            )),
            Of::Product(id) => Some(Owner::Product(ProductId::new(id.to_owned()))),
            Of::Event(gateway, id, transaction) => Some(Owner::Event(
                GatewayName::new(gateway.to_owned()),
                EventId::new(id.to_owned()),
                transaction.map(|it| TransactionId::new(it.to_owned())),
            )),
            Of::User(id) => Some(Owner::User(UserId::new(id.to_owned()))),
            Of::UserRow(key) => Some(Owner::UserRow(UserKey::new(key))),
        };
        let (table, key) = (self.table, self.key.to_string());
        let row = Unreadable { table, column, key, owner: owner.map(Box::new) };
        Error::DeserializationError(Box::new(row))
    }

    /// A value that could be read.
    pub(super) fn known<T>(&self, value: Option<T>, column: &'static str) -> QueryResult<T> {
        value.ok_or_else(|| self.unreadable(column))
    }

    /// An amount of any currency that there ever was.
    pub(super) fn money(&self, amount: Parts, currency: &str, column: &'static str) -> QueryResult<Money> {
        let currency = self.known(Currency::ever(currency).ok(), "currency")?;
        self.known(amount.get().and_then(|it| Money::from_record(it, currency).ok()), column)
    }

    /// A count.
    pub(super) fn count(&self, number: i64, column: &'static str) -> QueryResult<u32> {
        self.known(u32::try_from(number).ok(), column)
    }

    /// A moment.
    pub(super) fn moment(&self, at: Stamp, column: &'static str) -> QueryResult<Timestamp> {
        self.known(at.get(), column)
    }

    /// A moment that there may be.
    pub(super) fn any_moment(
        &self,
        at: Option<Stamp>,
        column: &'static str,
    ) -> QueryResult<Option<Timestamp>> {
        at.map(|it| self.moment(it, column)).transpose()
    }

    /// Who made a change, from its two columns.
    pub(super) fn author(&self, actor: &str, user: i64) -> QueryResult<ChangedBy> {
        let user = (user != NOBODY).then(|| UserKey::new(user));
        Ok(ChangedBy { actor: self.known(Actor::parse(actor), "actor")?, user })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(key) => write!(f, "{key}"),
            Self::Part(whole, number) => write!(f, "{whole}/{number}"),
        }
    }
}

/// The row that could not be read, if that is the error; any other error as it is.
pub(in crate::sql) fn unreadable_row(error: Error) -> Result<Unreadable, Error> {
    if let Error::DeserializationError(cause) = error {
        return cause.downcast().map(|it| *it).map_err(Error::DeserializationError);
    }
    Err(error)
}
