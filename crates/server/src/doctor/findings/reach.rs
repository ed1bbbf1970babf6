//! Whether the name leads to the server, and whether its port answers.

use super::list;
use crate::doctor::report::{Finding, millis};
use crate::doctor::target::Host;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// An address needs no looking up.
    Literal(IpAddr),
    Addresses(Vec<IpAddr>),
    Failed(String),
    Late,
}

impl Resolved {
    pub fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Self::Literal(ip) => vec![*ip],
            Self::Addresses(addresses) => addresses.clone(),
            Self::Failed(_) | Self::Late => Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connected {
    Open(Duration),
    Refused,
    Silent,
    Other(String),
}

/// `advertised` are the addresses that the configuration gives to clients.
pub fn name(host: &Host, resolved: &Resolved, advertised: &[IpAddr]) -> Finding {
    match resolved {
        Resolved::Literal(ip) => Finding::skipped(format!("{ip} is an address, not a name")),
        Resolved::Failed(error) => Finding::failed(
            format!("{host} does not resolve ({error})"),
            format!("add an A record (and AAAA for IPv6) for {host} with the server's address"),
        ),
        Resolved::Late => Finding::failed(
            format!("nobody says within the deadline which address {host} has"),
            "check this machine's resolver (/etc/resolv.conf)",
        ),
        Resolved::Addresses(addresses) => known(host, addresses, advertised)
            .fact("addresses", addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>()),
    }
}

fn known(host: &Host, addresses: &[IpAddr], advertised: &[IpAddr]) -> Finding {
    let here = addresses.iter().all(|ip| ip.to_canonical().is_loopback());
    if here && !host.is_loopback() {
        return Finding::warning(
            format!(
                "{host} is {} on this machine: others may see another address",
                list(addresses)
            ),
            format!("take {host} out of /etc/hosts, or run the doctor on another machine"),
        );
    }
    if !advertised.is_empty() && !advertised.iter().any(|ip| addresses.contains(ip)) {
        let (named, told) = (list(addresses), list(advertised));
        return Finding::warning(
            format!("{host} is {named}, but clients are sent to {told} for media"),
            format!("let {host} point to {told}, or set external_addresses to {named}"),
        );
    }
    Finding::ok(format!("{host} is {}", list(addresses)))
}

pub fn tcp(port: u16, tries: &[(SocketAddr, Connected)]) -> Finding {
    let open: Vec<_> = tries
        .iter()
        .filter_map(|(address, connected)| match connected {
            Connected::Open(took) => Some((address, *took)),
            Connected::Refused | Connected::Silent | Connected::Other(_) => None,
        })
        .collect();
    let shut: Vec<_> =
        tries.iter().filter(|(_, connected)| !matches!(connected, Connected::Open(_))).collect();
    let finding = match (open.first(), shut.first()) {
        (None, Some((address, connected))) => closed(*address, connected),
        (None, None) => Finding::skipped("there is no address to connect to"),
        // Who asks for localhost takes whichever family answers.
        (Some(_), Some((address, connected))) if !address.ip().is_loopback() => {
            let family = if address.is_ipv6() { "AAAA" } else { "A" };
            Finding::warning(
                format!("{address} {}, while other addresses of the name answer", fate(connected)),
                format!(
                    "open port {port}/tcp there, or take {} out of the name's {family} records",
                    address.ip()
                ),
            )
        }
        (Some((address, took)), _) => {
            Finding::ok(format!("{address} answers in {} ms", millis(*took)))
        }
    };
    finding
        .fact("open", open.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>())
        .fact("shut", shut.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>())
}

fn closed(address: SocketAddr, first: &Connected) -> Finding {
    let port = address.port();
    let listen = if address.ip().is_loopback() { "localhost" } else { "0.0.0.0" };
    match first {
        Connected::Silent => Finding::failed(
            format!("port {port}/tcp does not answer: something in between drops the packets"),
            format!(
                "open {port}/tcp in the firewall, and forward it on the router if there is one"
            ),
        ),
        Connected::Other(error) => Finding::failed(
            format!("port {port}/tcp cannot be reached ({error})"),
            "check this machine's route to the server",
        ),
        Connected::Refused | Connected::Open(_) => Finding::failed(
            format!("port {port}/tcp refuses connections: nothing listens there"),
            format!(
                "start Parlor so that it listens there (--listen {listen}:{port}), or the web server in front of it"
            ),
        ),
    }
}

fn fate(connected: &Connected) -> String {
    match connected {
        Connected::Open(_) => "answers".into(),
        Connected::Refused => "refuses connections".into(),
        Connected::Silent => "does not answer".into(),
        Connected::Other(error) => format!("cannot be reached ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Result;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn host() -> Host {
        Host::parse("meet.example.org").unwrap()
    }

    #[test]
    fn a_name_that_does_not_resolve_wants_a_record() {
        let found = name(&host(), &Resolved::Failed("no such host".into()), &[]);
        assert_eq!(found.result, Result::Failed);
        assert_eq!(found.sentence, "meet.example.org does not resolve (no such host)");
        assert!(found.change.unwrap().contains("A record"));
        assert_eq!(name(&host(), &Resolved::Late, &[]).result, Result::Failed);
    }

    #[test]
    fn a_name_is_told_with_its_addresses() {
        let resolved = Resolved::Addresses(vec![ip("203.0.113.5"), ip("2001:db8::5")]);
        let found = name(&host(), &resolved, &[ip("203.0.113.5")]);
        assert_eq!(found.sentence, "meet.example.org is 203.0.113.5 and 2001:db8::5");
        assert_eq!(found.result, Result::Ok);
        assert_eq!(found.facts["addresses"], serde_json::json!(["203.0.113.5", "2001:db8::5"]));
    }

    #[test]
    fn an_advertised_address_that_the_name_does_not_have_is_noticed() {
        let resolved = Resolved::Addresses(vec![ip("203.0.113.5")]);
        let found = name(&host(), &resolved, &[ip("203.0.113.9")]);
        assert_eq!(found.result, Result::Warning);
        assert!(found.change.unwrap().contains("external_addresses to 203.0.113.5"));
    }

    #[test]
    fn a_line_in_the_hosts_file_is_suspected() {
        let resolved = Resolved::Addresses(vec![ip("127.0.1.1")]);
        let found = name(&host(), &resolved, &[]);
        assert_eq!(found.result, Result::Warning);
        assert!(found.change.unwrap().contains("/etc/hosts"));
        let localhost = Host::parse("localhost").unwrap();
        assert_eq!(name(&localhost, &Resolved::Addresses(vec![ip("::1")]), &[]).result, Result::Ok);
    }

    fn at(text: &str, connected: Connected) -> (SocketAddr, Connected) {
        (text.parse().unwrap(), connected)
    }

    #[test]
    fn a_closed_port_and_a_firewall_are_two_things() {
        let refused = tcp(443, &[at("203.0.113.5:443", Connected::Refused)]);
        assert!(refused.sentence.contains("nothing listens"), "{refused:?}");
        assert!(refused.change.unwrap().contains("--listen 0.0.0.0:443"));
        let silent = tcp(443, &[at("203.0.113.5:443", Connected::Silent)]);
        assert!(silent.change.unwrap().contains("443/tcp in the firewall"));
        assert_eq!([refused.result, silent.result], [Result::Failed; 2]);
    }

    #[test]
    fn one_family_that_is_shut_is_a_warning_but_not_on_this_machine() {
        let open = || at("203.0.113.5:443", Connected::Open(Duration::from_micros(1_550)));
        let found = tcp(443, &[open(), at("[2001:db8::5]:443", Connected::Silent)]);
        assert_eq!(found.result, Result::Warning);
        assert!(found.change.unwrap().contains("AAAA"));
        assert_eq!(found.facts["shut"], serde_json::json!(["[2001:db8::5]:443"]));
        let found = tcp(443, &[open(), at("[::1]:443", Connected::Refused)]);
        assert_eq!(
            (found.result, found.sentence.as_str()),
            (Result::Ok, "203.0.113.5:443 answers in 1.6 ms")
        );
    }
}
