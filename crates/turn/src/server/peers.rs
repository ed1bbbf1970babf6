//! CreatePermission and ChannelBind (RFC 8656, sections 10 and 12).

use std::net::IpAddr;

use parlor_rooms::Timestamp;

use super::Turn;
use super::requests::{Answer, Call};
use crate::address::{Family, PeerAddr};
use crate::allocation::Protocol;
use crate::ids::AllocationId;
use crate::refusal::Refusal;
use crate::settings::ChannelNumbers;
use crate::wire::reply::Success;

impl Turn {
    /// All of the peers, or none.
    pub(super) fn create_permission(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let id = self.allocation_of(call)?;
        let peers: Option<Vec<PeerAddr>> = call.message.peers().into_iter().collect();
        let peers = peers.filter(|peers| !peers.is_empty()).ok_or(Refusal::BadRequest)?;
        let ips: Vec<IpAddr> = peers.iter().map(|peer| peer.0.ip()).collect();
        for ip in &ips {
            self.check_family(id, Family::of(*ip))?;
        }
        if !ips.iter().all(|ip| self.admits_some_port(*ip)) {
            return Err(Refusal::Forbidden);
        }
        let limits = self.settings.limits;
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::AllocationMismatch)?;
        if !allocation.peers.has_room_for(&ips, &limits, now) {
            return Err(Refusal::InsufficientCapacity);
        }
        for ip in ips {
            allocation.peers.permit(ip, &limits, now)?;
        }
        Ok(Some(Success::Done))
    }

    /// A permission is for all ports of an address; which of them may be talked to is seen when somebody does.
    fn admits_some_port(&self, ip: IpAddr) -> bool {
        self.ports.is_external(ip)
            || self.settings.media.iter().any(|socket| socket.ip() == ip)
            || self.settings.policy.admits(ip)
    }

    pub(super) fn check_family(&self, id: AllocationId, family: Family) -> Result<(), Refusal> {
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        allocation.relay(family).map(|_| ()).ok_or(Refusal::PeerFamilyMismatch)
    }

    pub(super) fn bind_channel(&mut self, call: &Call<'_>, now: Timestamp) -> Answer {
        let id = self.allocation_of(call)?;
        let number = call.message.attributes.channel.ok_or(Refusal::BadRequest)?;
        let peer = call.message.attributes.peer.ok_or(Refusal::BadRequest)?;
        let numbers = match self.settings.channel_numbers {
            ChannelNumbers::Rfc8656 => 0x4000..=0x4fff,
            ChannelNumbers::Rfc5766 => 0x4000..=0x7fff,
        };
        if !numbers.contains(&number) || peer.0.port() == 0 {
            return Err(Refusal::BadRequest);
        }
        self.check_protocol(id, Protocol::Udp)?;
        self.check_family(id, peer.family())?;
        if !self.admits(peer) {
            return Err(Refusal::Forbidden);
        }
        let limits = self.settings.limits;
        let allocation = self.allocations.get_mut(id).ok_or(Refusal::AllocationMismatch)?;
        allocation.peers.bind(number, peer, &limits, now)?;
        Ok(Some(Success::Done))
    }

    /// Channels are for datagrams, connections for TCP (RFC 6062, section 4).
    pub(super) fn check_protocol(&self, id: AllocationId, wanted: Protocol) -> Result<(), Refusal> {
        let allocation = self.allocations.get(id).ok_or(Refusal::AllocationMismatch)?;
        if allocation.protocol == wanted { Ok(()) } else { Err(Refusal::BadRequest) }
    }
}
