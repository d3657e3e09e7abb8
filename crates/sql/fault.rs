//! What a failure of the database means for whoever called.

use diesel::result::{DatabaseErrorKind, Error};
use ports::PortError;

use super::row::unreadable_row;
use crate::dialect::is_program_error;

/// Tells a database that is away from a row that cannot be read and from what this program should not have asked for.
///
/// A violated key or rule that a guard stands for never gets here: its write has made it a refusal.
pub(crate) fn classify_error(error: Error) -> PortError {
    let error = match unreadable_row(error) {
        Ok(row) => return row.into(),
        Err(error) => error,
    };
    if is_away(&error) { PortError::unavailable(error) } else { PortError::bug(error) }
}

fn is_away(error: &Error) -> bool {
    if let Error::DatabaseError(kind, told) = error {
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
            // Each driver tells the rest by its text.
            _ => !is_program_error(told.message()),
        };
    }
    if let Error::RollbackErrorOnCommit { commit_error, .. } = error {
        return is_away(commit_error);
    }
    // A connection was lost in the middle.
    matches!(error, Error::BrokenTransactionManager)
}
