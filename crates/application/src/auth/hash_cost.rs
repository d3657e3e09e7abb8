//! Padding every password verification to the same cost, so that its time reveals nothing about the account.

use ports::PortError;

use crate::App;

/// Reads the highest cost of all stored hashes, and pads every verification to it from now on. Called at the
/// start and once a minute; until the next call, a costlier hash made by an instance with another setting may
/// show by its time.
///
/// # Errors
/// [`PortError`]; the padding stays as it is.
pub async fn load_highest_hash_cost(app: &App) -> Result<(), PortError> {
    app.hasher.pad_to_cost(app.users.highest_hash_cost().await?);
    Ok(())
}
