//! Whether the address that a relay hands out is one that others can reach.

use super::list;
use crate::doctor::report::Finding;
use crate::doctor::target::Host;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From how far away an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    Machine,
    Network,
    Public,
}

impl Reach {
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => Self::of_v6(ip),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        let [first, second, ..] = ip.octets();
        // RFC 6598: carriers number their customers from it.
        let shared = first == 100 && (64..128).contains(&second);
        if ip.is_loopback() || ip.is_unspecified() {
            Self::Machine
        } else if ip.is_private() || ip.is_link_local() || shared {
            Self::Network
        } else {
            Self::Public
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if ip.is_loopback() || ip.is_unspecified() {
            Self::Machine
        } else if ip.is_unique_local() || ip.is_unicast_link_local() {
            Self::Network
        } else {
            Self::Public
        }
    }
}

/// From where the doctor looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vantage {
    Outside,
    /// On the server's machine, where a loopback address says nothing of how others come in.
    Beside {
        /// Others than this machine can connect.
        exposed: bool,
    },
}

/// What to change where a server that was reached names another address for media, and that one is not.
pub fn misplaced(named: &Host, reached: &[IpAddr]) -> Option<String> {
    let Host::Ip(named) = named else { return None };
    let widest = reached.iter().max_by_key(|ip| Reach::of(**ip))?;
    // From the same machine everything looks near.
    let far = Reach::of(*widest) != Reach::Machine;
    let wrong = far && Reach::of(*named) != Reach::Public && !reached.contains(named);
    wrong.then(|| format!("set external_addresses to {}", with_flag(*widest)))
}

fn with_flag(reached: IpAddr) -> String {
    format!("{reached} (--external-address {reached})")
}

/// `reached`: the addresses by which the server was reached; `relayed`: those of its relays, and what they handed out.
/// `elsewhere`: the relays are not on that server, so the addresses need not be the same.
pub fn relay_address(
    vantage: Vantage,
    reached: &[IpAddr],
    relayed: &[IpAddr],
    elsewhere: bool,
) -> Finding {
    let Some(worst) = relayed.iter().copied().min_by_key(|ip| Reach::of(*ip)) else {
        return Finding::skipped("no relay has given an address");
    };
    let exposed = vantage == Vantage::Beside { exposed: true };
    let widest = reached.iter().copied().max_by_key(|ip| Reach::of(*ip));
    let finding = match widest {
        Some(widest) if Reach::of(worst) < Reach::of(widest) => narrow(worst, Some(widest)),
        _ if exposed && Reach::of(worst) == Reach::Machine => narrow(worst, None),
        _ if exposed && Reach::of(worst) == Reach::Network && !reached.contains(&worst) => {
            Finding::warning(
                format!(
                    "the relay advertises {worst}, which only its own network can reach (in a container: nobody else)"
                ),
                "if people come from elsewhere, set external_addresses to the address by which they reach this machine",
            )
        }
        Some(widest) if !elsewhere && !reached.contains(&worst) => other(worst, widest),
        Some(_) | None => Finding::ok(format!("relays hand out {}", list(unique(relayed)))),
    };
    finding.fact("relayed", unique(relayed).map(|ip| ip.to_string()).collect::<Vec<_>>())
}

fn unique(addresses: &[IpAddr]) -> impl Iterator<Item = &IpAddr> {
    let first = |at: usize, ip: &IpAddr| !addresses.iter().take(at).any(|earlier| earlier == ip);
    addresses.iter().enumerate().filter(move |(at, ip)| first(*at, ip)).map(|(_, ip)| ip)
}

fn narrow(relayed: IpAddr, reached: Option<IpAddr>) -> Finding {
    let whom = match Reach::of(relayed) {
        Reach::Machine => "only itself",
        Reach::Network | Reach::Public => {
            "only its own network (a container, or a machine behind NAT)"
        }
    };
    let to = match reached {
        Some(reached) => with_flag(reached),
        None => "the address by which others reach this machine".into(),
    };
    Finding::failed(
        format!("the relay advertises {relayed}, which {whom} can reach"),
        format!("set external_addresses to {to}"),
    )
}

fn other(relayed: IpAddr, reached: IpAddr) -> Finding {
    let (near, far) = (Reach::of(relayed), Reach::of(reached));
    if near == Reach::Public || far == Reach::Machine {
        return Finding::ok(format!("relays hand out {relayed}"));
    }
    Finding::warning(
        format!("the server is reached at {reached}, but its relay advertises {relayed}"),
        format!(
            "if others cannot reach {relayed}, set external_addresses to {reached} (--external-address {reached})"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Result;

    fn found(reached: &[&str], relayed: &[&str]) -> (Result, String) {
        found_from(Vantage::Outside, reached, relayed)
    }

    fn found_from(vantage: Vantage, reached: &[&str], relayed: &[&str]) -> (Result, String) {
        let read = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let finding = relay_address(vantage, &read(reached), &read(relayed), false);
        (finding.result, finding.sentence + " → " + &finding.change.unwrap_or_default())
    }

    #[test]
    fn a_container_that_advertises_itself_is_told_what_to_set() {
        let (result, words) = found(&["203.0.113.5"], &["172.17.0.2"]);
        assert_eq!(result, Result::Failed);
        assert!(words.starts_with("the relay advertises 172.17.0.2, which only its own network"));
        assert!(words.ends_with("--external-address 203.0.113.5)"), "{words}");
        assert_eq!(found(&["192.168.1.5"], &["127.0.0.1"]).0, Result::Failed);
        assert_eq!(found(&["2001:db8::1"], &["fd00::1"]).0, Result::Failed);
    }

    #[test]
    fn beside_the_server_a_private_address_is_suspected_where_others_can_come_in() {
        let exposed = Vantage::Beside { exposed: true };
        let (result, words) = found_from(exposed, &["127.0.0.1"], &["172.17.0.2"]);
        assert_eq!(result, Result::Warning);
        assert!(words.contains("set external_addresses"), "{words}");
        assert_eq!(found_from(exposed, &["127.0.0.1"], &["127.0.0.1"]).0, Result::Failed);
        assert_eq!(found_from(exposed, &["127.0.0.1"], &["203.0.113.5"]).0, Result::Ok);
        let alone = Vantage::Beside { exposed: false };
        assert_eq!(found_from(alone, &["127.0.0.1"], &["127.0.0.1"]).0, Result::Ok);
    }

    #[test]
    fn another_network_is_suspected_and_the_same_address_is_right() {
        assert_eq!(found(&["192.168.1.5"], &["172.17.0.2"]).0, Result::Warning);
        assert_eq!(found(&["192.168.1.5"], &["192.168.1.5"]).0, Result::Ok);
        assert_eq!(found(&["203.0.113.5"], &["203.0.113.6"]).0, Result::Ok);
        assert_eq!(found(&["127.0.0.1", "::1"], &["127.0.0.1"]).0, Result::Ok);
        assert_eq!(found(&["127.0.0.1"], &["203.0.113.6"]).0, Result::Ok);
        assert_eq!(found(&["127.0.0.1"], &[]).0, Result::Skipped);
    }

    #[test]
    fn a_server_that_sends_clients_to_an_address_that_only_it_knows_is_told() {
        let reached = ["203.0.113.5".parse().unwrap()];
        let change = |named| misplaced(&Host::parse(named).unwrap(), &reached);
        let wanted = "set external_addresses to 203.0.113.5 (--external-address 203.0.113.5)";
        assert_eq!(change("172.17.0.2").as_deref(), Some(wanted));
        assert_eq!(change("203.0.113.5"), None);
        assert_eq!(change("198.51.100.9"), None);
        assert_eq!(change("turn.example.org"), None);
        let beside = ["127.0.0.1".parse().unwrap()];
        assert_eq!(misplaced(&Host::parse("172.17.0.2").unwrap(), &beside), None);
    }

    #[test]
    fn how_far_an_address_reaches_is_seen_through_its_notation() {
        let of = |text: &str| Reach::of(text.parse().unwrap());
        assert_eq!(of("::ffff:127.0.0.1"), Reach::Machine);
        assert_eq!(of("100.64.0.1"), Reach::Network);
        assert_eq!(of("169.254.169.254"), Reach::Network);
        assert_eq!(of("fe80::1"), Reach::Network);
        assert_eq!([of("100.128.0.1"), of("2a00::1"), of("8.8.8.8")], [Reach::Public; 3]);
    }
}
