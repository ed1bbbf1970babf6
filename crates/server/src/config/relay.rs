//! Settings of the relay that are written as one word: addresses, networks, ports, names with their secrets.

use super::value::{Word, Wrong};
use parlor_turn::Cidr;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Below are ports that need privileges or belong to somebody.
const LOWEST_RELAY_PORT: u16 = 1_024;
/// RFC 8489, section 14.3.
const MAX_NAME_BYTES: usize = 508;
/// RFC 8489, section 14.9.
const MAX_REALM_CHARS: usize = 127;

/// An address that clients on other networks reach this server by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalAddress(pub IpAddr);

impl fmt::Display for ExternalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Word for ExternalAddress {
    const PLACEHOLDER: &'static str = "IP";

    fn expected() -> String {
        "an IP address of one machine, without a port, such as 203.0.113.7 or 2001:db8::7".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let address: IpAddr = text.parse().map_err(|_| Wrong::Kind)?;
        let address = address.to_canonical();
        let nobody = address.is_unspecified() || address.is_multicast();
        let everybody = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        if nobody || everybody { Err(Wrong::Kind) } else { Ok(Self(address)) }
    }
}

/// Addresses that begin alike, as somebody has written them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    text: String,
    pub cidr: Cidr,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.cidr.contains(address)
    }

    #[cfg(test)]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }
}

impl Word for Network {
    const PLACEHOLDER: &'static str = "CIDR";

    fn expected() -> String {
        "a network without bits beyond its prefix, such as 192.0.2.0/24 or 2001:db8::/32, or an address"
            .into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let cidr = text.parse().map_err(|_| Wrong::Kind)?;
        Ok(Self { text: text.into(), cidr })
    }
}

/// The first and the last, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(pub RangeInclusive<u16>);

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.start(), self.0.end())
    }
}

impl Word for Ports {
    const PLACEHOLDER: &'static str = "PORTS";

    fn expected() -> String {
        format!("a range of ports from {LOWEST_RELAY_PORT} on, such as 49152-65535")
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let (first, last) = text.split_once('-').ok_or(Wrong::Kind)?;
        let port = |text: &str| crate::origin::parse_port(text.trim());
        let (first, last) = (port(first).ok_or(Wrong::Kind)?, port(last).ok_or(Wrong::Kind)?);
        let fits = LOWEST_RELAY_PORT <= first && first <= last;
        fits.then_some(Self(first..=last)).ok_or(Wrong::Kind)
    }
}

/// What a password belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm(pub String);

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Word for Realm {
    const PLACEHOLDER: &'static str = "NAME";

    fn expected() -> String {
        format!("1 to {MAX_REALM_CHARS} characters without quotation marks and backslashes")
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        let plain = |c: char| !c.is_control() && c != '"' && c != '\\';
        let fits = (1..=MAX_REALM_CHARS).contains(&text.chars().count()) && text.chars().all(plain);
        fits.then(|| Self(text.into())).ok_or(Wrong::Kind)
    }
}

/// What nobody may read in a log or on a screen.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "(hidden)" })
    }
}

impl Word for Hidden {
    const PLACEHOLDER: &'static str = "SECRET";

    fn expected() -> String {
        "a text".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        Ok(Self(text.into()))
    }
}

/// Somebody who may use the relay for as long as the server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUser {
    pub name: String,
    pub password: Hidden,
}

impl fmt::Display for RelayUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.password)
    }
}

impl Word for RelayUser {
    const PLACEHOLDER: &'static str = "NAME:PASSWORD";

    fn expected() -> String {
        "a name and a password with a colon between them".into()
    }

    fn read(text: &str) -> Result<Self, Wrong> {
        // Not shown in the message: half of it is a password.
        let wrong = || Wrong::Because(format!("must be {}", Self::expected()));
        let (name, password) = text.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() || password.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(wrong());
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            let why = "a name of digits alone would be taken for the expiry of a credential";
            return Err(Wrong::Because(why.into()));
        }
        Ok(Self { name: name.into(), password: Hidden(password.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_exactly() {
        for text in ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::/0"] {
            assert_eq!(Network::read(text).unwrap().to_string(), text);
        }
        for text in ["", "10.0.0.0/33", "10.1.2.3/8", "10.0.0/8", "2001:db8::1/32", "x/8"] {
            assert_eq!(Network::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn an_external_address_is_one_machine() {
        assert_eq!(ExternalAddress::read("::ffff:192.0.2.1").unwrap().to_string(), "192.0.2.1");
        for text in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "192.0.2.1:80"] {
            assert_eq!(ExternalAddress::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn ports_are_a_range_that_holds_one_at_least() {
        assert_eq!(Ports::read("49152-65535").unwrap().to_string(), "49152-65535");
        assert_eq!(Ports::read("5000-5000").unwrap().0.count(), 1);
        for text in ["", "5000", "6000-5000", "80-5000", "5000-70000", "-5000", "5000-"] {
            assert_eq!(Ports::read(text), Err(Wrong::Kind), "{text}");
        }
    }

    #[test]
    fn a_password_is_shown_to_nobody() {
        let user = RelayUser::read("ada:s3cret:with:colons").unwrap();
        assert_eq!(user.password.0, "s3cret:with:colons");
        assert_eq!(user.to_string(), "ada:(hidden)");
        assert!(!format!("{user:?}").contains("s3cret"));
        for text in ["s3cret", ":s3cret", "ada:", "1700000000:s3cret"] {
            let Err(Wrong::Because(why)) = RelayUser::read(text) else { panic!("{text}") };
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
