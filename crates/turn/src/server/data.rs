//! The data path: at most two look-ups of hashes for a packet, no allocation of memory, no scan.

use parlor_rooms::Timestamp;

use super::Turn;
use super::requests::written;
use crate::address::{ClientAddr, PeerAddr};
use crate::allocation::{Allocation, Protocol, Socket};
use crate::bucket::Bucket;
use crate::counters::Traffic;
use crate::ids::{AllocationId, Arrival, RelayId};
use crate::output::{Delivery, Fragments};
use crate::peers::Framing;
use crate::ports::Owner;
use crate::wire::channel::{self, Padding};
use crate::wire::message::Message;
use crate::wire::reply;

/// Why a packet went nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    Malformed,
    Unaddressed,
    Unpermitted,
    Forbidden,
    Bandwidth,
    Oversized,
}

pub(super) type Delivered<'a> = Result<Delivery<'a>, Dropped>;

/// What a client sends to a peer.
struct Parcel<'a> {
    to: PeerAddr,
    payload: &'a [u8],
    fragments: Fragments,
}

impl Turn {
    pub(super) fn settle<'a>(&mut self, delivered: Delivered<'a>) -> Delivery<'a> {
        let dropped = match delivered {
            Ok(delivery) => return delivery,
            Err(dropped) => dropped,
        };
        let counters = &mut self.counters.dropped;
        let counter = match dropped {
            Dropped::Malformed => &mut counters.malformed,
            Dropped::Unaddressed => &mut counters.unaddressed,
            Dropped::Unpermitted => &mut counters.unpermitted,
            Dropped::Forbidden => &mut counters.forbidden,
            Dropped::Bandwidth => &mut counters.bandwidth,
            Dropped::Oversized => &mut counters.oversized,
        };
        *counter += 1;
        Delivery::Nothing
    }

    /// The policy was asked when the channel was bound.
    pub(super) fn channel_data<'a>(
        &mut self,
        from: ClientAddr,
        packet: &'a [u8],
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivered<'a> {
        let (number, payload) = channel::parse(packet).ok_or(Dropped::Malformed)?;
        let (id, allocation) = self.sender(&from, now)?;
        let to = allocation.peers.peer_of(number, now).ok_or(Dropped::Unaddressed)?;
        let parcel = Parcel { to, payload, fragments: Fragments::Allowed };
        self.send(id, &parcel, buffer, now)
    }

    pub(super) fn send_indication<'a>(
        &mut self,
        from: ClientAddr,
        message: &Message<'a>,
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivered<'a> {
        let attributes = &message.attributes;
        if attributes.malformed || !attributes.unknown.is_empty() {
            return Err(Dropped::Malformed);
        }
        let to = attributes.peer.ok_or(Dropped::Malformed)?;
        let payload = attributes.data.ok_or(Dropped::Malformed)?;
        let (id, allocation) = self.sender(&from, now)?;
        if !allocation.peers.is_permitted(to.0.ip(), now) {
            return Err(Dropped::Unpermitted);
        }
        if to.0.port() == 0 || !self.admits(to) {
            return Err(Dropped::Forbidden);
        }
        let fragments =
            if attributes.dont_fragment { Fragments::Forbidden } else { Fragments::Allowed };
        self.send(id, &Parcel { to, payload, fragments }, buffer, now)
    }

    fn sender(
        &self,
        from: &ClientAddr,
        now: Timestamp,
    ) -> Result<(AllocationId, &Allocation), Dropped> {
        let id = *self.by_client.get(from).ok_or(Dropped::Unaddressed)?;
        let allocation = self.allocations.get(id).ok_or(Dropped::Unaddressed)?;
        let relays = allocation.expires > now && allocation.protocol == Protocol::Udp;
        if relays { Ok((id, allocation)) } else { Err(Dropped::Unaddressed) }
    }

    /// To another client of ours directly, to everybody else through the relay's socket.
    fn send<'a>(
        &mut self,
        id: AllocationId,
        parcel: &Parcel<'a>,
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivered<'a> {
        let Parcel { to, payload, fragments } = *parcel;
        let allocation = self.allocations.get_mut(id).ok_or(Dropped::Unaddressed)?;
        let own = *allocation.relay(to.family()).ok_or(Dropped::Unaddressed)?;
        let limits = &self.settings.limits;
        charge(&mut allocation.bucket, limits.allocation_bandwidth, payload, now)?;
        charge(&mut self.total, limits.total_bandwidth, payload, now)?;
        match self.ports.owner(to.0) {
            Some(Owner::Allocation(other)) => {
                count(&mut self.counters.sent, payload);
                return self.deliver(other, PeerAddr(own.address), (payload, buffer), now);
            }
            // The system gives ports of the same range to other programs of this machine.
            Some(Owner::Nobody) if self.settings.policy.admits_host(to.0.ip()) => {}
            Some(Owner::Nobody | Owner::Reserved) => return Err(Dropped::Unaddressed),
            None => {}
        }
        let relay = RelayId { allocation: id, family: to.family() };
        if self.settings.media.contains(&to.0) {
            count(&mut self.counters.sent, payload);
            return Ok(Delivery::ToMedia { relay, from: own.address, to, payload });
        }
        match own.socket {
            Socket::Open => {
                count(&mut self.counters.sent, payload);
                Ok(Delivery::ToPeer { relay, to, payload, fragments })
            }
            Socket::None | Socket::Opening { .. } => Err(Dropped::Unaddressed),
        }
    }

    /// One datagram of a peer, from the socket of a relay or from a media socket of this process.
    pub fn handle_relayed<'a>(
        &mut self,
        arrival: Arrival,
        payload: &'a [u8],
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivery<'a> {
        let delivered = self.relayed(arrival, payload, buffer, now);
        self.settle(delivered)
    }

    fn relayed<'a>(
        &mut self,
        arrival: Arrival,
        payload: &'a [u8],
        buffer: &'a mut [u8],
        now: Timestamp,
    ) -> Delivered<'a> {
        let Arrival { relay, from } = arrival;
        let allocation = self.allocations.get(relay.allocation).ok_or(Dropped::Unaddressed)?;
        let is_ours = allocation.relay(relay.family).is_some() && from.family() == relay.family;
        if !is_ours {
            return Err(Dropped::Unaddressed);
        }
        charge(&mut self.total, self.settings.limits.total_bandwidth, payload, now)?;
        self.deliver(relay.allocation, from, (payload, buffer), now)
    }

    /// To the client of an allocation, if it wants data of this peer.
    fn deliver<'a>(
        &mut self,
        id: AllocationId,
        from: PeerAddr,
        (payload, buffer): (&[u8], &'a mut [u8]),
        now: Timestamp,
    ) -> Delivered<'a> {
        let transaction = self.next_indication();
        let allocation = self.allocations.get_mut(id).ok_or(Dropped::Unaddressed)?;
        if allocation.expires <= now || allocation.protocol != Protocol::Udp {
            return Err(Dropped::Unaddressed);
        }
        let framing = allocation.peers.framing(from, now).ok_or(Dropped::Unpermitted)?;
        let rate = self.settings.limits.allocation_bandwidth;
        charge(&mut allocation.bucket, rate, payload, now)?;
        let to = allocation.client;
        let padding = if to.transport.is_stream() { Padding::Words } else { Padding::None };
        let length = match framing {
            Framing::Channel(number) => channel::write(number, payload, padding, buffer),
            Framing::Indication => reply::data(transaction, from, payload, buffer),
        };
        let length = length.ok_or(Dropped::Oversized)?;
        count(&mut self.counters.received, payload);
        Ok(written(to, buffer, length))
    }
}

fn charge(
    bucket: &mut Bucket,
    rate: Option<u64>,
    payload: &[u8],
    now: Timestamp,
) -> Result<(), Dropped> {
    let bytes = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    let fits = rate.is_none_or(|rate| bucket.take(bytes, rate, now));
    if fits { Ok(()) } else { Err(Dropped::Bandwidth) }
}

fn count(traffic: &mut Traffic, payload: &[u8]) {
    traffic.packets += 1;
    traffic.bytes += u64::try_from(payload.len()).unwrap_or(0);
}
