//! Checks the API key of a request.

use ports::PortError;

use super::ApiKeyText;
use crate::{App, ServiceCaller, clock_reading::ClockReading};

/// The system that a key stands for; `None` if there is no such key, it is revoked, or it has expired.
///
/// # Errors
/// [`PortError`] when the system of record is unavailable and the key was not read within the last second.
pub async fn authenticate_key(app: &App, text: &ApiKeyText) -> Result<Option<ServiceCaller>, PortError> {
    // By the digest and not by the text: how long an index takes to find a digest tells nothing about a text that
    // has it.
    let digest = text.digest(&*app.content_digests);
    // Read before the query: a key that is revoked while the query runs may be missing from its result.
    let now = ClockReading::now(&*app.clock);
    let key = match app.recent_keys.find_key(&digest, now) {
        Some(key) => key,
        None => {
            let Some(key) = app.api_keys.find_api_key_by_digest(&digest).await? else { return Ok(None) };
            app.recent_keys.put_key(digest, &key, now);
            key
        }
    };
    if !key.is_live(now.at) {
        return Ok(None);
    }
    app.key_uses.add_use(&key, now.at);
    Ok(Some(ServiceCaller { key }))
}
