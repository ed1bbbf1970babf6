//! What an origin is and which pages may connect, by the `Origin` header alone. No sockets.

use crate::config::{AllowedOrigin, Server};
use axum::http::{HeaderMap, header::ORIGIN};
use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{PoisonError, RwLock};

/// Where a page may come from: `scheme://host[:port]` as a browser writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://")?;
        let host_end = if rest.starts_with('[') {
            rest.find(']')? + 1
        } else {
            rest.find(':').unwrap_or(rest.len())
        };
        let (host, port) = rest.split_at_checked(host_end)?;
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(parse_port(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        let port = port.filter(|port| default_port(scheme) != Some(*port));
        (is_scheme(scheme) && is_host(host)).then(|| Self {
            scheme: scheme.into(),
            host: host.into(),
            port,
        })
    }

    pub fn https(host: &str, port: Option<u16>) -> Self {
        let port = port.filter(|port| default_port("https") != Some(*port));
        Self { scheme: "https".into(), host: host.into(), port }
    }

    /// `None` is the usual one of the scheme.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    pub fn with_port(self, port: Option<u16>) -> Self {
        Self { port, ..self }
    }

    /// This machine itself, on any port. Decided by the whole host, so that
    /// `localhost.example.org` and `127.0.0.1.example.org` are what they are: somebody else's.
    pub fn is_loopback(&self) -> bool {
        let web = matches!(self.scheme.as_str(), "http" | "https");
        let name = self.host == "localhost" || self.host.ends_with(".localhost");
        let v4 = self.host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
        let v6 = self
            .host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .and_then(|host| host.parse::<Ipv6Addr>().ok())
            .is_some_and(|ip| ip.is_loopback());
        web && (name || v4 || v6)
    }
}

pub fn parse_port(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

pub fn is_host(text: &str) -> bool {
    let name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && text.split('.').all(|label| !label.is_empty());
    let v6 = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    name || v6.is_some_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Pages of this machine, plus those that the configuration names.
pub struct OriginPolicy(RwLock<Allowed>);

#[derive(Default)]
struct Allowed {
    any: bool,
    exact: HashSet<Origin>,
}

/// This page stays outside; the text tells it how to be let in.
#[derive(Debug, PartialEq)]
pub enum OriginRefused {
    /// Its origin as far as it can be shown.
    Unknown(String),
    /// More than one `Origin` header, which no browser sends.
    Ambiguous,
}

impl Allowed {
    fn new(allowed: &[AllowedOrigin]) -> Self {
        let mut policy = Self::default();
        for entry in allowed {
            match entry {
                AllowedOrigin::Any => policy.any = true,
                AllowedOrigin::Exactly(origin) => {
                    policy.exact.insert(origin.clone());
                }
            }
        }
        policy
    }

    fn of(server: &Server) -> Self {
        let mut policy = Self::new(&server.allow_origins);
        if let Some(domain) = &server.domain.0 {
            let ports = server.listen.iter().map(|address| Some(address.port()));
            let own = ports.chain([None]).map(|port| Origin::https(domain, port));
            policy.exact.extend(own);
        }
        policy
    }
}

impl OriginPolicy {
    #[cfg(test)]
    pub fn new(allowed: &[AllowedOrigin]) -> Self {
        Self(RwLock::new(Allowed::new(allowed)))
    }

    /// What is configured, and the pages at our own name.
    pub fn of(server: &Server) -> Self {
        Self(RwLock::new(Allowed::of(server)))
    }

    /// From now on. Who is connected stays so.
    pub fn change(&self, server: &Server) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Allowed::of(server);
    }

    pub fn check(&self, headers: &HeaderMap) -> Result<(), OriginRefused> {
        let mut origins = headers.get_all(ORIGIN).into_iter();
        let Some(origin) = origins.next() else {
            return Ok(()); // Not a browser.
        };
        if origins.next().is_some() {
            return Err(OriginRefused::Ambiguous);
        }
        let text = String::from_utf8_lossy(origin.as_bytes());
        self.allows(&text).then_some(()).ok_or_else(|| OriginRefused::Unknown(shown(&text)))
    }

    fn allows(&self, origin: &str) -> bool {
        // Local files have one of these two, depending on the browser.
        let local_file = matches!(origin, "null" | "file://");
        let policy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = |origin: Origin| origin.is_loopback() || policy.exact.contains(&origin);
        policy.any || local_file || Origin::parse(origin).is_some_and(known)
    }
}

/// Whatever somebody put into the header, on one short line.
fn shown(origin: &str) -> String {
    const SHOWN: usize = 100;
    let clean = |c: char| if c.is_ascii_graphic() && !"\"<>&".contains(c) { c } else { '?' };
    let shown: String = origin.chars().take(SHOWN).map(clean).collect();
    if origin.chars().nth(SHOWN).is_some() { shown + "..." } else { shown }
}

impl fmt::Display for OriginRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(origin) => write!(
                f,
                "Pages from {origin} may not connect to this server. \
                 Whoever runs it can let them in with the setting allow_origins (flag --allow-origin {origin})."
            ),
            Self::Ambiguous => f.write_str("The request has more than one Origin header."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowed: &[&str]) -> OriginPolicy {
        let entry = |text: &&str| match *text {
            "*" => AllowedOrigin::Any,
            text => AllowedOrigin::Exactly(Origin::parse(text).unwrap()),
        };
        OriginPolicy::new(&allowed.iter().map(entry).collect::<Vec<_>>())
    }

    fn check(policy: &OriginPolicy, origin: &str) -> Result<(), OriginRefused> {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, axum::http::HeaderValue::from_bytes(origin.as_bytes()).unwrap());
        policy.check(&headers)
    }

    #[test]
    fn a_client_without_origin_is_no_browser() {
        assert_eq!(policy(&[]).check(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn pages_of_this_machine_and_local_files_are_let_in() {
        let local = [
            "http://localhost",
            "http://localhost:3000",
            "https://localhost:8443",
            "http://app.localhost:5173",
            "http://127.0.0.1:8080",
            "http://127.1.2.3",
            "http://[::1]:8080",
            "https://[::1]",
            "null",
            "file://",
            "HTTP://LOCALHOST:1",
        ];
        for origin in local {
            assert_eq!(check(&policy(&[]), origin), Ok(()), "{origin}");
        }
    }

    #[test]
    fn pages_at_our_own_name_are_let_in() {
        let server = Server {
            domain: crate::config::Domain(Some("meet.example.org".into())),
            listen: crate::config::ListenAddress::everywhere(8443),
            ..Server::default()
        };
        let policy = OriginPolicy::of(&server);
        for origin in ["https://meet.example.org", "https://meet.example.org:8443"] {
            assert_eq!(check(&policy, origin), Ok(()), "{origin}");
        }
        for origin in ["http://meet.example.org", "https://a.meet.example.org"] {
            assert!(check(&policy, origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn look_alikes_stay_outside() {
        let strangers = [
            "https://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://examplelocalhost",
            "http://notlocalhost:8080",
            "http://localhost:8080.example.org",
            "http://localhost:8080@example.org",
            "http://example.org/localhost",
            "http://example.org#localhost",
            "http://example.org?.localhost",
            "http://[::1].example.org",
            "http://[::2]",
            "http://[::ffff:8.8.8.8]",
            "http://127.0.0.256",
            "http://127.1",
            "http://0127.0.0.1",
            "http://0.0.0.0",
            "http://0",
            "http://2130706433",
            "http://128.0.0.1",
            "http://192.168.0.1",
            "http://localhost.",
            "http://.localhost",
            "http://localhost:",
            "http://localhost:x",
            "http://localhost:99999",
            "ftp://localhost",
            "localhost",
            "http:localhost",
            "http:///localhost",
            "file:///etc/passwd",
            "file://localhost",
            "nullx",
            "null null",
            "",
            " ",
            "http://localhost http://example.org",
            "http://localhost, http://example.org",
            "http://localhost\t",
            "http://local\u{131}host",
            "http://ⓛocalhost",
        ];
        for origin in strangers {
            assert!(check(&policy(&[]), origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn configured_origins_are_exact() {
        let policy = policy(&["https://meet.example.org", "https://other.example:8443"]);
        for origin in [
            "https://meet.example.org",
            "https://meet.example.org:443",
            "https://other.example:8443",
        ] {
            assert_eq!(check(&policy, origin), Ok(()), "{origin}");
        }
        let near = [
            "http://meet.example.org",
            "https://meet.example.org:8443",
            "https://other.example",
            "https://x.meet.example.org",
            "https://meet.example.org.evil.example",
            "https://meet-example.org",
            "https://meet.example.org.",
        ];
        for origin in near {
            assert!(check(&policy, origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_star_lets_every_page_in() {
        assert_eq!(check(&policy(&["*"]), "https://example.org"), Ok(()));
    }

    #[test]
    fn two_origins_are_refused_even_when_both_are_good() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(ORIGIN, "http://localhost".parse().unwrap());
        }
        assert_eq!(policy(&["*"]).check(&headers), Err(OriginRefused::Ambiguous));
    }

    #[test]
    fn the_refusal_names_the_page_on_one_clean_short_line() {
        let refused = check(&policy(&[]), "https://<b>\u{7f3}\"x\"").unwrap_err().to_string();
        assert!(
            refused.contains("https://?b???x?") && refused.contains("allow_origins"),
            "{refused}"
        );
        let long = check(&policy(&[]), &format!("https://{}", "a".repeat(5_000))).unwrap_err();
        assert!(long.to_string().len() < 500);
    }

    #[test]
    fn an_origin_is_kept_as_browsers_write_it() {
        let shown = |text| Origin::parse(text).map(|origin| origin.to_string());
        assert_eq!(shown("https://Meet.Example.org"), Some("https://meet.example.org".into()));
        assert_eq!(shown("https://meet.example.org:443"), Some("https://meet.example.org".into()));
        assert_eq!(shown("http://[2001:db8::1]:81"), Some("http://[2001:db8::1]:81".into()));
        assert_eq!(shown("chrome-extension://abcdef"), Some("chrome-extension://abcdef".into()));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        let wrong = [
            "",
            "meet.example.org",
            "https://",
            "https:///",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://user@a",
            "https://a:",
            "https://a:x",
            "https://a:+1",
            "https://a:70000",
            "https://a b",
            "https://a..b",
            "https://.a",
            "https://[::1",
            "https://[x]",
            "1://a",
            "https://*.a",
            "https://[::1]x",
            "https://a:1:2",
        ];
        for text in wrong {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
