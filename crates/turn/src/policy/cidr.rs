//! A block of addresses, as an operator writes it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: u128,
    mask: u128,
    v6: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCidr(String);

impl fmt::Display for InvalidCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(f, "{text:?} is no block of addresses; write 192.0.2.0/24 or 2001:db8::/32")
    }
}

impl std::error::Error for InvalidCidr {}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    /// Bits behind the prefix are refused: who writes them means another block than we would read.
    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        Self::read(text).ok_or_else(|| InvalidCidr(text.to_owned()))
    }
}

impl Cidr {
    fn read(text: &str) -> Option<Self> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().ok()?;
        let (network, v6) = bits(ip);
        let width = if v6 { 128 } else { 32 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= width)?
            }
            Some(_) => return None,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - prefix).unwrap_or(0);
        (network & !mask == 0).then_some(Self { network, mask, v6 })
    }

    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (bits, v6) = bits(ip);
        v6 == self.v6 && bits & self.mask == self.network
    }
}

fn bits(ip: IpAddr) -> (u128, bool) {
    match ip {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)), false),
        IpAddr::V6(ip) => (u128::from(ip), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(cidr: &str, ip: &str) -> bool {
        cidr.parse::<Cidr>().unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn a_block_holds_its_first_and_last_address_and_no_other() {
        assert!(holds("10.0.0.0/8", "10.0.0.0") && holds("10.0.0.0/8", "10.255.255.255"));
        assert!(!holds("10.0.0.0/8", "9.255.255.255") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("0.0.0.0/0", "255.255.255.255") && !holds("0.0.0.0/0", "::"));
        assert!(holds("::/0", "ffff::") && !holds("::/0", "10.0.0.1"));
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        let wrong = [
            "",
            "/",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.1/8",
            "10/8",
            "10.0.0/8",
            "2001:db8::1/32",
            "10.0.0.0/+8",
            "10.0.0.0/ 8",
            " 10.0.0.0/8",
            "ten",
            "10.0.0.0/8/8",
            "10.0.0.0/-1",
            "010.0.0.0/8",
            "10.0.0.0/99999999999",
        ];
        for text in wrong {
            assert!(text.parse::<Cidr>().is_err(), "{text:?}");
        }
    }
}
