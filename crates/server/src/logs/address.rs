//! Addresses of clients, as far as they are written: they lead to people.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;

use crate::config::AddressDetail;

static DETAIL: OnceLock<AddressDetail> = OnceLock::new();

/// Once, before anything is written. Without it addresses are short.
pub fn choose(detail: AddressDetail) {
    _ = DETAIL.set(detail);
}

pub fn shown(address: SocketAddr) -> impl fmt::Display {
    Shown { address, detail: DETAIL.get().copied().unwrap_or(AddressDetail::Short) }
}

struct Shown {
    address: SocketAddr,
    detail: AddressDetail,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail {
            AddressDetail::Full => write!(f, "{}", self.address),
            AddressDetail::Short => network(self.address.ip().to_canonical(), f),
            AddressDetail::None => f.write_str("-"),
        }
    }
}

/// As much as tells a provider or a company, and no single person behind it.
fn network(address: IpAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            write!(f, "{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            write!(f, "{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as(detail: AddressDetail, address: &str) -> String {
        Shown { address: address.parse().unwrap(), detail }.to_string()
    }

    #[test]
    fn a_short_address_is_a_network() {
        let short = |address| shown_as(AddressDetail::Short, address);
        assert_eq!(short("192.0.2.77:5000"), "192.0.2.0/24");
        assert_eq!(short("[::ffff:192.0.2.77]:5000"), "192.0.2.0/24");
        assert_eq!(short("[2001:db8:1:2:3:4:5:6]:5000"), "2001:db8:1::/48");
    }

    #[test]
    fn all_of_it_or_nothing_is_written_where_that_is_asked_for() {
        assert_eq!(shown_as(AddressDetail::Full, "192.0.2.77:5000"), "192.0.2.77:5000");
        assert_eq!(shown_as(AddressDetail::None, "192.0.2.77:5000"), "-");
    }
}
