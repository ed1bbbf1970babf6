//! What has to come out, from plain lists that are searched from end to end.

use std::net::{IpAddr, SocketAddr};

use super::op::{Flavour, Setup};

/// Seconds.
type Time = u64;

pub struct Reference {
    setup: Setup,
    pub now: Time,
    pub allocations: Vec<Allocation>,
    pub reservations: Vec<Reservation>,
}

pub struct Allocation {
    pub client: u8,
    pub addresses: Vec<SocketAddr>,
    expires: Time,
    permissions: Vec<(IpAddr, Time)>,
    channels: Vec<(u16, SocketAddr, Time)>,
}

pub struct Reservation {
    pub token: Vec<u8>,
    pub address: SocketAddr,
    user: u8,
    expires: Time,
}

/// What becomes of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Nothing,
    /// `from` is how the client hears of the sender, by this channel or by an indication.
    Client {
        client: u8,
        from: SocketAddr,
        channel: Option<u16>,
    },
    Outside(SocketAddr),
}

pub fn user_of(client: u8) -> u8 {
    client % 2
}

/// The answer to a question about an allocation: a code, and the lifetime of a Refresh.
pub type Answer = (u16, Option<u32>);

impl Reference {
    pub fn new(setup: Setup) -> Self {
        Self { setup, now: 0, allocations: Vec::new(), reservations: Vec::new() }
    }

    pub fn wait(&mut self, seconds: u16) {
        self.now += Time::from(seconds);
        let now = self.now;
        self.allocations.retain(|allocation| allocation.expires > now);
        self.reservations.retain(|reservation| reservation.expires > now);
        for allocation in &mut self.allocations {
            allocation.permissions.retain(|(_, expires)| *expires > now);
            allocation.channels.retain(|(.., expires)| *expires > now);
        }
    }

    pub fn of(&mut self, client: u8) -> Option<&mut Allocation> {
        self.allocations.iter_mut().find(|allocation| allocation.client == client)
    }

    fn taken(&self, family: Flavour) -> usize {
        let is_v4 = family != Flavour::V6;
        let relayed = self.allocations.iter().flat_map(|allocation| &allocation.addresses);
        let reserved = self.reservations.iter().map(|reservation| &reservation.address);
        relayed.chain(reserved).filter(|address| address.is_ipv4() == is_v4).count()
    }

    /// The code; `None`: 0 or 508, as the ports happen to lie.
    pub fn allocate(&self, client: u8, flavour: Flavour, token: Option<&[u8]>) -> Option<u16> {
        if self.allocations.iter().any(|allocation| allocation.client == client) {
            return Some(437);
        }
        let user = user_of(client);
        let allocated = self.allocations.iter().filter(|all| user_of(all.client) == user).count();
        let reserved = self.reservations.iter().filter(|all| all.user == user).count();
        let more = match flavour {
            Flavour::EvenAndNext => 2,
            Flavour::Token => 0,
            Flavour::V4 | Flavour::V6 | Flavour::Both | Flavour::Even => 1,
        };
        if allocated + reserved + more > self.setup.per_user {
            return Some(486);
        }
        let is_full = |family| self.taken(family) >= usize::from(self.setup.ports);
        match flavour {
            Flavour::V4 | Flavour::V6 => Some(if is_full(flavour) { 508 } else { 0 }),
            Flavour::Both => {
                Some(if is_full(Flavour::V4) && is_full(Flavour::V6) { 508 } else { 0 })
            }
            Flavour::Even | Flavour::EvenAndNext => None,
            Flavour::Token => {
                let is_good = self
                    .reservations
                    .iter()
                    .any(|all| Some(&all.token[..]) == token && all.user == user);
                Some(if is_good { 0 } else { 508 })
            }
        }
    }

    /// An address is given to one at a time, and a token is good once.
    pub fn granted(
        &mut self,
        client: u8,
        addresses: Vec<SocketAddr>,
        lifetime: Option<u32>,
    ) -> u32 {
        self.reservations.retain(|all| !addresses.contains(&all.address));
        for address in &addresses {
            assert!(self.owner(*address).is_none(), "{address} is somebody's");
        }
        let lifetime = lifetime.unwrap_or(0).clamp(600, 3_600);
        let expires = self.now + Time::from(lifetime);
        let (permissions, channels) = (Vec::new(), Vec::new());
        self.allocations.push(Allocation { client, addresses, expires, permissions, channels });
        lifetime
    }

    pub fn reserved(&mut self, client: u8, address: SocketAddr, token: &[u8]) {
        assert!(self.owner(address).is_none());
        assert!(self.reservations.iter().all(|all| all.address != address));
        let (user, expires) = (user_of(client), self.now + 30);
        self.reservations.push(Reservation { token: token.to_vec(), address, user, expires });
    }

    pub fn refresh(&mut self, client: u8, lifetime: Option<u32>) -> Answer {
        let now = self.now;
        let Some(allocation) = self.of(client) else { return (437, None) };
        if lifetime == Some(0) {
            self.end(client);
            return (0, Some(0));
        }
        let lifetime = lifetime.unwrap_or(0).clamp(600, 3_600);
        allocation.expires = now + Time::from(lifetime);
        (0, Some(lifetime))
    }

    pub fn end(&mut self, client: u8) {
        self.allocations.retain(|allocation| allocation.client != client);
    }

    pub fn permit(&mut self, client: u8, peers: &[(SocketAddr, bool)]) -> u16 {
        let (now, limit) = (self.now, self.setup.permissions);
        let Some(allocation) = self.of(client) else { return 437 };
        if !peers.iter().all(|(peer, _)| allocation.has_family_of(*peer)) {
            return 443;
        }
        if !peers.iter().all(|(_, admitted)| *admitted) {
            return 403;
        }
        let before = allocation.permissions.clone();
        for (peer, _) in peers {
            if !allocation.permit(peer.ip(), now, limit) {
                allocation.permissions = before;
                return 508;
            }
        }
        0
    }

    pub fn bind(&mut self, client: u8, number: u16, (peer, admitted): (SocketAddr, bool)) -> u16 {
        let (now, setup) = (self.now, self.setup);
        let Some(allocation) = self.of(client) else { return 437 };
        if !allocation.has_family_of(peer) {
            return 443;
        }
        if !admitted {
            return 403;
        }
        let known = |(n, p, _): &(u16, SocketAddr, Time)| (*n == number, *p == peer);
        let matches: Vec<_> = allocation.channels.iter().map(known).collect();
        if matches.iter().any(|(number, peer)| number != peer) {
            return 400;
        }
        let is_new = !matches.contains(&(true, true));
        if is_new && allocation.channels.len() >= setup.channels {
            return 508;
        }
        if !allocation.permit(peer.ip(), now, setup.permissions) {
            return 508;
        }
        allocation.channels.retain(|(n, ..)| *n != number);
        allocation.channels.push((number, peer, now + 600));
        0
    }

    pub fn send(&self, client: u8, to: SocketAddr, admitted: bool) -> Fate {
        let Some(from) = self.allocations.iter().find(|all| all.client == client) else {
            return Fate::Nothing;
        };
        if !admitted || !from.permissions.iter().any(|(ip, _)| *ip == to.ip()) {
            return Fate::Nothing;
        }
        self.carry(from, to)
    }

    pub fn send_channel(&self, client: u8, number: u16) -> Fate {
        let from = self.allocations.iter().find(|all| all.client == client);
        let Some(from) = from else { return Fate::Nothing };
        let channel = from.channels.iter().find(|(n, ..)| *n == number);
        channel.map_or(Fate::Nothing, |(_, to, _)| self.carry(from, *to))
    }

    fn carry(&self, from: &Allocation, to: SocketAddr) -> Fate {
        let own = from.addresses.iter().find(|own| own.is_ipv4() == to.is_ipv4());
        let Some(own) = own else { return Fate::Nothing };
        if to.port() < super::world::FIRST_PORT {
            return Fate::Outside(to);
        }
        self.owner(to).map_or(Fate::Nothing, |other| other.hear(*own))
    }

    pub fn arrive(&self, client: u8, from: SocketAddr) -> Fate {
        let allocation = self.allocations.iter().find(|all| all.client == client);
        allocation.map_or(Fate::Nothing, |allocation| allocation.hear(from))
    }

    fn owner(&self, address: SocketAddr) -> Option<&Allocation> {
        self.allocations.iter().find(|all| all.addresses.contains(&address))
    }
}

impl Allocation {
    fn has_family_of(&self, peer: SocketAddr) -> bool {
        self.addresses.iter().any(|own| own.is_ipv4() == peer.is_ipv4())
    }

    fn permit(&mut self, ip: IpAddr, now: Time, limit: usize) -> bool {
        let others = self.permissions.iter().filter(|(other, _)| *other != ip).count();
        let is_new = others == self.permissions.len();
        if is_new && others >= limit {
            return false;
        }
        self.permissions.retain(|(other, _)| *other != ip);
        self.permissions.push((ip, now + 300));
        true
    }

    fn hear(&self, from: SocketAddr) -> Fate {
        if !self.permissions.iter().any(|(ip, _)| *ip == from.ip()) {
            return Fate::Nothing;
        }
        let channel = self.channels.iter().find(|(_, peer, _)| *peer == from);
        Fate::Client { client: self.client, from, channel: channel.map(|(number, ..)| *number) }
    }
}
