//! Which addresses a message may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 networks that are not public (IANA's registry of special-purpose addresses), and one public address.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Link-local; 169.254.169.254 has the metadata of most clouds.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    // Azure's own services, reachable from its machines only.
    ([168, 63, 129, 16], 32),
];

/// IPv6 networks within the global unicast ones that are not public. 6to4 (2002::/16) and Teredo (in 2001::/23) lead to
/// any IPv4 address.
const SPECIAL_V6: &[([u16; 2], u8)] =
    &[([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// The well-known prefix of NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is reached.
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// Decides about addresses. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct AddressGuard {
    allow: Arc<[IpNet]>,
    allows_public: bool,
}

impl AddressGuard {
    /// Allows public addresses and these networks.
    pub(super) fn new(allow: Vec<IpNet>) -> Self {
        Self { allow: allow.into(), allows_public: true }
    }

    /// Allows the named networks only.
    pub(super) fn for_plain_http(&self) -> Self {
        Self { allows_public: false, ..self.clone() }
    }

    pub(super) fn is_allowed(&self, address: IpAddr) -> bool {
        let reached = reached_address(address);
        let is_named = |it: IpAddr| self.allow.iter().any(|network| network.contains(&it));
        is_named(address) || is_named(reached) || self.allows_public && is_public(reached)
    }
}

/// The address that a connection would reach: that within an IPv4-mapped or a NAT64 address, or the address itself.
fn reached_address(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    let [a, b, c, d, e, f, high, low] = v6.segments();
    if [a, b, c, d, e, f] != NAT64 {
        return IpAddr::V6(v6);
    }
    let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
    IpAddr::V4(Ipv4Addr::new(w, x, y, z))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            let is_in = |(network, bits): &([u8; 4], u8)| {
                Ipv4Net::new((*network).into(), *bits).is_ok_and(|net| net.contains(&it))
            };
            !SPECIAL_V4.iter().any(is_in)
        }
        IpAddr::V6(it) => {
            let is_in = |([first, second], bits): &([u16; 2], u8)| {
                let network = Ipv6Addr::new(*first, *second, 0, 0, 0, 0, 0, 0);
                Ipv6Net::new(network, *bits).is_ok_and(|net| net.contains(&it))
            };
            // Only 2000::/3 is given out for global use. All that is private, local or multicast lies outside.
            let [first, ..] = it.segments();
            first & 0xe000 == 0x2000 && !SPECIAL_V6.iter().any(is_in)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(allow: &[&str], address: &str) -> bool {
        let allow = allow.iter().map(|it| it.parse().unwrap()).collect();
        AddressGuard::new(allow).is_allowed(address.parse().unwrap())
    }

    #[test]
    fn what_is_not_public_is_refused_in_whatever_form() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:0808:0808::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_allowed(&[], address), "{address}");
        }
    }

    #[test]
    fn what_is_public_is_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_allowed(&[], address), "{address}");
        }
    }

    #[test]
    fn what_is_named_is_allowed_and_its_neighbours_are_not() {
        assert!(is_allowed(&["127.0.0.1/32"], "127.0.0.1"));
        assert!(is_allowed(&["127.0.0.1/32"], "::ffff:127.0.0.1"));
        assert!(!is_allowed(&["127.0.0.1/32"], "127.0.0.2"));
        assert!(is_allowed(&["fd00::/8"], "fd00:ec2::254"));
        assert!(!is_allowed(&["fd00::/8"], "fe80::1"));
    }

    #[test]
    fn without_encryption_only_what_is_named_is_allowed() {
        let guard = AddressGuard::new(vec!["10.0.0.0/8".parse().unwrap()]).for_plain_http();
        assert!(guard.is_allowed("10.1.2.3".parse().unwrap()));
        assert!(!guard.is_allowed("8.8.8.8".parse().unwrap()));
    }
}
