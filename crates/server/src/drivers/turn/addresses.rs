//! By which addresses others reach this machine: what is configured, else what its interfaces have.

use nix::ifaddrs::getifaddrs;
use std::net::{IpAddr, SocketAddr};

/// Where clients find the relay, and where relayed addresses are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachable {
    /// Relayed addresses are made of these; never empty.
    pub addresses: Vec<IpAddr>,
    /// They were configured, so clients come in by them, whichever way their page took.
    configured: bool,
    /// Where others than this machine come in.
    outside_port: Option<u16>,
}

impl Reachable {
    /// `bound`: what is listened on.
    pub fn new(configured: &[IpAddr], bound: &[SocketAddr]) -> Self {
        Self::with_interfaces(configured, bound, interfaces)
    }

    fn with_interfaces(
        configured: &[IpAddr],
        bound: &[SocketAddr],
        interfaces: impl Fn() -> Vec<IpAddr>,
    ) -> Self {
        let outside = bound.iter().find(|address| !address.ip().to_canonical().is_loopback());
        let outside_port = outside.map(SocketAddr::port);
        if !configured.is_empty() {
            return Self { addresses: configured.to_vec(), configured: true, outside_port };
        }
        let mut addresses: Vec<IpAddr> = Vec::new();
        for ip in bound.iter().map(|address| address.ip().to_canonical()) {
            let found = if ip.is_unspecified() { of_wildcard(ip, &interfaces()) } else { vec![ip] };
            addresses.extend(found);
        }
        // Who can be reached from elsewhere is, and a stranger's loopback address leads nowhere.
        addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
        let mut seen = std::collections::HashSet::new();
        addresses.retain(|ip| seen.insert(*ip));
        Self { addresses, configured: false, outside_port }
    }

    /// Host and port for a client that connected to this address of ours.
    pub fn place_for(&self, came_in_at: SocketAddr) -> SocketAddr {
        let (ip, port) = (came_in_at.ip().to_canonical(), came_in_at.port());
        let first = self.addresses.first().copied().unwrap_or(ip);
        if ip.is_loopback() && !first.is_loopback() {
            // Perhaps through a web server on this machine, whose clients are elsewhere.
            return SocketAddr::new(first, self.outside_port.unwrap_or(port));
        }
        SocketAddr::new(if self.configured { first } else { ip }, port)
    }
}

/// A client of IPv4 is one, whichever socket it comes to.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The addresses behind `0.0.0.0` or `::`, which takes IPv4 in as well.
fn of_wildcard(wildcard: IpAddr, interfaces: &[IpAddr]) -> Vec<IpAddr> {
    let fits = |ip: &&IpAddr| wildcard.is_ipv6() || ip.is_ipv4();
    let found: Vec<IpAddr> = interfaces.iter().filter(fits).copied().collect();
    let outside: Vec<IpAddr> = found.iter().filter(|ip| !ip.is_loopback()).copied().collect();
    if outside.is_empty() { found } else { outside }
}

/// Those of interfaces that are up, without those that mean nothing beyond their link.
fn interfaces() -> Vec<IpAddr> {
    let found = match getifaddrs() {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "cannot ask for the addresses of this machine; set external_addresses");
            return Vec::new();
        }
    };
    let up = nix::net::if_::InterfaceFlags::IFF_UP;
    found
        .filter(|interface| interface.flags.contains(up))
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        })
        .filter(|ip| !is_link_local(*ip))
        .collect()
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn reachable(configured: &[&str], bound: &[&str]) -> Reachable {
        let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().unwrap()).collect();
        let interfaces = || ips(&["127.0.0.1", "::1", "2001:db8::7", "192.0.2.7"]);
        Reachable::with_interfaces(&ips(configured), &bound, interfaces)
    }

    fn told(reachable: &Reachable, came_in_at: &str) -> String {
        reachable.place_for(came_in_at.parse().unwrap()).to_string()
    }

    #[test]
    fn on_loopback_it_is_loopback() {
        let local = reachable(&[], &["127.0.0.1:8080", "[::1]:8080"]);
        assert_eq!(local.addresses, ips(&["127.0.0.1", "::1"]));
        assert_eq!(told(&local, "127.0.0.1:8080"), "127.0.0.1:8080");
        assert_eq!(told(&local, "[::1]:8080"), "[::1]:8080");
    }

    #[test]
    fn a_wildcard_is_what_the_interfaces_have() {
        let v4 = reachable(&[], &["0.0.0.0:8080"]);
        assert_eq!(v4.addresses, ips(&["192.0.2.7"]));
        let both = reachable(&[], &["[::]:8080"]);
        assert_eq!(both.addresses, ips(&["192.0.2.7", "2001:db8::7"]));
        assert_eq!(told(&both, "[::ffff:192.0.2.7]:8080"), "192.0.2.7:8080");
        assert_eq!(told(&both, "[2001:db8::7]:8080"), "[2001:db8::7]:8080");
    }

    #[test]
    fn who_came_through_a_web_server_on_this_machine_is_told_an_address_that_leads_here() {
        let all = reachable(&[], &["0.0.0.0:8080"]);
        assert_eq!(told(&all, "127.0.0.1:8080"), "192.0.2.7:8080");
        let two = reachable(&["203.0.113.7"], &["127.0.0.1:8080", "0.0.0.0:3478"]);
        assert_eq!(told(&two, "127.0.0.1:8080"), "203.0.113.7:3478");
    }

    #[test]
    fn what_is_configured_counts_alone() {
        let configured = reachable(&["203.0.113.7"], &["0.0.0.0:443"]);
        assert_eq!(configured.addresses, ips(&["203.0.113.7"]));
        assert_eq!(told(&configured, "192.0.2.7:443"), "203.0.113.7:443");
        assert_eq!(told(&configured, "[2001:db8::7]:443"), "203.0.113.7:443");
    }
}
