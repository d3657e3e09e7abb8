//! How a port fails, and what its caller may conclude from that.
//!
//! Every failure is one of three kinds, sorted by the remedy (ADR 0015):
//!
//! | kind | remedy | shown as |
//! | --- | --- | --- |
//! | [`PortError::Unavailable`] | time: try again later | 503 |
//! | [`PortError::Unreadable`] | an operator repairs one row | 500 |
//! | [`PortError::Bug`] | a new version of the program | 500 |

use std::{error::Error, fmt, sync::Arc};

use domain::{EventId, GatewayName, OrderNumber, ProductId, TransactionId, UserId, UserKey};

/// The driver's own error, or a text. It is shared because several callers may have waited for one call.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// The failure of any port, sorted by what helps against it.
///
/// Only the log may show a cause: it can name hosts and users.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PortError {
    /// A dependency did not answer, answered too late, or is full: the same call may succeed later.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] Cause),
    /// One row holds a value that this program never writes there. All other rows can be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableRow),
    /// The program broke a rule of the dependency: the same call fails again.
    #[error("the program has a fault")]
    Bug(#[source] Cause),
}

/// A row that cannot be read. The value itself is not stored here, because it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {key} of {table} cannot be read: {column}")]
pub struct UnreadableRow {
    /// The table's name in the database.
    pub table: &'static str,
    /// The column whose value is outside its allowed range.
    pub column: &'static str,
    /// The row's key. It stays inside the service and its log.
    pub key: String,
    /// The public entity that the row is or belongs to; `None` where there is none.
    pub owner: Option<Box<RowOwner>>,
}

/// The entity that a row is or belongs to, by its public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOwner {
    /// The row is an order, or one of its items or history entries.
    Order(OrderNumber),
    /// The row is a transaction of that order, or one of its refunds.
    Transaction(TransactionId, OrderNumber),
    /// The row is a product of the catalogue.
    Product(ProductId),
    /// An event of that gateway, about that transaction if it names one.
    Event(GatewayName, EventId, Option<TransactionId>),
    /// A user.
    User(UserId),
    /// Something of the user in that row, whose public id is not beside it.
    UserRow(UserKey),
}

impl UnreadableRow {
    /// Table and key in one text: `orders:17`.
    #[must_use]
    pub fn row_label(&self) -> String {
        format!("{}:{}", self.table, self.key)
    }
}

/// Is notified of every unreadable row, whether the read failed because of it or left it out.
pub trait UnreadableObserver: Send + Sync {
    /// Records one row. It neither waits nor fails, and may see the same row with every read.
    // Reads must not wait for a write, so an observer only remembers the row; a sweep writes the finding
    // later.
    fn record_unreadable(&self, row: &UnreadableRow);
}

/// An observer that ignores every row, for tests and commands.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl UnreadableObserver for NoObserver {
    fn record_unreadable(&self, _: &UnreadableRow) {}
}

impl PortError {
    /// An [`Unavailable`](Self::Unavailable) error with this cause.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into().into())
    }

    /// A [`Bug`](Self::Bug) with this cause.
    pub fn bug(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Bug(cause.into().into())
    }
}

/// An error with its chain of causes, as one line: `cannot connect: refused: …`.
///
/// ```
/// let fault = ports::PortError::unavailable("connection refused");
/// assert_eq!(ports::ErrorChain(&fault).to_string(), "a dependency is unavailable: connection refused");
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
            // Some drivers append their cause's text to their own; printing the cause again would repeat it.
            if !said.ends_with(&cause) {
                write!(f, ": {cause}")?;
            }
            said = cause;
        }
        Ok(())
    }
}
