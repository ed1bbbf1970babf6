//! The limits by address that are in force, shared by whoever lets something in.

use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use super::{Attempts, Proxies, Rate, Rates, speaks_for_others};
use crate::config::Limits;
use crate::transports::gate::Judge;

#[derive(Debug)]
pub struct Guard {
    /// For whoever checks tokens and secrets.
    pub attempts: Attempts,
    connections: Rates,
    requests: Rates,
    proxies: RwLock<Proxies>,
}

impl Guard {
    pub fn new(limits: &Limits) -> Self {
        Self {
            attempts: Attempts::default(),
            connections: Rates::new(connections(limits)),
            requests: Rates::new(requests(limits)),
            proxies: RwLock::new(Proxies::new(&limits.trusted_proxies)),
        }
    }

    /// From now on.
    pub fn change(&self, limits: &Limits) {
        self.connections.change(connections(limits));
        self.requests.change(requests(limits));
        let proxies = Proxies::new(&limits.trusted_proxies);
        *self.proxies.write().unwrap_or_else(PoisonError::into_inner) = proxies;
    }

    /// Whose request it is, as far as the proxy that passed it on is believed.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.with_proxies(|proxies| proxies.client(peer, headers))
    }

    pub fn take_request(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.is_one_client(from) { self.requests.take(from, now) } else { Ok(()) }
    }

    fn with_proxies<R>(&self, ask: impl FnOnce(&Proxies) -> R) -> R {
        ask(&self.proxies.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Judge for Guard {
    fn is_one_client(&self, address: IpAddr) -> bool {
        !speaks_for_others(address) && !self.with_proxies(|proxies| proxies.trusts(address))
    }

    fn is_hasty(&self, address: IpAddr) -> bool {
        self.is_one_client(address) && self.connections.take(address, Instant::now()).is_err()
    }
}

fn connections(limits: &Limits) -> Rate {
    Rate {
        per_second: limits.connections_per_second_per_address,
        burst: limits.connections_burst_per_address,
    }
}

fn requests(limits: &Limits) -> Rate {
    Rate {
        per_second: limits.requests_per_second_per_address,
        burst: limits.requests_burst_per_address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Network;

    #[test]
    fn who_comes_through_a_trusted_proxy_has_the_limits_and_not_the_proxy() {
        let limits = Limits {
            requests_per_second_per_address: 1,
            requests_burst_per_address: 1,
            trusted_proxies: vec![Network::parse("192.0.2.1/32").unwrap()],
            ..Limits::default()
        };
        let (guard, now) = (Guard::new(&limits), Instant::now());
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        let from = |client: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", client.parse().unwrap());
            guard.client(proxy, &headers)
        };
        assert!((0..9).all(|_| guard.take_request(proxy, now).is_ok()));
        assert_eq!(guard.take_request(from("198.51.100.7"), now), Ok(()));
        assert!(guard.take_request(from("198.51.100.7"), now).is_err());
        assert_eq!(guard.take_request(from("198.51.100.8"), now), Ok(()));
        guard.change(&Limits::default());
        assert!(guard.take_request(proxy, now).is_ok());
        assert!(!guard.is_one_client("127.0.0.1".parse().unwrap()));
        assert!(guard.is_one_client(proxy));
    }
}
