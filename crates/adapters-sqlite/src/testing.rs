//! Lets tests damage the database in ways that the service itself cannot.

use std::path::Path;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};

/// How long it waits for writes of the service, in milliseconds.
const BUSY_TIMEOUT_MS: u32 = 10_000;

/// Runs SQL on the file of a database that may be in use, without the checks of its schema.
///
/// # Errors
/// When the file cannot be opened, or the SQL is refused.
pub fn execute_sql(file: &Path, sql: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    let quiet = format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;"
    );
    connection.batch_execute(&quiet)?;
    Ok(connection.batch_execute(sql)?)
}
