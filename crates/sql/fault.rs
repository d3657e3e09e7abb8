//! How a failure of the database is reported to the caller.

use diesel::result::{DatabaseErrorKind, Error};
use ports::PortError;

use super::row::unreadable_row;
use crate::dialect::is_program_error;

/// Contention with other work that made a transaction fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contention {
    /// Whether the other work has won and is done, so that the same transaction may succeed when it is repeated. Otherwise a
    /// lock is still held, or a statement took too long.
    pub(crate) is_over: bool,
}

/// Sorts an error of the driver by what helps against it: time (`Unavailable`), a person who repairs a row
/// (`Unreadable`), or a new version of this program (`Bug`).
///
/// A violated key or rule that a guard stands for never gets here, because its write has turned it into a
/// violation.
pub(crate) fn classify_error(error: Error) -> PortError {
    let error = match unreadable_row(error) {
        Ok(row) => return row.into(),
        Err(error) => error,
    };
    if is_unavailable(&error) { PortError::unavailable(error) } else { PortError::bug(error) }
}

/// Whether the error comes from a statement, an unreadable row or a broken rule, and not from the connection.
pub(crate) fn is_statement_error(error: &Error) -> bool {
    matches!(error, Error::DeserializationError(_)) || !is_unavailable(error)
}

fn is_unavailable(error: &Error) -> bool {
    if let Error::DatabaseError(kind, info) = error {
        return match kind {
            DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::ClosedConnection => true,
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation => false,
            // For the rest the drivers give a text only, so each dialect has a list of the texts that it
            // knows.
            _ => !is_program_error(info.message()),
        };
    }
    if let Error::RollbackErrorOnCommit { commit_error, .. } = error {
        return is_unavailable(commit_error);
    }
    // The connection was lost in the middle of a transaction; the other variants come from the query
    // builder.
    matches!(error, Error::BrokenTransactionManager)
}
