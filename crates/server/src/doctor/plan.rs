//! What is to be checked, put together from what was asked. Decides nothing about the network.

use super::arguments::{Asked, Subject};
use super::relays::Offer;
use super::target::{Host, Scheme, Target, split_port};
use crate::config::{AllowedOrigin, Config, ListenAddress};
use std::net::IpAddr;
use std::time::Duration;

/// One run of the doctor.
#[derive(Debug)]
pub struct Plan {
    pub target: Target,
    /// By which scheme; absent: whatever the port speaks.
    pub asked: Option<Scheme>,
    /// From where pages come, if not from the target.
    pub origin: Option<String>,
    /// The addresses that the configuration gives to clients.
    pub advertised: Vec<IpAddr>,
    pub local: Option<Local>,
    pub relays: Option<Offer>,
    pub deadline: Duration,
}

/// What can be looked at beside the server only.
#[derive(Debug)]
pub struct Local {
    pub listen: Vec<ListenAddress>,
    pub max_connections: u64,
}

impl Local {
    pub fn exposed(&self) -> bool {
        self.listen.iter().any(|address| !address.is_loopback())
    }
}

/// `Err`: the mistakes of a configuration that is none.
pub fn plan(asked: Asked) -> Result<Plan, Vec<String>> {
    let Asked { subject, relays, deadline, json: _ } = asked;
    match subject {
        Subject::Broken(mistakes) => Err(mistakes),
        Subject::Address(target) => Ok(Plan {
            asked: Some(target.scheme),
            target,
            origin: None,
            advertised: Vec::new(),
            local: None,
            relays,
            deadline,
        }),
        Subject::Local(config) => Ok(beside(&config, relays, deadline)),
    }
}

fn beside(config: &Config, relays: Option<Offer>, deadline: Duration) -> Plan {
    let domain = config.server.domain.0.as_deref();
    let listen = config.server.listen.clone();
    let open_to_all = listen.iter().find(|address| !address.is_loopback());
    let first = open_to_all.or(listen.first());
    let port = first.map_or(0, ListenAddress::port);
    let named = domain.and_then(Host::parse);
    let asked = config.speaks_tls().then_some(Scheme::Https);
    let host = named.unwrap_or_else(|| first.map_or(localhost(), host_of));
    let target = Target { scheme: asked.unwrap_or(Scheme::Http), host, port };
    let origin = config.server.allow_origins.iter().find_map(|allowed| match allowed {
        AllowedOrigin::Exactly(origin) => Some(origin.to_string()),
        AllowedOrigin::Any => None,
    });
    Plan {
        origin: origin.filter(|_| domain.is_none()),
        target,
        asked,
        advertised: config.server.external_addresses.iter().map(|address| address.0).collect(),
        local: Some(Local {
            listen,
            max_connections: config.limits.max_connections.try_into().unwrap_or(u64::MAX),
        }),
        relays,
        deadline,
    }
}

fn localhost() -> Host {
    Host::Name("localhost".into())
}

fn host_of(address: &ListenAddress) -> Host {
    let text = address.reachable();
    split_port(&text).and_then(|(host, _)| Host::parse(host)).unwrap_or_else(localhost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::arguments::{Command, parse};

    fn planned(arguments: &[&str]) -> Plan {
        let Ok(Command::Examine(asked)) = parse(arguments.iter().map(Into::into), []) else {
            panic!("refused: {arguments:?}");
        };
        plan(*asked).unwrap()
    }

    #[test]
    fn without_anything_it_is_the_default_server_on_this_machine() {
        let plan = planned(&[]);
        assert_eq!(plan.target.origin(), "http://localhost:8080");
        assert_eq!((plan.asked, plan.origin.as_deref()), (None, None));
        assert!(!plan.local.unwrap().exposed());
    }

    #[test]
    fn a_server_for_others_is_asked_as_their_pages_would_ask() {
        let flags = ["--listen", "localhost:8080", "--listen", "0.0.0.0:9000", "--open-rooms"];
        let plan = planned(&[&flags[..], &["--allow-origin", "https://meet.example.org"]].concat());
        assert_eq!(plan.target.origin(), "http://localhost:9000");
        assert_eq!(plan.origin.as_deref(), Some("https://meet.example.org"));
        assert!(plan.local.unwrap().exposed());
    }

    #[test]
    fn one_address_is_asked_by_that_address() {
        assert_eq!(planned(&["--listen", "[::1]:81"]).target.origin(), "http://[::1]:81");
        assert_eq!(planned(&["--listen", "127.0.0.9:81"]).target.origin(), "http://127.0.0.9:81");
    }

    #[test]
    fn a_url_is_asked_by_its_scheme_and_by_nothing_of_this_machine() {
        let plan = planned(&["https://meet.example.org"]);
        assert_eq!(plan.asked, Some(Scheme::Https));
        assert!(plan.local.is_none() && plan.advertised.is_empty());
    }
}
