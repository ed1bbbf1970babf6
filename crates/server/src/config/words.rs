//! Settings that are written as one word: addresses, origins, servers, choices.

use super::value::{Word, Wrong, quoted};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen: `localhost:8080` (both loopback addresses) or an IP address with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    Localhost(u16),
    Ip(SocketAddr),
}

impl ListenAddress {
    pub fn port(&self) -> u16 {
        match self {
            Self::Localhost(port) => *port,
            Self::Ip(address) => address.port(),
        }
    }

    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::Ip(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// What to put after `http://` on this machine.
    pub fn reachable_at(&self, port: u16) -> String {
        match self {
            Self::Ip(address) if !address.ip().is_unspecified() => {
                SocketAddr::new(address.ip(), port).to_string()
            }
            Self::Localhost(_) | Self::Ip(_) => format!("localhost:{port}"),
        }
    }

    /// The same place on another port.
    pub fn with_port(&self, port: u16) -> Self {
        match self {
            Self::Localhost(_) => Self::Localhost(port),
            Self::Ip(address) => Self::Ip(SocketAddr::new(address.ip(), port)),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

impl Word for ListenAddress {
    const PLACEHOLDER: &'static str = "ADDRESS";

    fn expected() -> String {
        "localhost:PORT or an IP address with its port, such as 127.0.0.1:8080 or [::1]:8080".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if let Some(port) = text.strip_prefix("localhost:") {
            return port.parse().map(Self::Localhost).map_err(|_| Wrong::Kind);
        }
        text.parse().map(Self::Ip).map_err(|_| Wrong::Kind)
    }
}

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

fn parse_port(digits: &str) -> Option<u16> {
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

fn is_host(text: &str) -> bool {
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

/// An entry of `allow_origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    Any,
    Exactly(Origin),
}

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exactly(origin) => write!(f, "{origin}"),
        }
    }
}

impl Word for AllowedOrigin {
    const PLACEHOLDER: &'static str = "ORIGIN";

    fn expected() -> String {
        "an origin without a path, such as https://meet.example.org, or \"*\"".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text == "*" {
            return Ok(Self::Any);
        }
        Origin::parse(text).map(Self::Exactly).ok_or(Wrong::Kind)
    }
}

/// A STUN server that clients are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServer(String);

impl fmt::Display for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Word for IceServer {
    const PLACEHOLDER: &'static str = "URL";

    fn expected() -> String {
        "a STUN server such as stun:stun.example.org:3478".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        if text.starts_with("turn:") || text.starts_with("turns:") {
            let why = "needs credentials, which cannot be configured yet; only stun: can be given";
            return Err(Wrong::Because(format!("{} {why}", quoted(text))));
        }
        let address = text
            .strip_prefix("stun:")
            .or_else(|| text.strip_prefix("stuns:"))
            .ok_or(Wrong::Kind)?;
        // A browser refuses the whole configuration for one URL that it cannot read.
        let host_end = match address.strip_prefix('[') {
            Some(v6) => v6.find(']').ok_or(Wrong::Kind)? + 2,
            None => address.find(':').unwrap_or(address.len()),
        };
        let (host, port) = address.split_at_checked(host_end).ok_or(Wrong::Kind)?;
        let port_fits = port.is_empty() || port.strip_prefix(':').and_then(parse_port).is_some();
        (is_host(host) && port_fits).then(|| Self(text.into())).ok_or(Wrong::Kind)
    }
}

/// A folder, or none when empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folder(pub Option<PathBuf>);

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display()))
    }
}

impl Word for Folder {
    const PLACEHOLDER: &'static str = "DIR";

    fn expected() -> String {
        "a folder".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self((!text.is_empty()).then(|| text.into())))
    }
}

/// Which log lines are written: a level, or levels by part of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFilter {
    text: String,
    pub targets: tracing_subscriber::filter::Targets,
}

impl LogFilter {
    pub fn info() -> Self {
        let targets = tracing_subscriber::filter::Targets::new().with_default(tracing::Level::INFO);
        Self { text: "info".into(), targets }
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Word for LogFilter {
    const PLACEHOLDER: &'static str = "LEVEL";

    fn expected() -> String {
        "off, error, warn, info, debug or trace".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        // A lone word that is no level would be taken for the name of a part, and silence the rest.
        let levels_only = text.split(',').all(|part| {
            let level = part.rsplit('=').next().unwrap_or(part);
            tracing_subscriber::filter::LevelFilter::from_str(level).is_ok()
        });
        let targets = text.parse().map_err(|_| Wrong::Kind)?;
        levels_only.then(|| Self { text: text.into(), targets }).ok_or(Wrong::Kind)
    }
}

/// Choices, each with the word for it.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)+ })
            }
        }

        impl Word for $name {
            const PLACEHOLDER: &'static str = "CHOICE";

            fn expected() -> String {
                format!("one of {}", [$($word),+].join(", "))
            }

            fn read(text: &str) -> Result<Self, Wrong> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Wrong::Kind),
                }
            }
        }
    };
}

choice! {
    LogFormat {
        Text = "text",
        Json = "json",
    }
}

choice! {
    /// What happens when somebody joins under the identity of a member.
    DuplicateIdentity {
        Allow = "allow",
        Replace = "replace",
        Reject = "reject",
    }
}

/// Loopback in both families, in the order in which they are bound.
pub const LOOPBACK: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_are_localhost_or_numbers() {
        for text in ["localhost:0", "localhost:8080", "127.0.0.1:80", "[::1]:8080", "0.0.0.0:80"] {
            assert_eq!(
                ListenAddress::read(text).map(|address| address.to_string()),
                Ok(text.into())
            );
        }
        for text in
            ["", "8080", ":8080", "localhost", "localhost:", "localhost:99999", "::1:80", "host:80"]
        {
            assert_eq!(ListenAddress::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn loopback_is_seen_through_mapped_addresses() {
        let loopback = |text| ListenAddress::read(text).unwrap().is_loopback();
        assert!(loopback("localhost:1") && loopback("127.9.9.9:1") && loopback("[::1]:1"));
        assert!(loopback("[::ffff:127.0.0.1]:1"));
        assert!(!loopback("0.0.0.0:1") && !loopback("[::]:1") && !loopback("192.168.0.1:1"));
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

    #[test]
    fn ice_servers_are_stun_only_and_turn_says_why() {
        for text in ["stun:stun.example.org", "stun:1.2.3.4:3478", "stuns:[::1]:5349"] {
            assert_eq!(IceServer::read(text), Ok(IceServer(text.into())));
        }
        for text in ["", "stun:", "stun:a:x", "stun://a", "http://a", "stun:[::1", "stun:a:1:2"] {
            assert_eq!(IceServer::read(text), Err(Wrong::Kind), "{text}");
        }
        assert!(
            matches!(IceServer::read("turn:a:3478"), Err(Wrong::Because(why)) if why.contains("credentials"))
        );
    }

    #[test]
    fn a_misspelt_level_does_not_silence_the_log() {
        for text in ["info", "off", "warn,parlor::web=debug"] {
            assert!(LogFilter::read(text).is_ok(), "{text}");
        }
        for text in ["", "infoo", "verbose", "parlor=loud"] {
            assert!(LogFilter::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn choices_name_their_words() {
        assert_eq!(DuplicateIdentity::read("replace"), Ok(DuplicateIdentity::Replace));
        assert_eq!(DuplicateIdentity::read("Replace"), Err(Wrong::Kind));
        assert_eq!(DuplicateIdentity::expected(), "one of allow, replace, reject");
    }
}
