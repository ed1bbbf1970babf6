//! Whose word is taken for where a request comes from: `X-Forwarded-For` and `Forwarded` (RFC 7239) of the proxies that
//! the configuration names, and of nobody else.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HeaderName};

use crate::config::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies before proxies; more hops than this are somebody's invention.
const MAX_HOPS: usize = 32;

#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    pub fn new(trusted: &[Network]) -> Self {
        Self(trusted.to_vec())
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// The last address on the way that is no proxy of ours: what stands before it, anybody can have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.0.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        for hop in hops(headers).into_iter().rev().take(MAX_HOPS) {
            // What can't be read was written by somebody whom the last proxy did not know by address.
            let Some(address) = hop else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

/// From the client to the last proxy; one kind of header or the other, as proxies add to one only.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name: &HeaderName| {
        let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
        lines.collect::<Vec<_>>().join(",")
    };
    let plain = lines(&X_FORWARDED_FOR);
    if !plain.is_empty() {
        return plain.split(',').map(|hop| address(hop.trim())).collect();
    }
    let forwarded = lines(&FORWARDED);
    if forwarded.is_empty() {
        return Vec::new();
    }
    forwarded.split(',').map(forwarded_for).collect()
}

/// `for="[2001:db8::1]:4711";proto=https`
fn forwarded_for(hop: &str) -> Option<IpAddr> {
    let mut pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

/// With a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Proxies::new(&trusted).client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let header = [("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client("127.0.0.1", &header), "198.51.100.7");
        assert_eq!(client("::ffff:127.0.0.1", &header), "198.51.100.7");
        assert_eq!(client("203.0.113.1", &header), "203.0.113.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        let forged = [("x-forwarded-for", "192.0.2.66, 198.51.100.7, 10.1.1.1")];
        assert_eq!(client("127.0.0.1", &forged), "198.51.100.7");
        let in_lines = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client("127.0.0.1", &in_lines), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &[("x-forwarded-for", "unknown, 10.1.1.1")]), "10.1.1.1");
    }

    #[test]
    fn the_standard_header_is_read_too() {
        let standard =
            [("forwarded", "for=192.0.2.66, FOR=\"[2001:db8::1]:4711\";proto=https, for=10.1.1.1")];
        assert_eq!(client("127.0.0.1", &standard), "2001:db8::1");
        assert_eq!(
            client("127.0.0.1", &[("forwarded", "for=198.51.100.7:80;by=10.0.0.1")]),
            "198.51.100.7"
        );
        assert_eq!(client("127.0.0.1", &[("forwarded", "for=_hidden")]), "127.0.0.1");
    }
}
