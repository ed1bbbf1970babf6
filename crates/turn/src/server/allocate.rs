//! Allocate and Refresh (RFC 8656, sections 7 and 8; RFC 6062, section 5.1).

use std::net::SocketAddr;

use parlor_rooms::Timestamp;
use std::time::Duration;

use super::lifetimes::Deadline;
use super::requests::{Answer, Call};
use super::{Reservation, Turn};
use crate::address::{ClientAddr, Family};
use crate::allocation::{Allocation, Protocol, Relay, Socket};
use crate::bucket::Bucket;
use crate::ids::{AllocationId, RelayId};
use crate::peers::Peers;
use crate::ports::{Owner, Wish};
use crate::refusal::Refusal;
use crate::settings::{Limits, TcpAllocations};
use crate::wire::message::Attributes;
use crate::wire::reply::{Granted, Success, Withheld};

/// What an Allocate asks for.
struct Order {
    protocol: Protocol,
    families: Families,
    wish: Wish,
    token: Option<u64>,
}

#[derive(Clone, Copy)]
enum Families {
    One(Family),
    Both,
}

/// What it gets.
#[derive(Default)]
struct Addresses {
    relayed: [Option<SocketAddr>; 2],
    withheld: Option<(Family, Withheld)>,
    /// The port that is kept for later.
    reserved: Option<SocketAddr>,
}

impl Order {
    /// The checks of RFC 8656, section 7.2, and RFC 6062, section 5.1, in their order.
    fn read(
        attributes: &Attributes<'_>,
        from: &ClientAddr,
        tcp: TcpAllocations,
    ) -> Result<Self, Refusal> {
        let protocol = match (attributes.transport.ok_or(Refusal::BadRequest)?, tcp) {
            (UDP, _) => Protocol::Udp,
            (TCP, TcpAllocations::Granted) => Protocol::Tcp,
            _ => return Err(Refusal::TransportNotSupported),
        };
        let port = attributes.even_port;
        let token = attributes.reservation;
        let (family, additional) = (attributes.family, attributes.additional_family);
        let contradicts_tcp = !from.transport.is_stream()
            || port.is_some()
            || token.is_some()
            || attributes.dont_fragment;
        let contradicts_token = port.is_some() || family.is_some() || additional.is_some();
        let contradicts_both = family.is_some() || port == Some(true);
        if protocol == Protocol::Tcp && contradicts_tcp
            || token.is_some() && contradicts_token
            || additional.is_some() && contradicts_both
        {
            return Err(Refusal::BadRequest);
        }
        let wish = match port {
            None => Wish::Any,
            Some(false) => Wish::Even,
            Some(true) => Wish::EvenAndNext,
        };
        Ok(Self { protocol, families: families(family, additional)?, wish, token })
    }
}

const UDP: u8 = 17;
const TCP: u8 = 6;

fn families(one: Option<u8>, additional: Option<u8>) -> Result<Families, Refusal> {
    match (one, additional) {
        (_, Some(0x02)) => Ok(Families::Both),
        (_, Some(_)) => Err(Refusal::BadRequest),
        (None | Some(0x01), None) => Ok(Families::One(Family::V4)),
        (Some(0x02), None) => Ok(Families::One(Family::V6)),
        (Some(_), None) => Err(Refusal::FamilyNotSupported),
    }
}

impl Turn {
    pub(super) fn allocate(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        if let Some(id) = self.by_client.get(&call.from) {
            return self.allocated_before(*id, call);
        }
        let attributes = &call.message.attributes;
        if call.caller.expiry.is_past(now) {
            return Err(Refusal::Unauthorized);
        }
        if attributes.mobility {
            return Err(Refusal::MobilityForbidden);
        }
        let order = Order::read(attributes, &call.from, self.settings.tcp_allocations)?;
        self.check_limits(&order, call)?;
        let addresses = match order.token {
            Some(token) => self.redeem(token, call)?,
            None => self.choose(&order, &call.from)?,
        };
        let token = addresses.reserved.map(|address| self.reserve(address, call, now));
        let granted = Granted {
            relayed: addresses.relayed,
            withheld: addresses.withheld,
            lifetime: seconds(self.lifetime(attributes.lifetime)),
            mapped: call.from.remote,
            token,
        };
        self.begin(call, &order, granted, now)
    }

    /// The same request again gets the same answer, another one is a mistake (RFC 8656, section 7.2).
    fn allocated_before(&self, id: AllocationId, call: &Call<'_>) -> Answer {
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        if allocation.transaction != call.question.transaction
            || *allocation.username != *call.caller.username
        {
            return Err(Refusal::AllocationMismatch);
        }
        match allocation.unanswered {
            Some(_) => Ok(None),
            None => Ok(Some(Success::Allocated(allocation.granted))),
        }
    }

    fn check_limits(&self, order: &Order, call: &Call<'_>) -> Result<(), Refusal> {
        let limits = &self.settings.limits;
        let more = match (order.token, order.wish) {
            (Some(_), _) => 0, // A reservation counts already.
            (None, Wish::EvenAndNext) => 2,
            (None, Wish::Any | Wish::Even) => 1,
        };
        let count = self.users.get(call.caller.user()).copied().unwrap_or(0);
        if count + more > limits.allocations_per_user {
            return Err(Refusal::QuotaReached);
        }
        if self.allocations.len() + self.reservations.len() + more > limits.allocations {
            return Err(Refusal::InsufficientCapacity);
        }
        Ok(())
    }

    fn choose(&mut self, order: &Order, from: &ClientAddr) -> Result<Addresses, Refusal> {
        match order.families {
            Families::One(family) => {
                let address = self.find(family, order.wish, from)?;
                let next = || SocketAddr::new(address.ip(), address.port().saturating_add(1));
                let reserved = (order.wish == Wish::EvenAndNext).then(next);
                Ok(Addresses { relayed: in_order([address]), withheld: None, reserved })
            }
            Families::Both => {
                let v4 = self.find(Family::V4, order.wish, from);
                let v6 = self.find(Family::V6, order.wish, from);
                let (relayed, withheld) = match (v4, v6) {
                    (Ok(v4), Ok(v6)) => ([Some(v4), Some(v6)], None),
                    (Ok(v4), Err(why)) => ([Some(v4), None], Some((Family::V6, why))),
                    (Err(why), Ok(v6)) => ([None, Some(v6)], Some((Family::V4, why))),
                    (Err(why), Err(_)) => return Err(why.into()),
                };
                Ok(Addresses { relayed, withheld, reserved: None })
            }
        }
    }

    fn find(
        &mut self,
        family: Family,
        wish: Wish,
        from: &ClientAddr,
    ) -> Result<SocketAddr, Withheld> {
        let ip = self.ports.external(family, from.local.ip()).ok_or(Withheld::NotSupported)?;
        let random = self.dice.throw();
        self.ports.find(ip, wish, random).ok_or(Withheld::NoCapacity)
    }

    /// A token is good for who was given it, once (RFC 8656, section 7.2).
    fn redeem(&mut self, token: u64, call: &Call<'_>) -> Result<Addresses, Refusal> {
        let reservation = self.reservations.get(&token);
        let own = reservation.filter(|reservation| *reservation.user == *call.caller.user());
        let address = own.ok_or(Refusal::InsufficientCapacity)?.address;
        self.drop_reservation(token);
        Ok(Addresses { relayed: in_order([address]), withheld: None, reserved: None })
    }

    fn reserve(&mut self, address: SocketAddr, call: &Call<'_>, now: Timestamp) -> u64 {
        let token = self.dice.throw();
        let expires = now.after(Limits::RESERVATION_LIFETIME);
        let user: Box<str> = call.caller.user().into();
        self.take_quota(&user);
        self.ports.set(address, Owner::Reserved);
        self.reservations.insert(token, Reservation { address, user, expires });
        self.deadlines.insert((expires, Deadline::Reservation(token)));
        token
    }

    fn begin(
        &mut self,
        call: &Call<'_>,
        order: &Order,
        granted: Granted,
        now: Timestamp,
    ) -> Answer {
        let exact = order.token.is_some() || order.wish != Wish::Any;
        let socket = match (self.needs_sockets(order.protocol), exact) {
            (false, _) => Socket::None,
            (true, true) => Socket::Opening { retries: 0 },
            (true, false) => Socket::Opening { retries: SOCKET_RETRIES },
        };
        let expires = now.after(Duration::from_secs(granted.lifetime.into()));
        let rate = self.settings.limits.allocation_bandwidth.unwrap_or(0);
        let allocation = Allocation {
            client: call.from,
            username: call.caller.username.as_str().into(),
            user: call.caller.user().into(),
            protocol: order.protocol,
            relays: granted.relayed.map(|address| address.map(|address| Relay { address, socket })),
            expires,
            peers: Peers::default(),
            bucket: Bucket::full(rate, now),
            connections: Vec::new(),
            transaction: call.question.transaction,
            granted,
            unanswered: (socket != Socket::None).then(|| Box::new(call.question)),
        };
        let relays: Vec<_> = allocation.addresses().collect();
        let id = self.allocations.insert(allocation).ok_or(Refusal::InsufficientCapacity)?;
        self.by_client.insert(call.from, id);
        self.take_quota(call.caller.user());
        self.deadlines.insert((expires, Deadline::Allocation(id)));
        for (family, relay) in relays {
            self.ports.set(relay.address, Owner::Allocation(id));
            self.open_socket(RelayId { allocation: id, family }, order.protocol, relay);
        }
        match socket {
            Socket::None => {
                self.counters.allocated += 1;
                Ok(Some(Success::Allocated(granted)))
            }
            Socket::Opening { .. } | Socket::Open => Ok(None),
        }
    }

    pub(super) fn refresh(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let attributes = &call.message.attributes;
        let is_end = attributes.lifetime == Some(0);
        if is_end && self.ended.knows(call.from, call.question.transaction) {
            return Ok(Some(Success::Refreshed { lifetime: 0 }));
        }
        let id = self.allocation_of(call)?;
        if attributes.mobility {
            return Err(Refusal::MobilityForbidden);
        }
        let family = self.family_of(id, attributes.family)?;
        if is_end {
            self.end_at_request(id, family);
            self.ended.remember(call.from, call.question.transaction);
            return Ok(Some(Success::Refreshed { lifetime: 0 }));
        }
        if call.caller.expiry.is_past_by(self.settings.refresh_grace, now) {
            return Err(Refusal::Unauthorized);
        }
        let lifetime = self.lifetime(attributes.lifetime);
        let Some(allocation) = self.allocations.get_mut(id) else {
            return Err(Refusal::AllocationMismatch);
        };
        self.deadlines.remove(&(allocation.expires, Deadline::Allocation(id)));
        allocation.expires = now.after(lifetime);
        self.deadlines.insert((allocation.expires, Deadline::Allocation(id)));
        Ok(Some(Success::Refreshed { lifetime: seconds(lifetime) }))
    }

    /// The one family of two that a Refresh is about; one that the allocation doesn't have is a mistake.
    fn family_of(&self, id: AllocationId, number: Option<u8>) -> Result<Option<Family>, Refusal> {
        let family = match number {
            None => return Ok(None),
            Some(0x01) => Family::V4,
            Some(0x02) => Family::V6,
            Some(_) => return Err(Refusal::PeerFamilyMismatch),
        };
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        allocation.relay(family).map(|_| Some(family)).ok_or(Refusal::PeerFamilyMismatch)
    }

    /// One family may go and the other stay.
    fn end_at_request(&mut self, id: AllocationId, family: Option<Family>) {
        let allocation = self.allocations.get_mut(id);
        let Some((family, allocation)) = family.zip(allocation) else { return self.end(id) };
        let relay = allocation.relay_mut(family).take();
        if allocation.addresses().next().is_none() {
            *allocation.relay_mut(family) = relay;
            return self.end(id);
        }
        if let Some(relay) = relay {
            self.close_relay(RelayId { allocation: id, family }, relay);
        }
    }

    /// What is asked for, within bounds (RFC 8656, section 7.2).
    fn lifetime(&self, asked: Option<u32>) -> Duration {
        let shortest = Limits::DEFAULT_LIFETIME;
        let longest = self.settings.limits.lifetime.clamp(shortest, Limits::MAX_LIFETIME);
        Duration::from_secs(asked.unwrap_or(0).into()).clamp(shortest, longest)
    }
}

/// How often another port is tried when the driver can't have one: other programs may use some of the range.
const SOCKET_RETRIES: u8 = 7;

fn seconds(lifetime: Duration) -> u32 {
    u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX)
}

/// IPv4 first, as everywhere.
fn in_order([address]: [SocketAddr; 1]) -> [Option<SocketAddr>; 2] {
    match address {
        SocketAddr::V4(_) => [Some(address), None],
        SocketAddr::V6(_) => [None, Some(address)],
    }
}
