//! How much a verification must cost, so that no hash shows by its time.

use ports::PortError;

use crate::App;

/// Learns the highest cost of all hashes in the record, to which every verification is padded from then on. Until the
/// next look a costlier hash, made by an instance with another setting, may show.
///
/// # Errors
/// [`PortError`]; the padding stays as it is.
pub async fn load_highest_hash_cost(app: &App) -> Result<(), PortError> {
    app.hasher.pad_to_cost(app.users.highest_hash_cost().await?);
    Ok(())
}
