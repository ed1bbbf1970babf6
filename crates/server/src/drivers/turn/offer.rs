//! What clients are told of STUN and TURN: where it is, and credentials that hold for a time.

use parlor_dialects::{Ice, IceServer};
use parlor_rooms::Timestamp;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::addresses::Reachable;
use crate::config::Config;
use crate::tls::Tls;

pub struct IceOffer {
    /// Servers of others.
    stun: RwLock<Vec<String>>,
    own: Option<Own>,
    tls: Option<Arc<Tls>>,
    lifetime: Duration,
}

/// This server's own STUN and TURN.
pub struct Own {
    pub reachable: Reachable,
    /// Of credentials; shared with the relay.
    pub secret: String,
}

#[cfg(test)]
impl Own {
    pub fn at(bound: SocketAddr, secret: &str) -> Self {
        Self { reachable: Reachable::new(&[], &[bound]), secret: secret.into() }
    }
}

impl IceOffer {
    pub fn new(config: &Config, own: Option<Own>, tls: Option<Arc<Tls>>) -> Self {
        let stun = RwLock::new(others(config));
        Self { stun, own, tls, lifetime: config.turn.credential_lifetime }
    }

    /// From the next offer on.
    pub fn change(&self, config: &Config) {
        *self.stun.write().unwrap_or_else(PoisonError::into_inner) = others(config);
    }

    /// How long after an offer its client needs the next: early enough for a call that begins at the last moment.
    /// `None`: nothing in it expires.
    pub fn renewal(&self) -> Option<Duration> {
        self.own.as_ref().map(|_| self.lifetime / 2)
    }

    /// For one client, who connected to this address of ours.
    pub fn mint(&self, user: &str, came_in_at: Option<SocketAddr>, now: Timestamp) -> Ice {
        let place = self.own.as_ref().zip(came_in_at);
        let place = place.map(|(own, at)| (own, self.place(own, at), at.port()));
        let own_stun = place.as_ref().map(|(_, at, _)| format!("stun:{at}"));
        let stun: Vec<String> = own_stun.into_iter().chain(self.others()).collect();
        let mut servers = Vec::new();
        if !stun.is_empty() {
            servers.push(IceServer { urls: stun, username: None, credential: None });
        }
        if let Some((own, at, port)) = place {
            let minted = parlor_turn::mint(&own.secret, user, now.after(self.lifetime));
            servers.push(IceServer {
                urls: self.relays(&at, port),
                username: Some(minted.username),
                credential: Some(minted.credential),
            });
        }
        Ice { servers, ttl: self.lifetime }
    }

    fn others(&self) -> Vec<String> {
        self.stun.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Host and port. The name of a domain leads here even where this machine does not know by which address.
    fn place(&self, own: &Own, came_in_at: SocketAddr) -> String {
        let domain = self.tls.as_ref().and_then(|tls| tls.domain.as_deref());
        match domain {
            Some(domain) => format!("{domain}:{}", came_in_at.port()),
            None => own.reachable.place_for(came_in_at).to_string(),
        }
    }

    fn relays(&self, at: &str, port: u16) -> Vec<String> {
        let mut urls = vec![format!("turn:{at}?transport=udp"), format!("turn:{at}?transport=tcp")];
        if let Some(tls) = &self.tls {
            // The certificate has to fit.
            let at = tls.name().map_or(at.into(), |name| format!("{name}:{port}"));
            urls.push(format!("turns:{at}?transport=tcp"));
        }
        urls
    }
}

fn others(config: &Config) -> Vec<String> {
    config.ice.servers.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Request;

    const NOW: Timestamp = Timestamp(1_767_225_600_000);

    fn config() -> Config {
        let arguments = ["--ice-server", "stun:stun.example.org"].map(Into::into);
        match crate::config::load(arguments, []) {
            Ok(Request::Run(config)) => *config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_client_is_told_where_it_came_in_and_has_credentials_of_its_own() {
        let at: SocketAddr = "[::1]:8080".parse().unwrap();
        let offer = IceOffer::new(&config(), Some(Own::at(at, "north")), None);
        let ice = offer.mint("ada", Some(at), NOW);
        let [stun, turn] = ice.servers.as_slice() else { panic!("{ice:?}") };
        assert_eq!(stun.urls, ["stun:[::1]:8080", "stun:stun.example.org"]);
        assert_eq!(stun.credential, None);
        let ways = ["udp", "tcp"].map(|by| format!("turn:[::1]:8080?transport={by}"));
        assert_eq!(turn.urls, ways);
        let expected = parlor_turn::mint("north", "ada", NOW.after(Duration::from_secs(3_600)));
        assert_eq!(turn.username, Some("1767229200:ada".into()));
        assert_eq!(turn.credential, Some(expected.credential));
        assert_eq!(ice.ttl, Duration::from_secs(3_600));
    }

    #[test]
    fn without_a_relay_the_servers_of_others_are_left() {
        let offer = IceOffer::new(&config(), None, None);
        let ice = offer.mint("ada", Some("127.0.0.1:1".parse().unwrap()), NOW);
        assert_eq!(ice.servers.len(), 1);
        assert_eq!(offer.renewal(), None);
    }
}
