//! How a port fails, and what its caller may conclude from that.

use std::{error::Error, fmt, sync::Arc};

use domain::{EventId, GatewayName, OrderNumber, ProductId, TransactionId, UserId, UserKey};

/// The driver's own error, or a text; shared by those who waited for the same call.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// What every port can fail with. The three differ in what helps: time, a person who mends a row, a new version.
///
/// Only the log may show a cause: it can name hosts and users.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PortError {
    /// Something outside did not answer, or not in time, or is full: the same call may succeed later.
    #[error("a dependency is away")]
    Unavailable(#[source] Cause),
    /// One row of the record holds what this program never writes there. All others can be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableRow),
    /// The program did what it must not do: the same call fails again.
    #[error("the program has a fault")]
    Bug(#[source] Cause),
}

/// A row of the record that cannot be read. The value itself is not kept: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {key} of {table} cannot be read: {column}")]
pub struct UnreadableRow {
    /// The table.
    pub table: &'static str,
    /// The column whose value is not one that it can have.
    pub column: &'static str,
    /// The row: its key, inside the service only.
    pub key: String,
    /// What the row is, or belongs to, where that has a public id.
    pub owner: Option<Box<RowOwner>>,
}

/// What a row is, or belongs to, by its public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOwner {
    /// An order.
    Order(OrderNumber),
    /// A transaction of that order.
    Transaction(TransactionId, OrderNumber),
    /// A product.
    Product(ProductId),
    /// An event of that gateway, about that transaction if it names one.
    Event(GatewayName, EventId, Option<TransactionId>),
    /// A user.
    User(UserId),
    /// Something of the user in that row, whose public id is not beside it.
    UserRow(UserKey),
}

impl UnreadableRow {
    /// The row in one text: `orders:17`.
    #[must_use]
    pub fn row_label(&self) -> String {
        format!("{}:{}", self.table, self.key)
    }
}

/// Hears of every row that a record could not read, whether the read failed with it or left it out.
pub trait UnreadableObserver: Send + Sync {
    /// Takes note of one. It neither waits nor fails, and may be given one row as often as that is read.
    fn record_unreadable(&self, row: &UnreadableRow);
}

/// A witness that takes no note.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl UnreadableObserver for NoObserver {
    fn record_unreadable(&self, _: &UnreadableRow) {}
}

impl PortError {
    /// Something outside did not answer.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into().into())
    }

    /// The program has a fault.
    pub fn bug(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Bug(cause.into().into())
    }
}

/// An error with everything that led to it, as one line: `cannot connect: refused: …`.
///
/// ```
/// let fault = ports::PortError::away("connection refused");
/// assert_eq!(ports::Causes(&fault).to_string(), "a dependency is away: connection refused");
/// ```
pub struct ErrorChain<'e>(pub &'e (dyn Error + 'e));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            next = cause.source();
            let cause = cause.to_string();
            // Some errors repeat what their cause says.
            if !said.ends_with(&cause) {
                write!(f, ": {cause}")?;
            }
            said = cause;
        }
        Ok(())
    }
}
