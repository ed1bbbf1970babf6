//! The peers of one allocation: who may send to its client, and which channel stands for whom.

use std::collections::HashMap;
use std::net::IpAddr;

use parlor_rooms::Timestamp;

use crate::address::PeerAddr;
use crate::refusal::Refusal;
use crate::settings::Limits;

/// Nothing here has a timer: what has expired counts for nothing, and goes when its place is needed.
#[derive(Default)]
pub(crate) struct Peers {
    permissions: HashMap<IpAddr, Timestamp>,
    /// By number.
    channels: Vec<Channel>,
    by_peer: HashMap<PeerAddr, Bound>,
}

#[derive(Clone, Copy)]
struct Channel {
    number: u16,
    peer: PeerAddr,
    expires: Timestamp,
}

/// The other side of a [`Channel`], with a copy of the permission: a packet of a bound peer costs one look-up.
#[derive(Clone, Copy)]
struct Bound {
    number: u16,
    expires: Timestamp,
    permitted: Timestamp,
}

/// How a packet of a peer is framed for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Channel(u16),
    Indication,
}

impl Peers {
    /// Grants or prolongs a permission (RFC 8656, section 10.2).
    pub(crate) fn permit(
        &mut self,
        ip: IpAddr,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !self.permissions.contains_key(&ip) && self.permissions.len() >= limits.permissions {
            self.permissions.retain(|_, expires| *expires > now);
            if self.permissions.len() >= limits.permissions {
                return Err(Refusal::InsufficientCapacity);
            }
        }
        let expires = now.after(Limits::PERMISSION_LIFETIME);
        self.permissions.insert(ip, expires);
        for (_, bound) in self.by_peer.iter_mut().filter(|(peer, _)| peer.0.ip() == ip) {
            bound.permitted = expires;
        }
        Ok(())
    }

    /// Whether there is room for that many permissions more, all of them new.
    pub(crate) fn has_room_for(&mut self, ips: &[IpAddr], limits: &Limits, now: Timestamp) -> bool {
        self.permissions.retain(|_, expires| *expires > now);
        let mut new: Vec<_> = ips.iter().filter(|ip| !self.permissions.contains_key(*ip)).collect();
        new.sort_unstable();
        new.dedup();
        self.permissions.len() + new.len() <= limits.permissions
    }

    /// Binds or prolongs a channel, and with it the permission (RFC 8656, section 12.2).
    pub(crate) fn bind(
        &mut self,
        number: u16,
        peer: PeerAddr,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_bound_otherwise = self.peer_of(number, now).is_some_and(|bound| bound != peer)
            || self.number_of(peer, now).is_some_and(|bound| bound != number);
        if is_bound_otherwise {
            return Err(Refusal::BadRequest);
        }
        if self.peer_of(number, now).is_none() {
            self.forget_expired_channels(now);
            if self.channels.len() >= limits.channels {
                return Err(Refusal::InsufficientCapacity);
            }
        }
        self.permit(peer.0.ip(), limits, now)?;
        let expires = now.after(Limits::CHANNEL_LIFETIME);
        let channel = Channel { number, peer, expires };
        match self.channels.binary_search_by_key(&number, |channel| channel.number) {
            Ok(at) => {
                if let Some(place) = self.channels.get_mut(at) {
                    *place = channel;
                }
            }
            Err(at) => self.channels.insert(at, channel),
        }
        let permitted = now.after(Limits::PERMISSION_LIFETIME);
        self.by_peer.insert(peer, Bound { number, expires, permitted });
        Ok(())
    }

    /// Whom this channel stands for.
    pub(crate) fn peer_of(&self, number: u16, now: Timestamp) -> Option<PeerAddr> {
        let at = self.channels.binary_search_by_key(&number, |channel| channel.number).ok()?;
        let channel = self.channels.get(at)?;
        (channel.expires > now).then_some(channel.peer)
    }

    fn number_of(&self, peer: PeerAddr, now: Timestamp) -> Option<u16> {
        let bound = self.by_peer.get(&peer)?;
        (bound.expires > now).then_some(bound.number)
    }

    pub(crate) fn is_permitted(&self, ip: IpAddr, now: Timestamp) -> bool {
        self.permissions.get(&ip).is_some_and(|expires| *expires > now)
    }

    /// How data of this peer goes to the client; `None`: it doesn't (RFC 8656, section 11.3).
    pub(crate) fn framing(&self, peer: PeerAddr, now: Timestamp) -> Option<Framing> {
        match self.by_peer.get(&peer) {
            Some(bound) if bound.permitted <= now => None,
            Some(bound) if bound.expires > now => Some(Framing::Channel(bound.number)),
            Some(_) => Some(Framing::Indication),
            None => self.is_permitted(peer.0.ip(), now).then_some(Framing::Indication),
        }
    }

    fn forget_expired_channels(&mut self, now: Timestamp) {
        self.channels.retain(|channel| channel.expires > now);
        self.by_peer.retain(|_, bound| bound.expires > now);
    }
}
