//! The addresses of memcached, read by the adapter's own parser, so that what is accepted here is accepted at the start.

use adapters_memcached::Memcached;

/// Reads a URL of memcached servers.
///
/// # Errors
/// The rule that the text breaks.
pub(super) fn parse_memcached_url(text: &str) -> Result<String, String> {
    Memcached::new(text).map(|_| text.to_owned()).map_err(|rule| rule.to_string())
}
