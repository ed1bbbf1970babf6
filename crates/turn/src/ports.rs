//! The relayed addresses that there are, and whose each is. Found without hashing.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use crate::address::Family;
use crate::ids::AllocationId;

pub(crate) struct Ports {
    range: RangeInclusive<u16>,
    spaces: Vec<Space>,
}

struct Space {
    ip: IpAddr,
    /// One for each port of the range.
    owners: Vec<Owner>,
}

/// What an address is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Nobody,
    /// Kept for whoever has the token.
    Reserved,
    Allocation(AllocationId),
}

/// Which port a client wants (EVEN-PORT, RFC 8656, section 18.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Any,
    Even,
    /// With the next one reserved.
    EvenAndNext,
}

impl Ports {
    pub(crate) fn new(external: &[IpAddr], range: RangeInclusive<u16>) -> Self {
        let owners = vec![Owner::Nobody; range.len()];
        let spaces = external.iter().map(|ip| Space { ip: *ip, owners: owners.clone() }).collect();
        Self { range, spaces }
    }

    /// `None`: no relayed address of ours, whether or not it is one of our hosts'.
    pub(crate) fn owner(&self, address: SocketAddr) -> Option<Owner> {
        let place = self.place(address.port())?;
        self.space(address.ip())?.owners.get(place).copied()
    }

    pub(crate) fn is_external(&self, ip: IpAddr) -> bool {
        self.space(ip).is_some()
    }

    /// The address for a client that talks to `local`.
    pub(crate) fn external(&self, family: Family, local: IpAddr) -> Option<IpAddr> {
        let all = || self.spaces.iter().map(|space| space.ip);
        let same = all().find(|ip| *ip == local.to_canonical() && Family::of(*ip) == family);
        same.or_else(|| all().find(|ip| Family::of(*ip) == family))
    }

    /// A free address, beginning the search at a place that nobody can guess (RFC 8656, section 7.2).
    pub(crate) fn find(&self, ip: IpAddr, wish: Wish, random: u64) -> Option<SocketAddr> {
        let owners = &self.space(ip)?.owners;
        let count = owners.len();
        let start = usize::try_from(random % u64::try_from(count).ok()?.max(1)).ok()?;
        let first = usize::from(*self.range.start());
        let free = |place: usize| owners.get(place) == Some(&Owner::Nobody);
        let suits = |place: &usize| {
            let even = (first + place).is_multiple_of(2);
            match wish {
                Wish::Any => free(*place),
                Wish::Even => even && free(*place),
                Wish::EvenAndNext => even && free(*place) && free(place + 1),
            }
        };
        let place = (start..count).chain(0..start).find(suits)?;
        Some(SocketAddr::new(ip, u16::try_from(first + place).ok()?))
    }

    pub(crate) fn set(&mut self, address: SocketAddr, owner: Owner) {
        let Some(place) = self.place(address.port()) else { return };
        let space = self.spaces.iter_mut().find(|space| space.ip == address.ip());
        if let Some(slot) = space.and_then(|space| space.owners.get_mut(place)) {
            *slot = owner;
        }
    }

    /// There are a handful of them at most.
    fn space(&self, ip: IpAddr) -> Option<&Space> {
        self.spaces.iter().find(|space| space.ip == ip)
    }

    fn place(&self, port: u16) -> Option<usize> {
        self.range.contains(&port).then(|| usize::from(port - self.range.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));

    fn at(port: u16) -> SocketAddr {
        SocketAddr::new(IP, port)
    }

    #[test]
    fn every_port_is_given_once_wherever_the_search_begins() {
        for random in 0..9 {
            let mut ports = Ports::new(&[IP], 50_001..=50_004);
            let mut found = Vec::new();
            while let Some(address) = ports.find(IP, Wish::Any, random) {
                ports.set(address, Owner::Reserved);
                found.push(address.port());
            }
            found.sort_unstable();
            assert_eq!(found, [50_001, 50_002, 50_003, 50_004]);
        }
    }

    #[test]
    fn a_pair_is_even_and_the_next() {
        let mut ports = Ports::new(&[IP], 50_001..=50_004);
        assert_eq!(ports.find(IP, Wish::Even, 3), Some(at(50_004)));
        assert_eq!(ports.find(IP, Wish::EvenAndNext, 3), Some(at(50_002)));
        ports.set(at(50_003), Owner::Reserved);
        assert_eq!(ports.find(IP, Wish::EvenAndNext, 0), None);
    }

    #[test]
    fn the_last_port_of_all_is_one_like_others() {
        let ports = Ports::new(&[IP], 65_535..=65_535);
        assert_eq!(ports.find(IP, Wish::Any, 7), Some(at(65_535)));
        assert_eq!(ports.find(IP, Wish::EvenAndNext, 7), None);
        assert_eq!(ports.owner(at(65_535)), Some(Owner::Nobody));
        assert_eq!(ports.owner(at(65_534)), None);
    }

    #[test]
    fn a_client_gets_the_address_that_it_talks_to() {
        let other: IpAddr = "198.51.100.1".parse().unwrap();
        let ports = Ports::new(&[IP, other], 50_000..=50_001);
        assert_eq!(ports.external(Family::V4, other), Some(other));
        assert_eq!(ports.external(Family::V4, "127.0.0.1".parse().unwrap()), Some(IP));
        assert_eq!(ports.external(Family::V6, other), None);
    }
}
