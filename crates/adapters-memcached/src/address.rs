//! The addresses of servers in a URL.

const SCHEME: &str = "memcache://";
/// The port of a server that names none.
const PORT: u16 = 11_211;
/// Most servers that one URL names.
const SERVERS_MAX: usize = 32;

/// The text is no URL of memcached servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be memcache://host:port, with commas between several servers: memcache://host:port,host:port")]
pub struct InvalidUrl;

/// Each server of a `memcache://` URL as `host:port`, in ascending order and once; `None` for any other text.
pub(crate) fn parse_addresses(url: &str) -> Option<Vec<String>> {
    let places = url.strip_prefix(SCHEME)?;
    let places = places.strip_suffix('/').unwrap_or(places);
    let mut addresses: Vec<_> = places.split(',').map(parse_address).collect::<Option<_>>()?;
    addresses.sort();
    addresses.dedup();
    (addresses.len() <= SERVERS_MAX).then_some(addresses)
}

fn parse_address(place: &str) -> Option<String> {
    // The colons of an IPv6 address are within brackets, so a colon before `]` is not followed by a port.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|it| *it != 0)?),
        Some(_) | None => (place, PORT),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || is_v6 && "[]:".contains(c);
    (!host.is_empty() && host.chars().all(fits)).then(|| format!("{}:{port}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for (url, expected) in [
            ("memcache://cache", vec!["cache:11211"]),
            ("memcache://Cache.example.org/", vec!["cache.example.org:11211"]),
            ("memcache://127.0.0.1:5000", vec!["127.0.0.1:5000"]),
            ("memcache://[::1]", vec!["[::1]:11211"]),
            ("memcache://[::1]:5000", vec!["[::1]:5000"]),
            ("memcache://b:1,a:2,b:1,[::1]", vec!["[::1]:11211", "a:2", "b:1"]),
        ] {
            assert_eq!(parse_addresses(url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let many: Vec<_> = (1..=SERVERS_MAX + 1).map(|it| format!("a:{it}")).collect();
        let many = format!("memcache://{}", many.join(","));
        for url in [
            "",
            "cache:11211",
            "memcache://",
            "memcache://:1",
            "memcache://a:0",
            "memcache://a:99999",
            "memcache://a/b",
            "memcache://a,",
            "memcache://a,,b",
            "memcache://user@a",
            "memcache://a?b=c",
            &many,
        ] {
            assert_eq!(parse_addresses(url), None, "{url}");
        }
    }
}
