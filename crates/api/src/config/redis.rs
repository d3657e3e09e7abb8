//! The address of Redis, read by the adapter's own parser, so that what is accepted here is accepted at the start.

use adapters_redis::RedisAddress;
use secrecy::SecretString;

/// Reads a URL of Redis.
///
/// # Errors
/// The rule that the text breaks.
pub(super) fn parse_redis_url(text: &str) -> Result<SecretString, String> {
    RedisAddress::parse(text, None).map(|_| text.into()).map_err(|rule| rule.to_string())
}
