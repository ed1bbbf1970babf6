//! Where to listen, as it is written.

use super::value::{Word, Wrong};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where to listen: `localhost:8080` (both loopback addresses) or an IP address with its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    Localhost(u16),
    Ip(SocketAddr),
}

impl ListenAddress {
    /// All addresses of this machine in both families.
    pub fn everywhere(port: u16) -> Vec<Self> {
        let all: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        all.map(|ip| Self::Ip(SocketAddr::new(ip, port))).into()
    }

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

    /// What to put after `http://` or `https://` on this machine.
    pub fn reachable(&self) -> String {
        match self {
            Self::Ip(address) if !address.ip().is_unspecified() => address.to_string(),
            Self::Localhost(_) | Self::Ip(_) => format!("localhost:{}", self.port()),
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
}
