//! What is to be checked: a server by its address. Parsing only.

use crate::origin::{is_host, parse_port};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host as it is written in a URL, without brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Name(String),
    Ip(IpAddr),
}

impl Host {
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Some(v6) = bare {
            return v6.parse::<Ipv6Addr>().ok().map(|ip| Self::Ip(ip.into()));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Some(Self::Ip(ip));
        }
        is_host(text).then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Reached without leaving this machine.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Ip(ip) => ip.to_canonical().is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

/// Where people open the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub scheme: Scheme,
    pub host: Host,
    pub port: u16,
}

impl Target {
    /// `http[s]://host[:port]`; a path is one mistake too many, because everything has its own.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_port(rest)?;
        let port = port.map_or(Some(scheme.default_port()), parse_port)?;
        Some(Self { scheme, host: Host::parse(host)?, port })
    }

    /// As a page opened there says it.
    pub fn origin(&self) -> String {
        self.with_scheme(self.scheme)
    }

    pub fn with_scheme(&self, scheme: Scheme) -> String {
        if self.port == scheme.default_port() {
            format!("{}://{}", scheme.name(), self.host)
        } else {
            format!("{}://{}:{}", scheme.name(), self.host, self.port)
        }
    }
}

/// The host with its brackets, and the digits of the port.
pub fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let end = match text.strip_prefix('[') {
        Some(v6) => v6.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(end)?;
    match port.strip_prefix(':') {
        Some(digits) if !digits.is_empty() => Some((host, Some(digits))),
        None if port.is_empty() => Some((host, None)),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_browsers_read_them() {
        let origin = |text| Target::parse(text).map(|target| target.origin());
        assert_eq!(origin("https://Meet.example.org"), Some("https://meet.example.org".into()));
        assert_eq!(origin("https://meet.example.org/"), Some("https://meet.example.org".into()));
        assert_eq!(origin("http://localhost:8080"), Some("http://localhost:8080".into()));
        assert_eq!(origin("http://[::1]:81"), Some("http://[::1]:81".into()));
        assert_eq!(origin("https://192.0.2.1:443"), Some("https://192.0.2.1".into()));
        assert_eq!(Target::parse("https://a").map(|target| target.port), Some(443));
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for text in [
            "",
            "a",
            "ftp://a",
            "http://",
            "http://a:",
            "http://a:x",
            "http://a:70000",
            "http://a/b",
            "http://a b",
            "http://[::1",
            "http://[x]",
            "http://user@a",
            "https://a?b",
            "://a",
        ] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_number() {
        let loopback = |text| Host::parse(text).unwrap().is_loopback();
        assert!(loopback("localhost") && loopback("a.localhost") && loopback("127.1.2.3"));
        assert!(loopback("[::1]") && loopback("[::ffff:127.0.0.1]"));
        assert!(!loopback("localhost.example.org") && !loopback("192.0.2.1"));
    }
}
