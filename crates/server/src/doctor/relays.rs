//! STUN and TURN servers as browsers are told of them (RFC 7064, RFC 7065, RTCIceServer). Parsing only.

use super::target::{Host, split_port};
use super::turn_client::Credentials;
use crate::origin::parse_port;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// More is a mistake of whoever answers, and would take longer than anybody waits.
const MAX_SERVERS: usize = 8;
const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Stun,
    Turn,
}

/// One URL of an ICE server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    pub kind: Kind,
    pub host: Host,
    pub port: u16,
    pub transport: Transport,
}

impl ServerUrl {
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let (address, query) =
            rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
        let over = match query {
            None => None,
            Some(query) => Some(query.strip_prefix("transport=")?),
        };
        let (kind, secure) = match scheme.to_ascii_lowercase().as_str() {
            "stun" => (Kind::Stun, false),
            "stuns" => (Kind::Stun, true),
            "turn" => (Kind::Turn, false),
            "turns" => (Kind::Turn, true),
            _ => return None,
        };
        let transport = match over.map(str::to_ascii_lowercase).as_deref() {
            None | Some("udp") if !secure => Transport::Udp,
            Some("tcp") if !secure => Transport::Tcp,
            // Browsers take TLS over TCP for `turns:` whatever stands behind it.
            None | Some("udp" | "tcp") => Transport::Tls,
            Some(_) => return None,
        };
        let (host, port) = split_port(address)?;
        let default = if secure { TLS_PORT } else { PORT };
        let port = port.map_or(Some(default), parse_port)?;
        Some(Self { kind, host: Host::parse(host)?, port, transport })
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, host, port, transport } = self;
        match (kind, transport) {
            (Kind::Stun, Transport::Udp | Transport::Tcp) => write!(f, "stun:{host}:{port}"),
            (Kind::Stun, Transport::Tls) => write!(f, "stuns:{host}:{port}"),
            (Kind::Turn, Transport::Udp) => write!(f, "turn:{host}:{port}?transport=udp"),
            (Kind::Turn, Transport::Tcp) => write!(f, "turn:{host}:{port}?transport=tcp"),
            (Kind::Turn, Transport::Tls) => write!(f, "turns:{host}:{port}?transport=tcp"),
        }
    }
}

/// A relay with what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    pub url: ServerUrl,
    pub credentials: Credentials,
}

/// What clients are told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    pub stun: Vec<ServerUrl>,
    pub relays: Vec<Relay>,
    /// URLs that are none, and relays without credentials: browsers refuse the whole list for one of them.
    pub unusable: Vec<String>,
    pub lifetime: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ice_servers: Vec<IceServer>,
    ttl_ms: Option<u64>,
}

#[derive(Deserialize)]
struct IceServer {
    urls: Urls,
    username: Option<String>,
    credential: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Many(Vec<String>),
}

impl Offer {
    /// The body of `GET /api/v1/ice-servers`.
    pub fn read(body: &[u8]) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let mut offer =
            Self { lifetime: answer.ttl_ms.map(Duration::from_millis), ..Self::default() };
        for server in answer.ice_servers {
            let urls = match server.urls {
                Urls::One(url) => vec![url],
                Urls::Many(urls) => urls,
            };
            let credentials = server.username.zip(server.credential);
            let credentials = credentials.map(|(name, password)| Credentials { name, password });
            for url in urls {
                offer.add(&url, credentials.as_ref());
            }
        }
        Some(offer)
    }

    pub fn add(&mut self, url: &str, credentials: Option<&Credentials>) {
        if self.stun.len() + self.relays.len() >= MAX_SERVERS {
            return;
        }
        match (ServerUrl::parse(url), credentials) {
            (Some(url), _) if url.kind == Kind::Stun => self.stun.push(url),
            (Some(url), Some(credentials)) => {
                self.relays.push(Relay { url, credentials: credentials.clone() });
            }
            (Some(_), None) | (None, _) => {
                self.unusable.push(url.chars().filter(|c| !c.is_control()).take(100).collect());
            }
        }
    }
}

impl Offer {
    /// When the first of the credentials ends, since 1970.
    pub fn expiry(&self) -> Option<Duration> {
        let ends = self.relays.iter().filter_map(|relay| expiry(&relay.credentials));
        ends.min().map(Duration::from_secs)
    }
}

/// The `<unix expiry>` of `<unix expiry>:<name>`, as time-limited credentials are written.
fn expiry(credentials: &Credentials) -> Option<u64> {
    credentials.name.split(':').next()?.parse().ok().filter(|at| *at > 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_browsers_read_them() {
        let shown = |text| ServerUrl::parse(text).map(|url| url.to_string());
        for (text, wanted) in [
            ("stun:a.example", "stun:a.example:3478"),
            ("stuns:a.example", "stuns:a.example:5349"),
            ("turn:a.example", "turn:a.example:3478?transport=udp"),
            ("turn:192.0.2.1:80?transport=tcp", "turn:192.0.2.1:80?transport=tcp"),
            ("turn:[::1]:80?transport=UDP", "turn:[::1]:80?transport=udp"),
            ("turns:a.example", "turns:a.example:5349?transport=tcp"),
            ("turns:a.example:443?transport=udp", "turns:a.example:443?transport=tcp"),
        ] {
            assert_eq!(shown(text), Some(wanted.into()), "{text}");
        }
        for text in
            ["", "turn:", "http://a", "turn:a:x", "turn:a?transport=sctp", "turn:a?x=y", "turn://a"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn the_answer_of_a_server_is_stun_relays_and_what_cannot_be_used() {
        let body = br#"{"ttlMs":60000,"iceServers":[
            {"urls":"stun:a.example:1"},
            {"urls":["turn:a.example:1?transport=udp","turns:a.example:2"],"username":"1800000000:x","credential":"y"},
            {"urls":["turn:a.example","gopher:a"]}]}"#;
        let offer = Offer::read(body).unwrap();
        assert_eq!(offer.stun, [ServerUrl::parse("stun:a.example:1").unwrap()]);
        assert_eq!(offer.relays.len(), 2);
        assert_eq!(offer.unusable, ["turn:a.example", "gopher:a"]);
        assert_eq!(offer.lifetime, Some(Duration::from_secs(60)));
        assert_eq!(expiry(&offer.relays[0].credentials), Some(1_800_000_000));
    }

    #[test]
    fn an_answer_that_is_none_is_told_and_a_long_one_is_cut() {
        assert_eq!(Offer::read(b"<html>"), None);
        assert_eq!(Offer::read(b"{}"), None);
        let many =
            format!(r#"{{"iceServers":[{{"urls":[{}"stun:a"]}}]}}"#, r#""stun:a","#.repeat(500));
        assert_eq!(Offer::read(many.as_bytes()).unwrap().stun.len(), MAX_SERVERS);
    }

    #[test]
    fn only_a_time_is_an_expiry() {
        let of = |name: &str| expiry(&Credentials { name: name.into(), password: String::new() });
        assert_eq!(of("1800000000:Tn0"), Some(1_800_000_000));
        assert_eq!(of("1800000000"), Some(1_800_000_000));
        assert_eq!(of("ada"), None);
        assert_eq!(of("7:ada"), None);
    }
}
