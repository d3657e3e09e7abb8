//! The networks of clients, by which attempts are counted and queues take turns.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The network of a client: its IPv4 address, or the first 64 bits of its IPv6 address. An IPv4 address that
/// is written as an IPv6 one is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network that an address belongs to.
    #[must_use]
    pub fn from_address(address: IpAddr) -> Self {
        // A client with one address of a /64 can use all 2^64 of them, so a limit for each address would
        // limit nothing. A dual-stack socket reports IPv4 clients as ::ffff:a.b.c.d, and all of those would
        // share one /64.
        match address.to_canonical() {
            whole @ IpAddr::V4(_) => Self(whole),
            IpAddr::V6(address) => {
                let kept = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(kept)))
            }
        }
    }
}

impl Network {
    /// Parses what [`Display`](fmt::Display) writes; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let network = Self::from_address(text.strip_suffix("/64").unwrap_or(text).parse().ok()?);
        // The other spellings of an address are no text of this service: counts are kept by the text.
        (network.to_string() == text).then_some(network)
    }
}

/// Writes `192.0.2.1` or `2001:db8::/64`; the text is also a key of counts, so it must not change.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(prefix) => write!(f, "{prefix}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> String {
        Network::from_address(address.parse().unwrap()).to_string()
    }

    #[test]
    fn an_ipv4_address_is_a_network_however_it_is_written() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn all_addresses_of_a_64_are_one_network() {
        assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff:ffff:ffff:ffff"), "2001:db8:1:2::/64");
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::1"), "::/64");
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_else() {
        for address in ["192.0.2.1", "2001:db8:1:2::1", "::1"] {
            let it = Network::from_address(address.parse().unwrap());
            assert_eq!(Network::parse(&it.to_string()), Some(it));
        }
        for other in ["", "192.0.2.1/64", "2001:db8:1:2::1/64", "2001:db8::", "::ffff:192.0.2.1", "x"] {
            assert_eq!(Network::parse(other), None, "{other}");
        }
    }
}
