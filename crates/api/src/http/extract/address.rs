//! Finds the client's address behind trusted proxies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The header to which each proxy appends the address of its own peer, at the right.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The right-most hop that is not a trusted proxy. Everything further left may be written by the client
/// itself.
pub(super) fn client_ip(request: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    // IPv4 written as IPv6 (`::ffff:192.0.2.1`) is the same peer, and must match a trusted IPv4 network.
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |it| it.ip().to_canonical());
    let is_trusted = |address: IpAddr| trusted.iter().any(|it| it.contains(&address));
    // A value that is no text stays in the list as an unreadable hop: left out, it would let the hop to its
    // left count, which the client may have made up.
    let values: Vec<_> =
        request.headers().get_all(FORWARDED_FOR).map(|it| it.to_str().unwrap_or("?")).collect();
    let mut hops = values.iter().rev().flat_map(|it| it.rsplit(','));
    let mut client = peer;
    while is_trusted(client) {
        match hops.next().map(|it| parse_hop(it.trim())) {
            Some(Some(hop)) => client = hop,
            // Unreadable, or no hop is left: the last trusted proxy stands for the client. That may count
            // several clients together, but no client can choose its own address.
            Some(None) | None => break,
        }
    }
    client
}

/// Parses a hop: an address, with or without a port, in its canonical form.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse().ok();
    bare.or_else(|| hop.parse::<SocketAddr>().ok().map(|it| it.ip())).map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use port_contracts::work::assert_linear_work;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|it| it.parse().unwrap()).to_vec();
        let request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 5000));
        let request = forwarded.iter().fold(request, |it, value| it.append_header((FORWARDED_FOR, *value)));
        client_ip(&request.to_http_request(), &trusted).to_string()
    }

    #[test]
    fn a_stranger_may_write_what_it_likes() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_proxy_is_believed_about_its_peer_and_no_further() {
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9:1234"]), "203.0.113.9");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_work_grows_with_the_chain_and_not_faster() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for part in ["10.0.0.2,", ",", "x", "[2001:db8::7]:443,"] {
            let request = |bytes: usize| {
                let request = TestRequest::get().peer_addr(SocketAddr::from(([10, 0, 0, 1], 5000)));
                request.insert_header((FORWARDED_FOR, part.repeat(bytes / part.len()))).to_http_request()
            };
            assert_linear_work(part, 64 * 1024, request, |it| client_ip(it, &trusted));
        }
    }
}
